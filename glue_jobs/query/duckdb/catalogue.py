"""What the tables of a lake are: ``information_schema``, and the statements SHOW and DESCRIBE, which read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from glue_jobs.query.duckdb.table_source import Source, TableSource
from glue_jobs.query.saved.metadata import ReturnedColumn
from glue_jobs.query.saved.view import SavedView
from glue_jobs.tables.model import Column, Table

INFORMATION_SCHEMA = "information_schema"

_TABLES = Table(
    name="tables",
    description="One row per table or view of the database.",
    columns=(
        Column(1, "table_schema", "string", "The database."),
        Column(2, "table_name", "string", "The table or view."),
        Column(3, "table_type", "string", "BASE TABLE or VIEW, as in Athena."),
        Column(4, "comment", "string", "What one row is."),
    ),
    partitions=(),
)
_COLUMNS = Table(
    name="columns",
    description="One row per column of a table or view.",
    columns=(
        Column(1, "table_schema", "string", "The database."),
        Column(2, "table_name", "string", "The table or view."),
        Column(3, "column_name", "string", "The column."),
        Column(4, "ordinal_position", "bigint", "Its place in the table, from 1 on."),
        Column(5, "data_type", "string", "Its type, by Athena's name."),
        Column(6, "comment", "string", "What a value means."),
    ),
    partitions=(),
)

_COMMENT = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_NAME = r'"?(?P<{}>[\w-]+)"?'
_QUALIFIED = rf"(?:(?:\"?[\w-]+\"?\.)?{_NAME.format('database')}\.)?{_NAME.format('table')}"
# https://docs.aws.amazon.com/athena/latest/ug/show-tables.html and the pages beside it.
_STATEMENTS = tuple(
    (re.compile(_COMMENT + form + _COMMENT + ";?" + _COMMENT, re.IGNORECASE | re.DOTALL), select)
    for form, select in (
        (
            rf"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+{_NAME.format('database')})?(?:\s+(?:LIKE\s+)?'(?P<like>[^']*)')?",
            "SELECT table_name, comment FROM information_schema.tables WHERE {database} AND {like} ORDER BY table_name",
        ),
        (
            rf"(?:DESCRIBE|DESC|SHOW\s+COLUMNS\s+(?:IN|FROM))\s+{_QUALIFIED}",
            "SELECT column_name, data_type, comment FROM information_schema.columns"
            " WHERE {database} AND table_name = '{table}' ORDER BY ordinal_position",
        ),
        (
            r"SHOW\s+(?:DATABASES|SCHEMAS)",
            "SELECT DISTINCT table_schema AS database_name FROM information_schema.tables ORDER BY 1",
        ),
    )
)


def as_select(sql: str, database: str) -> str:
    """The SELECT on information_schema that answers SHOW or DESCRIBE; any other statement unchanged.

    A name without a database is one of ``database``.
    """
    for form, select in _STATEMENTS:
        if found := form.fullmatch(sql):
            texts = {name: (text or "").lower() for name, text in found.groupdict().items()}
            # In SHOW TABLES of Athena, * is any text; no name has a %, the sign for it after LIKE in a SELECT.
            pattern = re.sub(r"(?<!\.)\*|%", ".*", texts.get("like", ""))
            return select.format(
                database=f"table_schema = '{texts.get('database') or database}'",
                table=texts.get("table"),
                like=f"regexp_like(table_name, '^({pattern})$')" if pattern else "true",
            )
    return sql


def named_table(sql: str) -> str | None:
    """The table that a DESCRIBE or SHOW COLUMNS names, in lower case; None for any other statement."""
    found = _STATEMENTS[1][0].fullmatch(sql)
    return found["table"].lower() if found else None


def information_schema(databases: Callable[[], Mapping[str, Sequence[Table]]]) -> Mapping[str, Source]:
    """The tables ``tables`` and ``columns``, which describe the tables and views of the databases."""
    return {
        "tables": lambda: _source(_TABLES, (row for each in databases().items() for row in _tables(*each))),
        "columns": lambda: _source(_COLUMNS, (row for each in databases().items() for row in _columns(*each))),
    }


def _source(table: Table, rows: Iterable[tuple[object, ...]]) -> TableSource:
    import pyarrow as pa

    names = table.arrow_schema.names
    return TableSource(
        table, pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=table.arrow_schema)
    )


def _tables(database: str, tables: Sequence[Table]) -> list[tuple[object, ...]]:
    declared = [(database, table.name, "BASE TABLE", table.description) for table in tables]
    return [*declared, *((database, view.name, "VIEW", view.metadata.title) for view in SavedView.all())]


def _columns(database: str, tables: Sequence[Table]) -> list[tuple[object, ...]]:
    of_tables: list[tuple[str, Sequence[Column | ReturnedColumn]]] = [(table.name, table.columns) for table in tables]
    of_views = [(view.name, view.metadata.returns) for view in SavedView.all()]
    return [
        (database, name, column.name, number, column.type, column.description)
        for name, columns in [*of_tables, *of_views]
        for number, column in enumerate(columns, 1)
    ]
