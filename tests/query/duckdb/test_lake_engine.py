"""The lake's tables and views as sources of the query engine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.errors import LakeError
from glue_jobs.ingest.staging.data_files import write_file
from glue_jobs.lake import Lake
from glue_jobs.lake.without_pyiceberg.plain_files import PlainFile
from glue_jobs.query.duckdb.lake_engine import open_engine, sources
from glue_jobs.query.duckdb.table_source import TableSource
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER
from tests.ingest.staging.test_data_files import full_rows
from tests.lake.small_commits import commit, iceberg, new_lake

WEEKLY = PlainFile("/lake/x.parquet", {"source_bucket": "b", "inventory_id": "weekly"}, frozenset({"key"}))
# One that another program merged from several.
MERGED = PlainFile("/lake/merged.parquet", {"source_bucket": "b"}, None)


class FakeLake:
    """A lake in which every table has the given files; with None, files that DuckDB cannot read by itself."""

    def __init__(self, *files: PlainFile | None, exists: bool = True) -> None:
        self._files = files
        self._exists = exists
        self.asked: list[str] = []

    def has(self, _table: Table) -> bool:
        return self._exists

    def plain_files(self, table: Table) -> Any:
        self.asked.append(table.name)
        return None if None in self._files else self._files

    def load(self, table: Table) -> Any:
        return SimpleNamespace(rows=lambda columns: ("rows", columns))


def test_all_tables_and_views_are_known_and_loaded_on_demand() -> None:
    lake = FakeLake(WEEKLY)
    known = sources(lake)  # type: ignore[arg-type]
    views = {view.name for view in SavedView.all()}
    assert (set(known), lake.asked) == ({table.name for table in TABLES} | views, [])
    assert known["s3_access_log"]().data == ["/lake/x.parquet"]
    assert lake.asked == ["s3_access_log"]


def test_a_source_has_the_constants_and_columns_of_each_file() -> None:
    source = sources(FakeLake(WEEKLY, MERGED))["s3_inventory_object"]()  # type: ignore[arg-type]
    assert source.constants == [{"source_bucket": "b", "inventory_id": "weekly"}, {"source_bucket": "b"}]
    assert source.columns == [{"key"}, None]


def test_a_table_that_the_lake_lacks_is_empty() -> None:
    assert sources(FakeLake(exists=False))["s3_access_log"]().data == []  # type: ignore[arg-type]


def test_files_that_duckdb_cannot_read_by_itself_are_read_by_pyiceberg() -> None:
    table = sources(FakeLake(WEEKLY, None))["rejected_record"]()  # type: ignore[arg-type]
    assert table.data == ("rows", tuple(table.table.arrow_schema.names))


def columns(lake: Lake, table: Table) -> list[frozenset[str] | None]:
    source = sources(lake)[table.name]()
    assert isinstance(source, TableSource)
    return list(source.columns)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_all_columns_of_a_file_are_known(table: Table, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    lake.create(table)
    rows = pa.Table.from_pylist(full_rows(table), schema=table.arrow_schema)[:1]
    partition = {name: rows[name][0].as_py() for name in table.partitions}
    address = f"{lake.load(table).location}/data/one.parquet"
    lake.load(table).append([write_file(table, rows, address, partition).descriptor], {})
    assert columns(lake, table) == [set(pq.read_schema(address).names)]
    assert lake.plain_files(table) == lake.load(table).plain_files()


def test_columns_of_files_are_known_until_one_had_another_name(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    commit(lake, 1)
    assert columns(lake, REJECTED_RECORD) == [set(REJECTED_RECORD.arrow_schema.names)]

    for names in (("record", "another"), ("another", "record")):
        with iceberg(lake).update_schema() as update:
            update.rename_column(*names)
    assert columns(lake, REJECTED_RECORD) == [None]


SUBSCRIBER_COLUMNS = [("account_id", "string", "Account id"), ("name", "string", "Name of the reader")]


@pytest.fixture(scope="module")
def two_databases(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake whose databases ``usage_lake`` and ``other-one`` have the subscribers a and b."""
    folder = str(tmp_path_factory.mktemp("lake"))
    for name, database in (("a", "usage_lake"), ("b", "other-one")):
        lake = Lake(folder, database)
        lake.create(SUBSCRIBER)
        lake.load(SUBSCRIBER).replace(pa.table([[name], [name]], schema=SUBSCRIBER.arrow_schema))
    return Lake(folder, "usage_lake")


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ('SELECT name FROM "other-one".subscriber', [("b",)]),
        ("SELECT name FROM usage_lake.subscriber", [("a",)]),
        ('SELECT u.name, o.name AS other FROM subscriber u, "awsdatacatalog"."other-one"."subscriber" o', [("a", "b")]),
        ("SELECT name, n FROM subscriber CROSS JOIN UNNEST(ARRAY[1, 2]) AS t (n) ORDER BY n", [("a", 1), ("a", 2)]),
        ('SELECT name, n FROM "other-one".subscriber CROSS JOIN (VALUES 1) AS t (n)', [("b", 1)]),
        ("SHOW DATABASES", [("other-one",), ("usage_lake",)]),
        ("show tables in usage_lake like '*_storage';", [("daily_storage", "One row per snapshot")]),
        ("SHOW TABLES LIKE 'daily_s%'", [("daily_storage", "One row per snapshot")]),
        (
            '-- what is\nDESCRIBE "other-one".subscriber',
            SUBSCRIBER_COLUMNS,
        ),
        ("SHOW COLUMNS IN subscriber", SUBSCRIBER_COLUMNS),
        (
            "SELECT DISTINCT data_type FROM information_schema.columns WHERE column_name = 'bytes_sent'",
            [("bigint",)],
        ),
        ("SELECT count(*) AS n FROM information_schema.tables WHERE table_name = 'access_request'", [(2,)]),
    ],
)
def test_every_database_of_a_lake_is_reached_and_says_what_it_has(
    sql: str, rows: list[tuple[object, ...]], two_databases: Lake
) -> None:
    with open_engine(two_databases) as engine:
        found = [tuple(row.values()) for row in engine.run(sql).to_pylist()]
    assert len(found) == len(rows)
    for row, expected in zip(found, rows, strict=True):
        assert all(
            value.startswith(start) if isinstance(start, str) else value == start
            for value, start in zip(row, expected, strict=False)
        )


def test_a_database_without_tables_is_an_error(two_databases: Lake) -> None:
    with open_engine(two_databases) as engine, pytest.raises(LakeError, match="no tables in database usage_lakes of"):
        engine.run("SELECT * FROM usage_lakes.subscriber")
