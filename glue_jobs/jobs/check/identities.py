"""Check that no record is stored twice, by the rule by which ingestion drops duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from glue_jobs.jobs.check.result import CheckResult
from glue_jobs.progress import counted
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.tables.model import Table


def check_identities(engine: QueryEngine, tables: Iterable[Table]) -> CheckResult:
    """Check that no table with identity columns stores a record twice."""
    wrong, rows, names = [], 0, []
    for table in tables:
        names.append(table.name)
        rows += engine.run(f"SELECT count(*) AS n FROM {table.name}")["n"][0].as_py()
        for sql in _duplicates(table):
            wrong += [
                f"a record of {table.name} is stored {each['copies']:,} times: {table.identity[0]}"
                f" {each['identity'] or 'null'} in {each['source_object']}"
                for each in engine.run(sql).to_pylist()
            ]
    return CheckResult("duplicates", f"no record twice among {counted(rows, 'row')} of {', '.join(names)}", (*wrong,))


def _duplicates(table: Table) -> Iterator[str]:
    """Queries for records that are stored twice; rows of different partitions are different records."""
    has_id = table.same or table.repeats_without_id
    yield _query(table, table.compared, f'"{table.identity[0]}" IS NOT NULL' if has_id else "true")
    if table.same and not table.repeats_without_id:
        yield _query(table, table.compared_without_same, f'"{table.same[0]}" IS NULL')


def _query(table: Table, compared: tuple[str, ...], where: str) -> str:
    # All columns are compared only for rows that share an identity, which are few.
    partitions = [name for name in table.partitions if name not in table.record]
    identity, columns = (
        ", ".join(f'"{name}"' for name in dict.fromkeys((*names, *partitions))) for names in (table.identity, compared)
    )
    first = f'"{table.identity[0]}"'
    shared = f"SELECT {first} FROM {table.name} WHERE {where} GROUP BY {identity} HAVING count(*) > 1"
    return (
        f"SELECT CAST(min({first}) AS varchar) AS identity, min(source_object) AS source_object, count(*) AS copies"
        f" FROM {table.name} WHERE {where} AND ({first} IS NULL OR {first} IN ({shared}))"
        f" GROUP BY {columns} HAVING count(*) > 1 ORDER BY 2, 1"
    )
