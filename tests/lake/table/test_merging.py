"""pyiceberg merges the manifests of many commits: few are left, they list every file once, and old ones are deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.lake import Lake, schema
from glue_jobs.lake.schema import SNAPSHOTS_KEPT
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.lake.small_commits import commit, iceberg, new_file, new_lake


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(schema, "MANIFESTS_PER_MERGE", 3)
    return new_lake(tmp_path)


def manifests(lake: Lake) -> dict[str, int]:
    """How many files each manifest of the table lists, by the manifest's address."""
    table = iceberg(lake)
    found = table.current_snapshot().manifests(table.io)  # type: ignore[union-attr]
    return {each.manifest_path: (each.added_files_count or 0) + (each.existing_files_count or 0) for each in found}


def addresses(lake: Lake) -> list[str]:
    return sorted(file.address for file in lake.load(REJECTED_RECORD).files())


# One example is a lake and up to fourteen commits to it.
@settings(max_examples=5)
@given(st.lists(st.integers(0, 3), min_size=5, max_size=14))
def test_whatever_is_committed_every_file_is_listed_once(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "MANIFESTS_PER_MERGE", 3)
        lake = new_lake(tmp_path_factory.mktemp("lake"))
    written = [address for number, size in enumerate(sizes) for address in commit(lake, number, size)]
    assert addresses(lake) == sorted(written)


def test_manifests_are_merged_when_there_are_as_many_as_the_table_says(lake: Lake) -> None:
    seen = []
    for number in range(7):
        commit(lake, number)
        seen.append(sorted(manifests(lake).values()))
    assert seen == [[1], [1, 1], [3], [1, 3], [5], [1, 5], [7]]


def test_a_manifest_that_is_large_enough_is_not_written_again(lake: Lake) -> None:
    with iceberg(lake).transaction() as transaction:
        transaction.set_properties({"commit.manifest.target-size-bytes": "20000"})
    large: set[str] = set()
    for number in range(6):
        commit(lake, number, files=60)
        now = set(manifests(lake))
        assert large <= now
        large = now
    assert sum(manifests(lake).values()) == 6 * 60


def test_a_merged_file_keeps_its_place_in_history(lake: Lake) -> None:
    for number in range(4):
        commit(lake, number)
    table = iceberg(lake)
    snapshots = sorted(table.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)
    entries = table.inspect.entries().to_pylist()
    added = {entry["data_file"]["file_path"].split("/")[-1]: entry for entry in entries}
    for number, snapshot in enumerate(snapshots):
        entry = added[f"{number}-0.parquet"]
        assert (entry["snapshot_id"], entry["sequence_number"]) == (snapshot.snapshot_id, snapshot.sequence_number)


def test_merged_manifests_are_deleted_with_the_last_snapshot_that_lists_them(lake: Lake) -> None:
    # An odd number: the oldest snapshot that is kept shares a manifest with the last one that is not.
    commits = SNAPSHOTS_KEPT + 7
    for number in range(commits):
        commit(lake, number)
    table = iceberg(lake)
    listed = {
        path
        for snapshot in table.snapshots()
        for path in [snapshot.manifest_list, *(each.manifest_path for each in snapshot.manifests(table.io))]
    }
    folder = f"{lake.load(REJECTED_RECORD).location}/metadata/"
    there = {entry.address for entry in storage_for(folder).list(folder) if entry.address.endswith(".avro")}
    listed = {path.removeprefix("file://") for path in listed}
    assert listed == there


def test_commits_that_replace_files_merge_manifests_too(lake: Lake) -> None:
    kept, (replaced,) = [], commit(lake, 0)
    for number in range(1, 9):
        loaded = lake.load(REJECTED_RECORD)
        added, next_replaced = (new_file(loaded, number, place) for place in range(2))
        removed = [file for file in loaded.files() if file.address == replaced]
        loaded.append([added.descriptor, next_replaced.descriptor], {}, removed)
        kept, replaced = [*kept, added.address], next_replaced.address
        # One more lists the file that is gone.
        assert len(manifests(lake)) <= schema.MANIFESTS_PER_MERGE + 1
    assert addresses(lake) == sorted([*kept, replaced])


def test_a_table_from_before_gets_the_properties_it_lacks_and_keeps_those_it_has(lake: Lake) -> None:
    with iceberg(lake).transaction() as transaction:
        transaction.remove_properties("commit.manifest-merge.enabled")
        transaction.set_properties({"write.parquet.compression-codec": "snappy"})
    lake.create(REJECTED_RECORD)
    properties = iceberg(lake).properties
    assert properties["commit.manifest-merge.enabled"] == "true"
    assert properties["write.parquet.compression-codec"] == "snappy"


def test_a_table_that_lacks_nothing_is_left_alone(lake: Lake) -> None:
    before = iceberg(lake).metadata_location
    lake.create(REJECTED_RECORD)
    assert iceberg(lake).metadata_location == before
