"""Sources of a query's tables, and how DuckDB reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from glue_jobs.tables.model import Column, Table, athena_type

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset

DUCKDB_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "binary": "BLOB",
    "array<string>": "VARCHAR[]",
}
"""The DuckDB type for each column type of :data:`glue_jobs.tables.model.TYPES`."""


def duckdb_type(column: Column) -> str:
    """The DuckDB type of a column."""
    return DUCKDB_TYPES[column.type] if column.arrow_type is None else _nested_type(column.arrow_type)


def _nested_type(arrow_type: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_struct(arrow_type):
        fields = [f'"{field.name}" {_nested_type(field.type)}' for field in arrow_type]
        return f"STRUCT({', '.join(fields)})"
    if pa.types.is_list(arrow_type):
        return f"{_nested_type(arrow_type.value_type)}[]"
    return DUCKDB_TYPES[athena_type(arrow_type)]


Constants = tuple[tuple[str, str], ...]

# Files of one kind have the same columns and constants. Each kind read by name is one branch of a UNION ALL; files of
# events come in many kinds, because a file lacks the columns that none of its rows has.
MAX_FILE_KINDS = 16


@dataclass(frozen=True)
class TableSource:
    """The rows of a table.

    ``data`` is a list of local Parquet files, an Arrow table, or a pyarrow dataset. Columns of files are found by field
    id; a column that a file lacks is null. ``constants`` has, for each file or for none, the text columns with one
    value in all its rows. ``columns`` has, for each file or for none, the names of its columns; None if unknown.
    """

    table: Table
    data: Sequence[str] | pa.Table | pa.dataset.Dataset
    constants: Sequence[Mapping[str, str]] = ()
    columns: Sequence[frozenset[str] | None] = ()


Source = str | Callable[[], TableSource]
"""A view is a SELECT in Athena's SQL over other tables of the same engine; a table is a function."""


def load_table(connection: duckdb.DuckDBPyConnection, name: str, source: TableSource) -> None:
    """Make the rows known to the connection as table ``name``.

    Files are read by column name if they are of at most `MAX_FILE_KINDS` kinds, and by field id otherwise.
    """
    data: Any = source.data
    if isinstance(data, Sequence) and not isinstance(data, str):
        select = _files_query(source, data) if data else _no_rows(source.table)
        connection.execute(f'CREATE VIEW "{name}" AS {select}')
        return
    connection.register(name, data)


def _no_rows(table: Table) -> str:
    columns = ", ".join(f'NULL::{duckdb_type(column)} AS "{column.name}"' for column in table.columns)
    return f"SELECT {columns} WHERE false"


def _files_query(source: TableSource, files: Sequence[str]) -> str:
    """A SELECT of all rows of the files; constants of a file are literals in it.

    Two measurements decided this. Joining snapshots by text columns took half the time of a query, because DuckDB
    hashes and compares a text that it reads row by row. And DuckDB knows the number of rows of files that it reads by
    name, but not by field id; without it, it joins tables in a bad order.
    """
    constants = [tuple(sorted(texts.items())) for texts in source.constants or [{}] * len(files)]
    columns = source.columns
    if not columns or (not source.table.inferred and len(set(zip(constants, columns, strict=True))) > MAX_FILE_KINDS):
        columns = [None] * len(files)
    kinds: defaultdict[tuple[Constants, frozenset[str] | None], list[str]] = defaultdict(list)
    for file, texts, names in zip(files, constants, columns, strict=True):
        kinds[texts, names].append(file)
    return " UNION ALL ".join(
        _by_id(source.table, alike, texts) if names is None else _by_name(source.table, alike, texts, names)
        for (texts, names), alike in kinds.items()
    )


def _by_id(table: Table, files: Sequence[str], constants: Constants) -> str:
    columns = ", ".join(
        f"{column.field_id}: {{name: {quoted(column.name)}, type: '{duckdb_type(column)}', default_value: NULL}}"
        for column in table.columns
    )
    texts = ", ".join(f'{quoted(text)} AS "{name}"' for name, text in constants)
    replaced = f" REPLACE ({texts})" if texts else ""
    return f"SELECT *{replaced} FROM read_parquet({_list(files)}, schema = MAP {{{columns}}})"


def _by_name(table: Table, files: Sequence[str], constants: Constants, names: frozenset[str]) -> str:
    known = {name: f'"{name}"' for name in names} | {name: quoted(text) for name, text in constants}
    selected = ", ".join(
        f'{known.get(column.name, "NULL")}::{duckdb_type(column)} AS "{column.name}"' for column in table.columns
    )
    return f"SELECT {selected} FROM read_parquet({_list(files)}, hive_partitioning = false)"


def _list(files: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, files))}]"


def quoted(text: str) -> str:
    """The text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
