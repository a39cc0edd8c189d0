"""Where the rows of a query's tables are, and how DuckDB finds them there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from glue_jobs.tables.model import Table

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
"""DuckDB's name of every column type of :data:`glue_jobs.tables.model.ARROW_TYPES`."""

Constants = tuple[tuple[str, str], ...]

# So many kinds of files are read one after the other by name. Files of events are of many: they lack what nobody had.
MOST_KINDS = 16


@dataclass(frozen=True)
class TableSource:
    """Where the rows of a table are.

    ``data`` is a list of Parquet files of the local file system, an Arrow table, or a pyarrow
    dataset. In files a column is found by its field id; one that a file does not have is null.
    ``constants`` has for each file, or for none, the columns that are known to hold one text on all its rows, and
    ``columns`` those that it has, under the table's names; None for a file of which they are not known.
    """

    table: Table
    data: Sequence[str] | pa.Table | pa.dataset.Dataset
    constants: Sequence[Mapping[str, str]] = ()
    columns: Sequence[frozenset[str] | None] = ()


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
            connection.execute(f'CREATE VIEW "{name}" AS {_files_query(source, data)}')
            return
        data = source.table.arrow_schema.empty_table()
    connection.register(name, data)


def _files_query(source: TableSource, files: Sequence[str]) -> str:
    """The rows of the files; what is the same on all rows of a file is not read from it.

    A text that is read is hashed and compared on every row; joining snapshots by their labels took as long as all the
    rest of a query. Files are read by name where that is possible with few kinds of them: DuckDB knows how many rows
    there are then, and not when columns are looked for by field id, so that it joins in a bad order.
    """
    constants = [tuple(sorted(texts.items())) for texts in source.constants or [{}] * len(files)]
    columns = source.columns
    if not columns or len(set(zip(constants, columns, strict=True))) > MOST_KINDS:
        columns = [None] * len(files)
    alike: defaultdict[tuple[Constants, frozenset[str] | None], list[str]] = defaultdict(list)
    for file, texts, names in zip(files, constants, columns, strict=True):
        alike[texts, names].append(file)
    return " UNION ALL ".join(
        _by_id(source.table, some, texts) if names is None else _by_name(source.table, some, texts, names)
        for (texts, names), some in alike.items()
    )


def _by_id(table: Table, files: Sequence[str], constants: Constants) -> str:
    columns = ", ".join(
        f"{column.field_id}: {{name: {_quoted(column.name)}, type: '{DUCKDB_TYPES[column.type]}', default_value: NULL}}"
        for column in table.columns
    )
    texts = ", ".join(f'{_quoted(text)} AS "{name}"' for name, text in constants)
    replaced = f" REPLACE ({texts})" if texts else ""
    return f"SELECT *{replaced} FROM read_parquet({_list(files)}, schema = MAP {{{columns}}})"


def _by_name(table: Table, files: Sequence[str], constants: Constants, names: frozenset[str]) -> str:
    known = {name: f'"{name}"' for name in names} | {name: _quoted(text) for name, text in constants}
    selected = ", ".join(
        f'{known.get(column.name, "NULL")}::{DUCKDB_TYPES[column.type]} AS "{column.name}"' for column in table.columns
    )
    return f"SELECT {selected} FROM read_parquet({_list(files)}, hive_partitioning = false)"


def _list(files: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, files))}]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
