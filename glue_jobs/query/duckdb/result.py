"""The result of a query from DuckDB: as an Arrow table, or as Python values."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import duckdb

from glue_jobs.query.answer import Answer
from glue_jobs.query.duckdb.athena_sql import QueryError

if TYPE_CHECKING:
    import pyarrow as pa

# DuckDB's sums of bigint, which Athena has as bigint.
SUM = "HUGEINT"
# The difference of two times.
SPAN = "INTERVAL"
MAX_BIGINT = 2**63 - 1

# Types whose values are the same in Python whether they come from DuckDB or from Arrow.
_PLAIN = re.compile(
    r"(BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|BLOB|DATE|TIMESTAMP"
    r"|INTERVAL|VARCHAR\[\])"
)


def arrow_table(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    """The rows as an Arrow table; raises QueryError if a sum is too large for a bigint."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types = [str(kind) for kind in relation.types]
    answer = relation.to_arrow_table()
    for index, kind in enumerate(types):
        name = answer.schema.names[index]
        if kind == SUM:
            try:
                column = pc.cast(answer.column(index), pa.int64())
            except pa.ArrowInvalid as error:
                raise _too_large(name) from error
            answer = answer.set_column(index, name, column)
        elif kind == SPAN:
            # Neither Parquet nor most programs know Arrow's months, days and nanoseconds.
            spans = [None if each is None else _timedelta(*each) for each in answer.column(index).to_pylist()]
            answer = answer.set_column(index, name, pa.array(spans, pa.duration("us")))
    return answer


def _timedelta(months: int, days: int, nanoseconds: int) -> timedelta:
    return timedelta(days=30 * months + days, microseconds=nanoseconds // 1000)


def python_values(relation: duckdb.DuckDBPyRelation) -> Answer:
    """The rows as Python values; raises QueryError if a sum is too large for a bigint."""
    types = [str(kind) for kind in relation.types]
    if not all(map(_PLAIN.fullmatch, types)):
        return Answer.of(arrow_table(relation))
    answer = Answer(relation.columns, relation.fetchall())
    for index, kind in enumerate(types):
        if kind == SUM and any(value is not None and abs(value) > MAX_BIGINT for value in answer.column(index)):
            raise _too_large(answer.column_names[index])
    return answer


def _too_large(name: str) -> QueryError:
    return QueryError(f"a value of column {name!r} is too large for bigint")
