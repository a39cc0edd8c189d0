"""Uploaded files end to end: tables whose columns the files tell, and newer files in place of older ones."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import glue_jobs.ingest.staging.compaction
import glue_jobs.ingest.step_run
import glue_jobs.ingest.uploads.upload_task
from glue_jobs.errors import LakeError, UnreadableObjectError
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest, IngestSummary
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.sources.lake_tables import uploaded_tables
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.upload.columns import types_of
from glue_jobs.storage import Entry
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.tables.uploaded import FIXED
from tests.disturbed import failing
from tests.lake.small_commits import commits_fail

PRODUCTS = """\
{"id": 1, "name": "Product A", "price": 29.99, "category": "Electronics", "timestamp": "2024-01-15T10:30:00Z"}
{"id": 2, "name": "Product B", "price": 49.99, "category": "Clothing", "timestamp": "2024-01-15T11:00:00Z"}
{"id": 3, "name": "Product C", "price": 19.99, "category": "Electronics", "timestamp": "2024-01-15T11:30:00Z"}
"""


class Place:
    """A folder with uploads, and a lake."""

    def __init__(self, folder: Path) -> None:
        self.raw = folder / "raw"
        self.lake = Lake(f"{folder}/lake", "data_lake_db")
        self.said = io.StringIO()

    def put(self, name: str, data: str | bytes) -> None:
        path = self.raw / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def run(self) -> IngestSummary:
        return ingest(IngestRequest(BY_NAME["upload"], str(self.raw), self.lake), PlainReporter(self.said))

    def sql(self, statement: str) -> list[dict[str, Any]]:
        with open_engine(self.lake) as engine:
            rows: list[dict[str, Any]] = engine.run(statement).to_pylist()
        return rows

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows without the columns that each table has."""
        rows = self.sql(f"SELECT * FROM {table}")
        return sorted(({name: row[name] for name in row if name not in FIXED} for row in rows), key=str)

    def types(self, table: str) -> dict[str, Any]:
        (found,) = (each for each in uploaded_tables(self.lake) if each.name == table)
        return types_of(found.inferred)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_three_products_answer_the_queries_of_the_old_data_lake(place: Place) -> None:
    place.put("test-data.json", PRODUCTS)
    assert place.run().totals.rows == 3
    assert place.sql("SELECT COUNT(*) AS total_records FROM processed_table") == [{"total_records": 3}]
    names = place.sql("SELECT name FROM processed_table WHERE category = 'Electronics' ORDER BY id")
    assert [each["name"] for each in names] == ["Product A", "Product C"]
    grouped = "SELECT category, COUNT(*) AS count, AVG(price) AS avg_price FROM processed_table GROUP BY category"
    assert {each["category"]: (each["count"], round(each["avg_price"], 2)) for each in place.sql(grouped)} == {
        "Electronics": (2, 24.99),
        "Clothing": (1, 49.99),
    }
    (partition,) = place.sql("SELECT DISTINCT date_partition FROM processed_table")
    uploaded = datetime.fromtimestamp((place.raw / "data/test-data.json").stat().st_mtime, UTC)
    assert partition["date_partition"] == uploaded.date().isoformat()
    assert place.sql(f"SELECT id FROM processed_table WHERE date_partition = '{partition['date_partition']}'")
    assert not place.sql("SELECT id FROM processed_table WHERE date_partition = '2024-01-15'")


def test_every_format_and_its_gzipped_form_fills_the_table_of_its_folder(place: Place) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": pa.array([4], pa.int32()), "price": [4.0]}), sink)
    forms = {"a.json": b'[{"id": 1, "price": 1}]', "b.jsonl": b'{"id": 2}\n', "c.csv": b"id,price\n3,3.5\n"}
    for name, data in {**forms, "d.parquet": sink.getvalue()}.items():
        place.put(f"plain/{name}", data)
        place.put(f"Zipped Files/x/{name}.gz", gzip.compress(data))
    summary = place.run()
    assert (summary.totals.rows, summary.totals.rejected) == (8, 0)
    expected = [{"id": 1, "price": 1.0}, {"id": 2, "price": None}, {"id": 3, "price": 3.5}, {"id": 4, "price": 4.0}]
    assert place.rows("plain") == place.rows("zipped_files") == expected


def test_folders_such_as_year_2024_are_columns(place: Place) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"n": [1]}), sink)
    place.put("sales/year=2024/Month=01/a.parquet", sink.getvalue())
    place.put("sales/year=2025/Month=12/Shop=A%2FB/a.csv", "n\n2\n")
    place.put("sales/year=2025/Month=__HIVE_DEFAULT_PARTITION__/a.csv", "n,year\n3,1999\n")
    place.put("day=2024-05-07/date_partition=x/a.json", '{"n": 4}')
    place.put("day=2024-05-08/date_partition=y/a.json", '{"n": 5}')
    place.run()
    assert place.rows("sales") == [
        {"n": 1, "year": 2024, "month": "01", "shop": None},
        {"n": 2, "year": 2025, "month": "12", "shop": "A/B"},
        {"n": 3, "year": 1999, "month": None, "shop": None},
    ]
    assert place.rows("processed_table") == [
        {"n": 4, "day": "2024-05-07", "date_partition_2": "x"},
        {"n": 5, "day": "2024-05-08", "date_partition_2": "y"},
    ]
    assert "several folders" not in place.said.getvalue()


def test_a_changed_object_replaces_its_rows_and_the_same_one_adds_none(place: Place) -> None:
    place.put("a.csv", "id,name\n1,x\n2,y\n")
    place.put("b.csv", "id,name\n3,z\n")
    place.run()
    assert place.run().run_id is None
    place.put("a.csv", "id,name\n9,changed\nbad\n")
    summary = place.run()
    assert (summary.totals.rows, summary.totals.rejected) == (1, 1)
    assert place.rows("processed_table") == [{"id": 3, "name": "z"}, {"id": 9, "name": "changed"}]
    (rejected,) = place.sql("SELECT source, reason, position FROM rejected_record")
    assert (rejected["source"], rejected["position"]) == ("upload", 18)
    assert "1 value, and the first line of the file has 2" in rejected["reason"]
    place.put("a.csv", "")
    place.run()
    assert place.rows("processed_table") == [{"id": 3, "name": "z"}]
    assert place.sql("SELECT count(*) AS n FROM upload") == [{"n": 2}]


def test_types_widen_over_runs_and_stored_values_stay(place: Place) -> None:
    place.put("t/1.json", '{"n": 1, "flag": true, "s": {"x": 1}, "l": [1], "empty": null}')
    place.run()
    assert place.rows("t") == [{"n": 1, "flag": True, "s": {"x": 1}, "l": [1], "empty": None}]
    place.put("t/2.json", '{"n": 2.5, "flag": 7, "s": {"y": "b"}, "l": ["c"], "empty": 3}')
    place.run()
    assert place.types("t") == {
        "n": "double",
        "flag": "string",
        "s": {"x": "whole", "y": "string"},
        "l": ["string"],
        "empty": "whole",
    }
    place.put("t/3.json", '{"n": "many", "s": [1], "new": 12345678901}')
    place.run()
    assert place.rows("t") == [
        {"n": "1", "flag": "true", "s": '{"x":1}', "l": ["1"], "empty": None, "new": None},
        {"n": "2.5", "flag": "7", "s": '{"y":"b"}', "l": ["c"], "empty": 3, "new": None},
        {"n": "many", "flag": None, "s": "[1]", "l": None, "empty": None, "new": 12345678901},
    ]


def test_a_stored_column_that_becomes_text_is_told(place: Place) -> None:
    place.put("t/1.csv", "price,name,note\n1.5,a,\n")
    place.run()
    place.put("t/2.csv", "price,name,note\nn/a,7,x\n")
    place.run()
    place.run()
    told = "t: the column price is text from now on, because it has a value that is not of type double"
    assert [line for line in place.said.getvalue().splitlines() if "the column" in line] == [told]


def test_readers_see_the_whole_run_of_a_table_or_nothing_of_it(place: Place) -> None:
    place.put("t/1.json", '{"n": 1}')
    place.run()
    place.put("t/1.json", '{"n": "changed"}')
    place.put("u/1.json", '{"n": 2}')
    with commits_fail("u"):
        place.run()
    assert (place.rows("t"), place.rows("u")) == ([{"n": "changed"}], [])
    assert place.sql("SELECT count(*) AS n FROM ingested_object") == [{"n": 1}]
    # The next run finishes the other one: its columns are in the plan.
    assert place.run().run_id is None
    assert (place.rows("t"), place.rows("u")) == ([{"n": "changed"}], [{"n": 2}])
    assert place.sql("SELECT count(*) AS n FROM ingested_object") == [{"n": 3}]


def test_a_run_that_dies_before_its_commit_leaves_every_reader_with_the_old_rows(place: Place) -> None:
    place.put("t/1.json", '{"n": 1}')
    place.run()
    place.put("t/1.json", '{"n": "x", "more": 1}')
    with failing(glue_jobs.ingest.step_run, "commit_run", LakeError("killed")), pytest.raises(LakeError):
        place.run()
    assert place.rows("t") == [{"n": 1}]
    place.run()
    assert place.rows("t") == [{"n": "x", "more": 1}]


def test_objects_that_cannot_become_a_table_are_told_and_the_others_stay(place: Place) -> None:
    place.put("place/1.json", '{"n": 1}')
    place.put("ok/1.json", '{"Price": 1, "price": 2, "source_object": "mine"}')
    place.put("ok/image.png", b"\x89PNG\r\n\x1a\n\x00\x00")
    place.put("ok/_SUCCESS", "")
    place.put(".hidden/x.json", "{}")
    summary = place.run()
    (refused,) = summary.unreadable
    assert "place is a table of this program's own" in refused.reason
    assert (summary.totals.rows, summary.totals.rejected) == (1, 1)
    assert place.rows("ok") == [{"price": 2, "price_2": 1, "source_object_2": "mine"}]
    assert "the field 'Price' is the column price_2" in place.said.getvalue()
    (notes,) = place.sql("SELECT notes FROM upload WHERE notes IS NOT NULL")
    assert "source_object is a column that every table has" in notes["notes"]


def test_a_file_of_names_alone_is_reported_and_the_first_record_makes_the_table(place: Place) -> None:
    place.put("shop/1.csv", "a,b\n")
    place.run()
    assert "shop/1.csv: the file has no records; a table is made when the first record arrives" in place.said.getvalue()
    assert [row["rows"] for row in place.sql("SELECT rows FROM upload WHERE notes LIKE 'the file has no%'")] == [0]
    place.put("shop/2.csv", "a,b\n1,2\n")
    place.run()
    assert place.rows("shop") == [{"a": 1, "b": 2}]


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04workbook", "a,b\n1,2\n".encode("utf-16")])
def test_a_file_of_another_kind_that_comes_alone_is_a_rejected_record(place: Place, data: bytes) -> None:
    """An upload starts a run, so that most have one new object."""
    place.put("ok/1.json", '{"n": 1}')
    place.run()
    place.put("ok/other", data)
    assert place.run().totals.rejected == 1
    assert place.rows("ok") == [{"n": 1}]
    assert not place.run().totals.objects


def test_two_folders_of_one_table_are_told(place: Place) -> None:
    place.put("My Sales/1.json", '{"n": 1}')
    place.put("my-sales/1.json", '{"n": 2}')
    assert place.run().skipped.sentences == [
        "the table my_sales has the rows of several folders, My Sales and my-sales"
    ]
    assert len(place.rows("my_sales")) == 2


def test_an_object_that_cannot_be_read_keeps_its_rows(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("t/a.csv", "n\n1\n")
    place.run()
    place.put("t/a.csv", "n\n2\n3\n")
    place.put("t/b.csv", "n\n4\n")
    read = FolderStorage.read

    def denied(self: FolderStorage, entry: Entry, *part: int) -> bytes:
        if entry.address.endswith("a.csv"):
            raise UnreadableObjectError(entry.address, "Permission denied")
        return read(self, entry, *part)

    with monkeypatch.context() as patch:
        patch.setattr(FolderStorage, "read", denied)
        summary = place.run()
    assert (summary.totals.objects, summary.totals.rows, len(summary.unreadable)) == (1, 1, 1)
    assert [row["n"] for row in place.rows("t")] == [1, 4]


def test_many_small_files_of_a_table_become_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_jobs.ingest.staging.compaction, "MIN_FILES", 2)
    for number in range(3):
        place.put(f"t/{9 - number}.json", f'{{"n{number}": {number}}}')
        place.run()
    (table,) = uploaded_tables(place.lake)
    stored = [pq.ParquetFile(file.address) for file in place.lake.load(table).files()]
    files = [file.read(["source_object"])["source_object"].to_pylist() for file in stored]
    assert sorted(map(len, files)) == [1, 2]
    # Readers skip rows by the bounds of their objects.
    assert files == [sorted(objects) for objects in files]
    assert len(place.rows("t")) == 3


def test_a_large_object_is_read_in_pieces_of_bounded_size(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_jobs.ingest.uploads.upload_task, "BYTES_PER_FLUSH", 1_000)
    monkeypatch.setattr("glue_jobs.read.fetch.MAX_BATCH_BYTES", 1_000)
    lines = [f'{number},"text with\na line end"' for number in range(3_000)]
    place.put("big/1.csv.gz", gzip.compress("\n".join(["n,text", *lines, "late,value"]).encode()))
    assert place.run().totals.rows == 3_001
    assert place.types("big") == {"n": "string", "text": "string"}
    assert {"n": "2999", "text": "text with\na line end"} in place.rows("big")
