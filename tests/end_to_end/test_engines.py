"""Whoever runs the tasks, the lake is the same: this process, a pool, Spark's threads, Spark's executors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

import glue_jobs.workers.engine
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import PlainReporter
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.workers.processes import ProcessPool
from tests.end_to_end.lakes import contents, without_spark
from tests.end_to_end.sources import SOURCES, Raw, events
from tests.inventories import Inventory, records

DAY = date(2024, 5, 20)

# A program that opens Spark with two executors, each a process of its own, and runs jobs: a list of arguments each.
ON_TWO_EXECUTORS = """
import json, os, sys
from glue_jobs.workers.java import use_java_17
use_java_17()
os.environ["PYSPARK_PYTHON"] = sys.executable
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
paths = os.environ["PYTHONPATH"]
builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.executorEnv.PYTHONPATH", paths)
spark = builder.getOrCreate()
from glue_jobs import run
ended = [run.main(arguments) for arguments in json.loads(sys.argv[1])]
spark.stop()
sys.exit(any(ended))
"""


def events_of(name: str) -> Callable[[Path], str]:
    def deliver(folder: Path) -> str:
        (source,) = (each for each in SOURCES if each.pipeline.name == name)
        raw = Raw(source, str(folder / "raw"))
        for number in range(3):
            day = DAY + timedelta(days=number)
            # Two events of each day are delivered twice.
            raw.deliver(day, number, events(day, range(number * 10, number * 10 + 12)), bad=1)
        return raw.address

    return deliver


def inventory(folder: Path) -> str:
    delivered = Inventory(str(folder / "raw"))
    for number in range(2):
        delivered.deliver(datetime.combine(DAY + timedelta(days=number), time(1)), records(40 + 10 * number))
    return delivered.address


RAW = {
    "s3_access_log": events_of("s3_access_log"),
    "cloudtrail_s3_event": events_of("cloudtrail_s3_event"),
    "s3_inventory_object": inventory,
}


def arguments(name: str, raw: str, lake: Path) -> dict[str, str]:
    return {"pipeline": name, "raw_path": raw, "lake_path": str(lake)}


@pytest.fixture(params=RAW)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def raw(name: str, tmp_path: Path) -> str:
    return RAW[name](tmp_path)


@pytest.fixture
def expected(name: str, raw: str, tmp_path: Path) -> object:
    """What the lake holds when tasks run one after another in this process."""
    return stored_in_process(name, raw, tmp_path / "expected")


def stored_in_process(name: str, raw: str, lake: Path) -> object:
    with pytest.MonkeyPatch.context() as patch:
        without_spark(patch)
        run_job(arguments(name, raw, lake), PlainReporter())
    return contents(str(lake), BY_NAME[name])


def test_a_little_work_is_done_in_this_process_without_spark(
    name: str, raw: str, expected: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(glue_jobs.workers.engine, "is_running", lambda: False)
    monkeypatch.setattr(glue_jobs.workers.engine, "session", lambda: pytest.fail("Spark was started"))
    run_job(arguments(name, raw, tmp_path / "lake"), PlainReporter())
    assert contents(str(tmp_path / "lake"), BY_NAME[name]) == expected


def test_a_pool_of_processes(
    name: str, raw: str, expected: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = ProcessPool(2)
    monkeypatch.setattr(glue_jobs.workers.engine, "workers_for", lambda _: pool)
    run_job(arguments(name, raw, tmp_path / "lake"), PlainReporter())
    pool.close()
    assert contents(str(tmp_path / "lake"), BY_NAME[name]) == expected


def test_spark_on_this_machine(name: str, raw: str, expected: object, tmp_path: Path) -> None:
    run_job({**arguments(name, raw, tmp_path / "lake"), "engine": "spark"}, PlainReporter())
    assert contents(str(tmp_path / "lake"), BY_NAME[name]) == expected


def test_spark_with_executors_that_are_processes_of_their_own(tmp_path: Path) -> None:
    # In one session, because its processes take much longer to start than the jobs.
    raw = {name: RAW[name](tmp_path / name) for name in RAW}
    jobs = [
        [
            text
            for pair in arguments(name, raw[name], tmp_path / name / "lake").items()
            for text in (f"--{pair[0]}", pair[1])
        ]
        for name in RAW
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", ON_TWO_EXECUTORS, json.dumps(jobs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in RAW:
        expected = stored_in_process(name, raw[name], tmp_path / name / "expected")
        assert contents(str(tmp_path / name / "lake"), BY_NAME[name]) == expected
