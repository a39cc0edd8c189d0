"""New files are written again without duplicates and with the late rows: each record once, in few files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.ingest.duplicates import rewrite_files
from glue_jobs.ingest.duplicates.across_files import Day
from glue_jobs.ingest.duplicates.rewrite_files import Rewritten, drop_duplicates, remaining_of
from glue_jobs.ingest.staging.data_files import NewFile, read_file, write_file
from glue_jobs.ingest.staging.late_rows import LateRows, write_late_rows
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.sources.pipelines import BY_NAME
from tests.ingest.duplicates.duplicate_rows import EVENTS, FILES, Row, identity

TABLE = replace(EVENTS, sort=("key",))

# Each writes some ten files; every run of the suite tries others.
EXAMPLES = 40


@pytest.fixture
def context(tmp_path: Path) -> TaskContext:
    return a_context(tmp_path)


def a_context(folder: Path) -> TaskContext:
    pipeline = replace(BY_NAME["s3_access_log"], table=TABLE)
    return TaskContext(
        pipeline,
        Config(),
        ReferenceData(),
        RunFolder(f"{folder}/run", "r1"),
        date(2024, 5, 9),
        {TABLE.name: f"{folder}/event"},
    )


def row(request_id: str, source: str, **more: object) -> Row:
    return {"request_id": request_id, "source_object": source, "key": "k", **more}


def written(folder: Path, files: list[list[Row]], day: int = 7) -> list[NewFile]:
    partition = {"event_date": date(2024, 5, day)}
    return [
        write_file(
            TABLE,
            pa.Table.from_pylist([{**partition, **each} for each in rows], schema=TABLE.arrow_schema),
            f"{folder}/{day}-{number}.parquet",
            partition,
        )
        for number, rows in enumerate(files)
    ]


def rows_of(files: list[NewFile]) -> list[Row]:
    return [each for file in files for each in read_file(TABLE, file.address).to_pylist()]


def day(new: list[NewFile]) -> object:
    return new[0].partition["event_date"]


def after(new: list[NewFile], all_of: list[Rewritten]) -> Iterator[NewFile]:
    gone = {address for each in all_of for address in each.addresses}
    # Late rows beyond what memory holds are written, and may have to be written again.
    every = [*new, *(file for each in all_of for file in each.files)]
    yield from (file for file in every if file.address not in gone)


@settings(max_examples=EXAMPLES)
@given(FILES, FILES, st.sampled_from([1, 3, 10**9]))
def test_every_record_stays_once_however_many_rows_are_written_together(
    tmp_path_factory: pytest.TempPathFactory, one: list[list[Row]], other: list[list[Row]], most: int
) -> None:
    folder = tmp_path_factory.mktemp("files")
    # A file never has duplicates of its own rows.
    days = [
        written(folder, [list({identity(TABLE, each): each for each in rows}.values()) for rows in files], number)
        for number, files in ((7, one), (8, other))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrite_files, "ROW_GROUP_ROWS", most)
        found = drop_duplicates(a_context(folder), [Day([], new) for new in days])
    for new in days:
        left = sorted(
            identity(TABLE, each) for each in rows_of(list(after(new, found))) if each["event_date"] == day(new)
        )
        assert left == sorted({identity(TABLE, each) for each in rows_of(new)})


def test_what_remains_of_the_small_files_of_a_day_is_one_sorted_file(context: TaskContext, tmp_path: Path) -> None:
    stored = written(tmp_path / "stored", [[row("A", "o0"), row("B", "o0")]])
    new = written(
        tmp_path / "new", [[row("A", "o1"), row("C", "o1", key="z")], [row("B", "o2"), row("D", "o2", key="a")]]
    )
    (one,) = drop_duplicates(context, [Day([(file.address, file.rows) for file in stored], new)])
    assert one.addresses == [file.address for file in new]
    assert one.counts == {"o1": 1, "o2": 1}
    (file,) = one.files
    assert [each["request_id"] for each in rows_of([file])] == ["D", "C"]
    assert file.rows == 2


def test_a_file_of_duplicates_only_is_replaced_by_none(context: TaskContext, tmp_path: Path) -> None:
    stored = written(tmp_path / "stored", [[row("A", "o0")]])
    new = written(tmp_path / "new", [[row("A", "o1")], [row("B", "o2")]])
    (one,) = drop_duplicates(context, [Day([(file.address, file.rows) for file in stored], new)])
    assert (one.addresses, one.files) == ([new[0].address], [])


def test_files_without_duplicates_stay(context: TaskContext, tmp_path: Path) -> None:
    assert drop_duplicates(context, [Day([], written(tmp_path, [[row("A", "o1")], [row("B", "o2")]]))]) == []


def test_texts_are_joined_whether_or_not_their_file_has_a_dictionary(context: TaskContext, tmp_path: Path) -> None:
    twice = [row("A", "o1")]
    many = [*twice, *(row(str(number), "o2", key="same") for number in range(9))]
    files = written(tmp_path, [twice, many])
    encoded = pa.Table.from_pylist(rows_of(files[1:]), schema=TABLE.arrow_schema)
    encoded = encoded.set_column(5, "key", encoded["key"].dictionary_encode())
    files[1] = write_file(TABLE, encoded, files[1].address, files[1].partition)
    plain = written(tmp_path / "more", [[row("0", "o3"), row("E", "o3", key="other")]])
    found = drop_duplicates(context, [Day([], [*files, *plain])])
    left = Counter(each["key"] for each in rows_of(list(after([*files, *plain], found))))
    assert left == {"k": 1, "same": 9, "other": 1}


def late_rows_of(context: TaskContext, rows: list[Row], day: int = 7) -> list[LateRows]:
    partition = {"event_date": date(2024, 5, day)}
    table = pa.Table.from_pylist([{**partition, **each} for each in rows], schema=TABLE.arrow_schema)
    # As tasks have them: with dictionaries.
    place = table.schema.get_field_index("key")
    return write_late_rows(context, [(partition, table.set_column(place, "key", table["key"].dictionary_encode()))])


def test_the_late_rows_of_a_day_are_one_sorted_file(context: TaskContext, tmp_path: Path) -> None:
    few = [*late_rows_of(context, [row("A", "o1", key="z")]), *late_rows_of(context, [row("B", "o2", key="a")])]
    (one,) = drop_duplicates(context, [Day([], [], few)])
    assert (one.addresses, one.counts) == ([], {})
    assert [[each["request_id"] for each in rows_of([file])] for file in one.files] == [["B", "A"]]
    assert one.files[0].descriptor is not None


def test_late_rows_that_are_stored_new_or_late_already_are_dropped(context: TaskContext, tmp_path: Path) -> None:
    stored = written(tmp_path / "stored", [[row("A", "o0")]])
    new = written(tmp_path / "new", [[row("B", "o1"), row("C", "o1")]])
    few = [
        *late_rows_of(context, [row("A", "o2"), row("B", "o2"), row("D", "o2")]),
        *late_rows_of(context, [row("D", "o3"), row("E", "o3")]),
    ]
    found = drop_duplicates(context, [Day([(file.address, file.rows) for file in stored], new, few)])
    assert [address for each in found for address in each.addresses] == []
    assert sum((each.counts for each in found), Counter[str]()) == {"o2": 2, "o3": 1}
    assert sorted(row["request_id"] for each in found for row in rows_of(each.files)) == ["D", "E"]


def test_of_late_rows_only_those_that_stay_wait_in_memory(context: TaskContext, tmp_path: Path) -> None:
    some = [row(str(number), "o1", key=f"key {number}") for number in range(100)]
    days = []
    for day in (7, 8, 9):
        stored = [(file.address, file.rows) for file in written(tmp_path, [some], day)]
        days.append(Day(stored, [], late_rows_of(context, [*some, row("A", "o2")], day)))
    held = [left.in_memory for left in remaining_of(context, days, [])]
    assert [rows.num_rows for rows in held if rows is not None] == [1, 1, 1]
    assert [rows["key"].chunk(0).dictionary.to_pylist() for rows in held if rows is not None] == [["k"]] * 3


def test_a_late_row_of_an_earlier_object_stays_before_that_of_a_new_file(context: TaskContext, tmp_path: Path) -> None:
    new = written(tmp_path / "new", [[row("A", "o2"), row("B", "o2")]])
    (one,) = drop_duplicates(context, [Day([], new, late_rows_of(context, [row("A", "o1")]))])
    assert one.addresses == [new[0].address]
    assert one.counts == {"o2": 1}
    assert sorted((each["request_id"], each["source_object"]) for each in rows_of(one.files)) == [
        ("A", "o1"),
        ("B", "o2"),
    ]


@settings(max_examples=EXAMPLES)
@given(FILES, FILES, FILES, st.sampled_from([1, 3, 10**9]))
def test_whether_rows_were_late_makes_no_difference(
    tmp_path_factory: pytest.TempPathFactory,
    old: list[list[Row]],
    files: list[list[Row]],
    few: list[list[Row]],
    most: int,
) -> None:
    folder = tmp_path_factory.mktemp("files")
    context = a_context(folder)
    once = [
        [list({identity(TABLE, each): each for each in rows}.values()) for rows in some] for some in (old, files, few)
    ]
    stored, new = written(folder / "stored", once[0]), written(folder / "new", once[1])
    also_new = written(folder / "also", once[2])
    late_rows = [each for rows in once[2] for each in late_rows_of(context, rows)]
    known = [(file.address, file.rows) for file in stored]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrite_files, "ROW_GROUP_ROWS", most)
        with_late_rows = drop_duplicates(context, [Day(known, new, late_rows)])
        all_new = drop_duplicates(context, [Day(known, [*new, *also_new])])
    left = sorted(identity(TABLE, each) for each in rows_of(list(after(new, with_late_rows))))
    assert left == sorted(identity(TABLE, each) for each in rows_of(list(after([*new, *also_new], all_new))))
    counted = sum((each.counts for each in with_late_rows), Counter[str]())
    assert counted == sum((each.counts for each in all_new), Counter[str]())
