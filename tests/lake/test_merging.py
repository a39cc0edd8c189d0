"""The manifests of many commits become few, list every file once, and those that were merged go with old snapshots."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.lake import Lake, merging
from glue_jobs.lake.schema import SNAPSHOTS_KEPT
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.lake.small_commits import commit, iceberg, new_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)


def manifests(lake: Lake) -> list[int]:
    """How many files each manifest of the table lists, the largest first."""
    table = iceberg(lake)
    found = table.current_snapshot().manifests(table.io)  # type: ignore[union-attr]
    return sorted(((each.added_files_count or 0) + (each.existing_files_count or 0) for each in found), reverse=True)


def addresses(lake: Lake) -> list[str]:
    return sorted(file.address for file in lake.load(REJECTED_RECORD).files())


# One example is a lake and up to fourteen commits to it.
@settings(max_examples=5)
@given(st.lists(st.integers(0, 3), min_size=5, max_size=14))
def test_whatever_is_committed_every_file_is_listed_once(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    lake = new_lake(tmp_path_factory.mktemp("lake"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "MANY", 3)
        written = [address for number, size in enumerate(sizes) for address in commit(lake, number, size)]
        assert addresses(lake) == sorted(written)


def test_manifests_of_a_size_are_merged_and_those_of_the_next_size_later(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "MANY", 3)
    seen = []
    for number in range(12):
        commit(lake, number)
        seen.append(manifests(lake))
    assert seen[2:5] == [[1, 1, 1], [3, 1], [3, 1, 1]]
    assert seen[9:12] == [[3, 3, 3, 1], [9, 1, 1], [9, 1, 1, 1]]


def test_a_merged_file_keeps_its_place_in_history(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MANY", 3)
    for number in range(4):
        commit(lake, number)
    table = iceberg(lake)
    snapshots = sorted(table.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)
    entries = table.inspect.entries().to_pylist()
    added = {entry["data_file"]["file_path"].split("/")[-1]: entry for entry in entries}
    for number, snapshot in enumerate(snapshots):
        entry = added[f"{number}-0.parquet"]
        assert (entry["snapshot_id"], entry["sequence_number"]) == (snapshot.snapshot_id, snapshot.sequence_number)


def test_merged_manifests_go_with_the_last_snapshot_that_lists_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "MANY", 3)
    for number in range(SNAPSHOTS_KEPT + 8):
        commit(lake, number)
    table = iceberg(lake)
    listed = {
        path
        for snapshot in table.snapshots()
        for path in [snapshot.manifest_list, *(each.manifest_path for each in snapshot.manifests(table.io))]
    }
    folder = f"{lake.load(REJECTED_RECORD).location}/metadata/"
    there = {entry.address for entry in storage_for(folder).list(folder) if entry.address.endswith(".avro")}
    assert there == {path.removeprefix("file://") for path in listed}
