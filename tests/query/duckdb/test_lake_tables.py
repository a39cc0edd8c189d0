"""The lake's tables and views as sources of the query engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.errors import LakeError
from glue_jobs.ingest.data_files import write_file
from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.lake_tables import open_engine, sources
from glue_jobs.query.duckdb.table_source import TableSource
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.pipelines import TABLES
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER
from tests.ingest.test_data_files import full_rows
from tests.lake.small_commits import commit, iceberg, new_lake


class FakeLake:
    """A lake in which every table has the given files."""

    def __init__(self, *files: tuple[str, bool], exists: bool = True) -> None:
        self._files = files
        self._exists = exists
        self.loaded: list[str] = []

    def has(self, _table: Table) -> bool:
        return self._exists

    def load(self, table: Table) -> Any:
        self.loaded.append(table.name)
        # Files of snapshots of the inventory "weekly", and one that another program merged from several.
        values = {"source_bucket": "b", "snapshot_date": date(2026, 3, 8), "inventory_id": "weekly"}
        file_constants = [
            tuple(None if "merged" in address else values.get(name) for name in table.file_constants)
            for address, _ in self._files
        ]
        partition = tuple(values.get(name) for name in table.partitions)
        files = [
            SimpleNamespace(address=address, has_deletes=deletes, partition=partition, file_constants=of)
            for (address, deletes), of in zip(self._files, file_constants, strict=True)
        ]
        return SimpleNamespace(
            files=lambda: files, rows=lambda columns: ("rows", columns), columns_of=lambda file: None
        )


def test_all_tables_and_views_are_known_and_loaded_on_demand() -> None:
    lake = FakeLake(("/lake/x.parquet", False))
    known = sources(lake)  # type: ignore[arg-type]
    views = {view.name for view in SavedView.all()}
    assert (set(known), lake.loaded) == ({table.name for table in TABLES} | views, [])
    assert known["s3_access_log"]().data == ["/lake/x.parquet"]
    assert lake.loaded == ["s3_access_log"]


def test_a_source_has_the_constants_of_each_file() -> None:
    known = sources(FakeLake(("/lake/x.parquet", False), ("/lake/merged.parquet", False)))  # type: ignore[arg-type]
    assert known["s3_inventory_object"]().constants == [
        {"source_bucket": "b", "inventory_id": "weekly"},
        {"source_bucket": "b"},
    ]
    assert known["s3_access_log"]().constants == [{}, {}]


def test_a_table_that_the_lake_lacks_is_empty() -> None:
    assert sources(FakeLake(exists=False))["s3_access_log"]().data == []  # type: ignore[arg-type]


@pytest.mark.parametrize("second", [("s3://b/y.parquet", False), ("/lake/y.parquet", True)])
def test_files_on_s3_or_with_deletes_are_read_by_pyiceberg(second: tuple[str, bool]) -> None:
    known = sources(FakeLake(("/lake/x.parquet", False), second))  # type: ignore[arg-type]
    table = known["rejected_record"]()
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
        ("SHOW DATABASES", [("other-one",), ("usage_lake",)]),
        ("show tables in usage_lake like '*_storage';", [("daily_storage", "One row per snapshot")]),
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
