"""What tests of whole runs share: one Spark session, and an S3 that its workers see too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import glue_jobs.ingest.run_tables
from glue_jobs.workers.spark import session
from tests.end_to_end.lakes import create_tables_of_the_source, with_spark, without_spark
from tests.inventories import Inventory


def pytest_itemcollected(item: pytest.Item) -> None:
    # PySpark 3.5 compares versions with distutils.
    item.add_marker(pytest.mark.filterwarnings("ignore:distutils Version classes:DeprecationWarning"))


@pytest.fixture(autouse=True)
def spark_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark does even the little work of a test, unless the test asks for another engine."""
    with_spark(monkeypatch)


@pytest.fixture(autouse=True)
def tables_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in this process do not create the empty tables of other sources, which take half the time of a small run.

    Runs in other processes create them, and test_first_night proves that every run does.
    """
    monkeypatch.setattr(glue_jobs.ingest.run_tables, "create_tables", create_tables_of_the_source)


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(str(tmp_path / "raw"))


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lake that is filled without Spark."""
    without_spark(monkeypatch)
    return str(tmp_path / "lake")


@pytest.fixture
def s3_for_workers(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """S3 on loopback, also for the Python workers of the running Spark session."""
    environment = session().sparkContext.environment
    for name, value in os.environ.items():
        if name.startswith("AWS_"):
            monkeypatch.setitem(environment, name, value)
    return s3_endpoint
