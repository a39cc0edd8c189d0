"""Spark as others use it: in a process of its own, with memory and a compiler for long work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Concatenate, ParamSpec, Self

from pyspark.sql import SparkSession

from glue_jobs.workers.java import use_java_17

Arguments = ParamSpec("Arguments")


class UsualSpark:
    """A Spark session that shares nothing with the one of the jobs, which is set up for short work in Python."""

    def __enter__(self) -> Self:
        self._process = ProcessPoolExecutor(1, get_context("spawn"))
        self._process.submit(_call, _nothing).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.shutdown()

    def run(
        self,
        function: Callable[Concatenate[SparkSession, Arguments], None],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> None:
        """Call a function of a module with the session and the arguments, and wait for it."""
        self._process.submit(_call, function, *args, **kwargs).result()


def _call(
    function: Callable[Concatenate[SparkSession, Arguments], None], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> None:
    function(_session(), *args, **kwargs)


def _nothing(_: SparkSession) -> None:
    """What is called to have the session started."""


def _session() -> SparkSession:
    use_java_17()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    return (
        SparkSession.builder.master("local[*]")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
