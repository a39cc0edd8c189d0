"""A real Spark 3.5.6 with Iceberg 1.10, as Glue 5.1 has them, maintains the tables between runs: `make optimizers`.

It calls what AWS's table optimizers, Athena's OPTIMIZE and VACUUM, and Glue jobs of others call.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.jobs.check.check_lake import check_lake
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.tables import TABLES
from tests.end_to_end.lakes import Contents, contents, run, without_spark
from tests.end_to_end.sources import SOURCES, Raw, events
from tests.inventories import Inventory, records

JARS = Path(__file__).parents[2] / ".venv" / "iceberg"
# Groups of Maven, and the names of jars.
ARTIFACTS = {"org.apache.iceberg": "iceberg-spark-runtime-3.5_2.12-1.10.0", "org.xerial": "sqlite-jdbc-3.46.1.3"}
DAY = date(2024, 5, 7)
INVENTORIES = BY_NAME["s3_inventory_object"]


@pytest.fixture(scope="module")
def jars() -> list[Path]:
    """The jars, which Maven copies the first time."""
    for group, name in ARTIFACTS.items():
        if not (JARS / f"{name}.jar").exists():
            artifact = ":".join([group, *name.rsplit("-", 1)])
            command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={JARS}"]
            try:
                subprocess.run(command, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError):
                pytest.skip(f"Maven cannot get {artifact}")
    return [JARS / f"{name}.jar" for name in ARTIFACTS.values()]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), "usage_lake")


class Deliveries:
    """A raw folder for each source; every round delivers new objects, and some records again."""

    def __init__(self, folder: Path) -> None:
        self.raws = [Raw(source, str(folder / source.pipeline.name)) for source in SOURCES]
        self.inventory = Inventory(str(folder / "inventory"))

    def round(self, number: int) -> None:
        day = DAY + timedelta(days=number)
        for raw in self.raws:
            # Records of two objects overlap, and those of the day before come again.
            for part in (0, 1):
                new = range(number * 20 + part * 5, number * 20 + part * 5 + 10)
                again = range(max(number * 20 - 20, 0), number * 20)
                raw.deliver(day, number * 2 + part, [*events(day, new), *events(day - timedelta(days=1), again)])
        self.inventory.deliver(datetime(2024, 5, 7, 1) + timedelta(days=number), records(5 + number))

    def ingest(self, lake: Lake) -> None:
        for raw in self.raws:
            run(raw, lake)
        ingest(IngestRequest(INVENTORIES, self.inventory.address, lake), SilentReporter())

    def contents(self, lake: Lake) -> dict[str, Contents]:
        return {each.name: contents(lake, each) for each in (*(raw.source.pipeline for raw in self.raws), INVENTORIES)}


def maintain(jars: list[Path], lake: Lake) -> None:
    """Let Spark maintain every table, in a process of its own, which locks SQLite's catalog until it ends."""
    for path in Path(lake.location).rglob("*"):
        if path.is_file():
            # Orphans must be three days old.
            os.utime(path, (path.stat().st_mtime - 5 * 86_400,) * 2)
    names = [table.name for table in TABLES if lake.has(table) and lake.load(table).files()]
    command = [sys.executable, str(Path(__file__).with_name("spark_maintenance.py")), lake.location]
    jar_list = ",".join(map(str, jars))
    done = subprocess.run([*command, jar_list, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def problems(lake: Lake) -> list[Any]:
    return [problem for result in check_lake(lake) for problem in result.wrong]


def test_runs_before_and_after_sparks_maintenance_lose_and_double_nothing(
    jars: list[Path], lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_spark(monkeypatch)
    deliveries, undisturbed = Deliveries(tmp_path / "raw"), Lake(str(tmp_path / "undisturbed"), "usage_lake")
    for number in range(2):
        deliveries.round(number)
        for each in (lake, undisturbed):
            deliveries.ingest(each)
        maintain(jars, lake)
        assert deliveries.contents(lake) == deliveries.contents(undisturbed)
        assert problems(lake) == []
    # All raw objects are known still: nothing is ingested again.
    deliveries.ingest(lake)
    assert deliveries.contents(lake) == deliveries.contents(undisturbed)
