"""A commit holds for the snapshot its table was loaded at: another one in between makes it fail and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException

from glue_jobs.errors import LostRaceError
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.disturbed import failing
from tests.lake.small_commits import commit, new_file, new_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)


def addresses(lake: Lake) -> list[str]:
    return sorted(file.address for file in lake.load(REJECTED_RECORD).files())


def add(table: LoadedTable) -> None:
    table.append([new_file(table, 9).descriptor], {})


def remove(table: LoadedTable) -> None:
    table.append([], {}, table.files())


def replace_rows(table: LoadedTable) -> None:
    table.replace(pa.Table.from_pylist([], schema=REJECTED_RECORD.arrow_schema))


@pytest.mark.parametrize("change", [add, remove, replace_rows])
def test_of_two_changes_from_one_snapshot_the_second_is_refused(change: Any, lake: Lake) -> None:
    (first,) = commit(lake, 0)
    stale = lake.load(REJECTED_RECORD)
    (second,) = commit(lake, 1)
    with pytest.raises(LostRaceError, match="another run"):
        change(stale)
    assert addresses(lake) == sorted([first, second])


@pytest.mark.parametrize("change", [add, replace_rows])
def test_of_two_first_commits_the_second_is_refused(change: Any, lake: Lake) -> None:
    stale = lake.load(REJECTED_RECORD)
    (first,) = commit(lake, 0)
    with pytest.raises(LostRaceError, match="another run"):
        change(stale)
    assert addresses(lake) == [first]


@pytest.mark.parametrize(("change", "left"), [(add, 2), (remove, 0)])
def test_a_commit_whose_answer_got_lost_counts_as_made(change: Any, left: int, lake: Lake) -> None:
    commit(lake, 0)
    loaded = lake.load(REJECTED_RECORD)
    with failing(SqlCatalog, "commit_table", CommitFailedException("the table has another version"), after=True):
        change(loaded)
    assert len(addresses(lake)) == left
    assert lake.load(REJECTED_RECORD).rows(("object",)).num_rows == left


def test_a_change_keeps_no_list_of_what_was_removed_before(lake: Lake) -> None:
    for number in range(4):
        commit(lake, number)
    for _ in range(4):
        loaded = lake.load(REJECTED_RECORD)
        loaded.append([], {}, loaded.files()[:1])
    manifests = lake.load(REJECTED_RECORD)._iceberg.inspect.manifests()
    # One manifest: what the last change removed.
    assert manifests["deleted_data_files_count"].to_pylist() == [1]
