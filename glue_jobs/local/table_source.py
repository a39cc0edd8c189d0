"""Where the rows of a query's tables are, and how DuckDB finds them there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class TableSource:
    """Where the rows of a table are.

    ``data`` is a list of Parquet files of the local file system, an Arrow table, or a pyarrow
    dataset. In files a column is found by its field id; one that a file does not have is null.
    ``constants`` has for each file, or for none, the columns that are known to hold one text on all its rows.
    """

    table: Table
    data: Sequence[str] | pa.Table | pa.dataset.Dataset
    constants: Sequence[Mapping[str, str]] = ()


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


def _files_query(table: Table, files: Sequence[str], constants: Sequence[Mapping[str, str]]) -> str:
    """The rows of the files; what is the same on all rows of a file is not read from it.

    A text that is read is hashed and compared on every row; joining snapshots by their labels took as long as all the
    rest of a query.
    """
    alike: defaultdict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for file, texts in zip(files, constants or [{}] * len(files), strict=True):
        alike[tuple(sorted(texts.items()))].append(file)
    return " UNION ALL ".join(_parquet_query(table, some, texts) for texts, some in alike.items())


def _parquet_query(table: Table, files: Sequence[str], constants: Sequence[tuple[str, str]]) -> str:
    columns = ", ".join(
        f"{column.field_id}: {{name: {_quoted(column.name)}, type: '{DUCKDB_TYPES[column.type]}', default_value: NULL}}"
        for column in table.columns
    )
    paths = ", ".join(map(_quoted, files))
    texts = ", ".join(f'{_quoted(text)} AS "{name}"' for name, text in constants)
    replaced = f" REPLACE ({texts})" if texts else ""
    return f"SELECT *{replaced} FROM read_parquet([{paths}], schema = MAP {{{columns}}})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
