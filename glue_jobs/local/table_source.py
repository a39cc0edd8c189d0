"""Where the rows of a query's tables are, and how DuckDB finds them there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from glue_jobs.table import Table

DUCKDB_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "binary": "BLOB",
    "array<string>": "VARCHAR[]",
}
"""DuckDB's name of every column type of :data:`glue_jobs.table.ARROW_TYPES`."""


Constant = str | date
"""A value that a file has on all its rows; a time is a date, too."""

Known = tuple[tuple[str, Constant], ...]

# A table of which more is told apart is planned longer than it is read.
MOST_QUERIES = 64


@dataclass(frozen=True)
class TableSource:
    """Where the rows of a table are.

    ``data`` is a list of Parquet files of the local file system, an Arrow table, or a pyarrow
    dataset. In files a column is found by its field id; one that a file does not have is null.
    ``constants`` has for each file, or for none, the columns that are known to hold one value on all its rows.
    """

    table: Table
    data: Sequence[str] | pa.Table | pa.dataset.Dataset
    constants: Sequence[Mapping[str, Constant]] = ()


@dataclass(frozen=True)
class ViewSource:
    """A view: a SELECT in Athena's SQL over other tables of the same engine."""

    select: str


Source = TableSource | ViewSource


def load_table(connection: duckdb.DuckDBPyConnection, name: str, source: TableSource) -> None:
    """Let the connection know the rows by that name."""
    data: Any = source.data
    if isinstance(data, Sequence) and not isinstance(data, str):
        if data:
            connection.execute(f'CREATE VIEW "{name}" AS {_files_query(source.table, data, source.constants)}')
            return
        data = source.table.arrow_schema.empty_table()
    connection.register(name, data)


def _files_query(table: Table, files: Sequence[str], constants: Sequence[Mapping[str, Constant]]) -> str:
    """The rows of the files; what is the same on all rows of a file is not read from it.

    What is read is hashed and compared on every row; joining snapshots by their labels took as long as all the rest of
    a query.
    """
    alike: dict[Known, list[str]] = {}
    for kinds in ((str, date), (str,), ()):
        alike = _alike(files, constants or [{}] * len(files), kinds)
        if len(alike) <= MOST_QUERIES:
            break
    return " UNION ALL ".join(_parquet_query(table, some, known) for known, some in alike.items())


def _alike(
    files: Sequence[str], constants: Sequence[Mapping[str, Constant]], kinds: tuple[type, ...]
) -> dict[Known, list[str]]:
    """The files by what is known of them, as far as it is of those kinds."""
    alike: defaultdict[Known, list[str]] = defaultdict(list)
    for file, known in zip(files, constants, strict=True):
        alike[tuple(sorted((name, value) for name, value in known.items() if isinstance(value, kinds)))].append(file)
    return alike


def _parquet_query(table: Table, files: Sequence[str], constants: Known) -> str:
    columns = ", ".join(
        f"{column.field_id}: {{name: {_quoted(column.name)}, type: '{DUCKDB_TYPES[column.type]}', default_value: NULL}}"
        for column in table.columns
    )
    paths = ", ".join(map(_quoted, files))
    types = {column.name: DUCKDB_TYPES[column.type] for column in table.columns}
    known = ", ".join(f'{_quoted(str(value))}::{types[name]} AS "{name}"' for name, value in constants)
    replaced = f" REPLACE ({known})" if known else ""
    return f"SELECT *{replaced} FROM read_parquet([{paths}], schema = MAP {{{columns}}})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
