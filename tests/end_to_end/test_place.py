"""A lake stays where it was made, and asking it writes nothing."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from glue_jobs.errors import LakeError
from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.lake_engine import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from tests.end_to_end.lakes import run, without_spark
from tests.end_to_end.sources import SOURCES, Raw, events

DAY = date(2024, 5, 20)
COUNT = f"SELECT count(*) AS n FROM {SOURCES[0].pipeline.table.name}"


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Raw:
    without_spark(monkeypatch)
    raw = Raw(SOURCES[0], str(tmp_path / "raw"))
    raw.deliver(DAY, 1, events(DAY, range(3)))
    return raw


@pytest.fixture
def lake(raw: Raw, tmp_path: Path) -> Path:
    run(raw, str(tmp_path / "lake"))
    return tmp_path / "lake"


def rows(lake: Path) -> int:
    with QueryEngine(sources(Lake(str(lake), "usage_lake"))) as engine:
        return int(engine.run(COUNT)["n"][0].as_py())


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def test_a_copy_of_a_lake_is_not_mistaken_for_it(raw: Raw, lake: Path, tmp_path: Path) -> None:
    shutil.copytree(lake, tmp_path / "copy")
    raw.deliver(DAY, 2, events(DAY, range(3, 5)))
    before = files(tmp_path)
    with pytest.raises(LakeError, match=f"the lake in {tmp_path}/copy was made in {lake}, .* into a new folder"):
        run(raw, str(tmp_path / "copy"))
    with pytest.raises(LakeError, match="was made in"):
        rows(tmp_path / "copy")
    assert files(tmp_path) == before
    run(raw, str(lake))
    assert rows(lake) == 5


def test_a_lake_that_was_moved_says_where_it_belongs(raw: Raw, lake: Path, tmp_path: Path) -> None:
    lake.rename(tmp_path / "moved")
    for use in (lambda: run(raw, str(tmp_path / "moved")), lambda: rows(tmp_path / "moved")):
        with pytest.raises(LakeError, match=f"was made in {lake}"):
            use()
    (tmp_path / "moved").rename(lake)
    assert rows(lake) == 3


def test_a_lake_may_have_several_names(raw: Raw, lake: Path, tmp_path: Path) -> None:
    (tmp_path / "name").symlink_to(lake)
    raw.deliver(DAY, 2, events(DAY, range(3, 5)))
    run(raw, str(tmp_path / "name"))
    assert rows(tmp_path / "name") == rows(lake) == 5


def test_a_catalog_that_is_none_is_told_of(raw: Raw, lake: Path) -> None:
    (lake / "catalog.db").write_bytes(b"no catalog" * 500)
    with pytest.raises(LakeError, match="file is not a database"):
        run(raw, str(lake))


def test_asking_writes_nothing(lake: Path) -> None:
    before = files(lake)
    assert rows(lake) == 3
    assert files(lake) == before


@pytest.mark.parametrize("name", ["lake?one", "100%25", "a#b", "%41", "it's 'mine'", "ü & ö", "a=b;c"])
def test_a_lake_may_be_in_a_folder_of_any_name(name: str, raw: Raw, tmp_path: Path) -> None:
    lake = tmp_path / name / "lake"
    run(raw, str(lake))
    assert (lake / "catalog.db").is_file()
    assert rows(lake) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"raw", name}
