"""Whoever runs the tasks, the lake is the same: this process, a pool, Spark's threads, Spark's executors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

import glue_jobs.workers.engine
from glue_jobs.errors import STOPPED
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import PlainReporter
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.workers.processes import ProcessPool
from tests.end_to_end.lakes import contents, without_spark
from tests.end_to_end.sources import SOURCES, Raw, events
from tests.end_to_end.two_executors import MARK
from tests.inventories import Inventory, records

DAY = date(2024, 5, 20)

ON_TWO_EXECUTORS = "import json, sys; from tests.end_to_end.two_executors import main; main(*json.loads(sys.argv[1]))"


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
    jobs = {name: as_texts(arguments(name, raw[name], tmp_path / name / "lake")) for name in RAW}
    name = "s3_access_log"
    disturbed = as_texts(arguments(name, raw[name], tmp_path / "disturbed"))
    mark = tmp_path / "killed"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), MARK: str(mark)}
    # Where files cannot grow, Python 3.11 would leave truncated bytecode, which later processes read.
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-c", ON_TWO_EXECUTORS, json.dumps([[*jobs.values()], disturbed])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = {name: stored_in_process(name, raw[name], tmp_path / name / "expected") for name in RAW}
    for each in RAW:
        assert contents(str(tmp_path / each / "lake"), BY_NAME[each]) == expected[each]
    full_disk, mistake, ctrl_c, killed = json.loads(done.stdout)
    assert re.fullmatch(f"error: cannot write {tmp_path}/disturbed/.*: File too large", full_disk)
    assert mistake == "error: a task failed with ZeroDivisionError: by 0"
    # Spark gives the task of the killed worker to another one.
    assert (ctrl_c, killed, mark.exists()) == (STOPPED, None, True)
    assert "stopped; the same command continues from here" in done.stderr.splitlines()
    assert contents(str(tmp_path / "disturbed"), BY_NAME[name]) == expected[name]


def as_texts(values: dict[str, str]) -> list[str]:
    return [text for name, value in values.items() for text in (f"--{name}", value)]
