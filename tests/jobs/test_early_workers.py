"""Workers of a first run start before it is planned, as many as its raw files will need."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs.jobs import early_workers
from glue_jobs.jobs.early_workers import start_workers_early
from glue_jobs.read.plan import MIN_CHUNK_BYTES
from glue_jobs.workers.processes import ProcessPool

CORES = 4


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []
    monkeypatch.setattr(ProcessPool, "start", lambda self, count, module: counts.append(max(count, 0)))
    monkeypatch.setattr(early_workers, "cores", lambda: CORES)
    monkeypatch.setattr(early_workers, "is_running", lambda: False)
    return counts


def values(folder: Path, **more: str) -> dict[str, str]:
    return {"raw_path": str(folder / "raw"), "lake_path": str(folder / "lake"), **more}


@pytest.mark.parametrize(("sizes", "workers"), [([], 0), ([1], 0), ([1, 1], 1), ([0.5] * 6, 2), ([1] * 9, CORES - 1)])
def test_one_process_for_each_chunk_but_the_first(
    sizes: list[float], workers: int, tmp_path: Path, started: list[int]
) -> None:
    for number, size in enumerate(sizes):
        file = tmp_path / "raw" / f"{number % 2}" / f"{number}"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as sparse:
            sparse.truncate(int(size * MIN_CHUNK_BYTES))
    start_workers_early(values(tmp_path))
    assert started == [workers]


@pytest.mark.parametrize(
    "more", [{"engine": "spark"}, {"raw_path": "s3://bucket/raw"}, {"lake_path": "s3://bucket/lake"}], ids=str
)
def test_other_runs_are_planned_first(more: dict[str, str], tmp_path: Path, started: list[int]) -> None:
    start_workers_early(values(tmp_path, **more))
    assert started == []


def test_a_later_run_has_only_new_files(tmp_path: Path, started: list[int]) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "catalog.db").touch()
    start_workers_early(values(tmp_path))
    assert started == []
