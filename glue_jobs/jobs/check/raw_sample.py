"""Check that a sample of raw objects, parsed again, contains the rows that are stored of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.enrich.readers.columns import comparable
from glue_jobs.errors import ArgumentError, UnreadableObjectError
from glue_jobs.jobs.check.ledger import counting_entries
from glue_jobs.jobs.check.parse_again import Reparsed, can_parse_again, parse_again
from glue_jobs.jobs.check.result import CheckResult
from glue_jobs.progress import counted
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.duckdb.table_source import TableSource, quoted
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.storage import Entry
from glue_jobs.tables.model import Table

# Raw objects expire. After this many attempts per wanted object, the others are assumed to be gone too.
MAX_TRIES_PER_OBJECT = 10


def check_raw_sample(
    engine: QueryEngine, pipelines: Iterable[Pipeline], raw: str, objects_per_source: int
) -> CheckResult:
    """Parse ingested objects below ``raw`` again with the fallbacks; each stored row must be among their records.

    The number of records must equal that in the ledger. The sample has the objects whose addresses have the smallest
    hashes, so it is the same each time. Unreadable objects, such as expired or changed ones, are skipped.

    Raises:
        ArgumentError: the ledger has no object below ``raw`` that can be parsed again.
    """
    wrong, objects, rows, unread, known = list[str](), 0, 0, list[str](), 0
    for pipeline in (each for each in pipelines if can_parse_again(each)):
        ledger = _ledger(engine, pipeline, raw)
        known += len(ledger)
        sample = _sample(pipeline, ledger, objects_per_source, unread)
        wrong += _different_counts(sample, ledger)
        for table in pipeline.record_tables:
            wrong += _differences(engine, table, sample)
        objects, rows = objects + len(sample), rows + sum(each.count for each in sample.values())
    if not known:
        raise ArgumentError(f"the ledger has no access logs, CloudTrail files or run summaries below {raw}")
    if not objects:
        wrong.append(f"none of {counted(len(unread), 'object')} could be read: {unread[0]}")
    gone = f"; {counted(len(unread), 'more object')} could not be read" if unread else ""
    return CheckResult(
        "raw", f"{counted(objects, 'object')} parsed again, {counted(rows, 'row')} as stored{gone}", (*wrong,)
    )


def _ledger(engine: QueryEngine, pipeline: Pipeline, raw: str) -> dict[str, tuple[Entry, int]]:
    """The ingested objects below ``raw`` with their numbers of records, by address in the order of the sample."""
    rows = engine.run(
        "SELECT key, min(etag) AS etag, min(size) AS size, min(last_modified) AS last_modified, min(records) AS records"
        f" FROM {counting_entries(pipeline)}"
        # An object that changed and was ingested again has stored rows of both versions.
        " GROUP BY key HAVING count(*) = 1"
    )
    below = rows.filter(pc.starts_with(rows["key"], f"{raw.rstrip('/')}/"))
    entries = [
        (Entry(row["key"], row["size"], row["etag"], row["last_modified"]), row["records"]) for row in below.to_pylist()
    ]
    entries.sort(key=lambda each: hashlib.sha256(each[0].address.encode("utf-8", "surrogateescape")).digest())
    return {entry.address: (entry, records) for entry, records in entries}


def _sample(
    pipeline: Pipeline, ledger: dict[str, tuple[Entry, int]], objects: int, unread: list[str]
) -> dict[str, Reparsed]:
    """The first objects that can be read, parsed again; adds the errors of the others to ``unread``."""
    sample: dict[str, Reparsed] = {}
    for entry, _ in [*ledger.values()][: objects * MAX_TRIES_PER_OBJECT]:
        if len(sample) == objects:
            break
        try:
            sample[entry.address] = parse_again(pipeline, RawObject(entry, None))
        except UnreadableObjectError as error:
            unread.append(str(error))
    return sample


def _different_counts(sample: dict[str, Reparsed], ledger: dict[str, tuple[Entry, int]]) -> Iterator[str]:
    for address, parsed in sample.items():
        records = ledger[address][1]
        if parsed.records != records:
            yield f"{address} has {counted(parsed.records, 'record')}, and {records:,} in the ledger"


def _differences(engine: QueryEngine, table: Table, sample: dict[str, Reparsed]) -> Iterator[str]:
    if not sample:
        return
    # Fewer rows may be stored than an object has records: duplicates and filtered management events are missing.
    columns = ", ".join(f'"{name}"' for name in (*table.record, "source_object"))
    addresses = ", ".join(map(quoted, sample))
    stored = engine.run(f"SELECT {columns} FROM {table.name} WHERE source_object IN ({addresses})")
    sources = {
        "stored": lambda: TableSource(table, comparable(table, stored)),
        "parsed": lambda: TableSource(table, comparable(table, _rows(table, sample))),
    }
    with QueryEngine(sources) as comparison:
        differing = comparison.run(
            "SELECT source_object, count(*) AS n FROM"
            f" (SELECT {columns} FROM stored EXCEPT ALL SELECT {columns} FROM parsed) AS differing"
            " GROUP BY source_object ORDER BY source_object"
        )
    for row in differing.to_pylist():
        verb = "differs" if row["n"] == 1 else "differ"
        yield f"{counted(row['n'], 'stored row')} of {row['source_object']} {verb} from its records"


def _rows(table: Table, sample: dict[str, Reparsed]) -> pa.Table:
    source = table.arrow_schema.field("source_object")
    return pa.concat_tables(
        parsed.of(table).append_column(source, pa.array([address] * parsed.of(table).num_rows, source.type))
        for address, parsed in sample.items()
    )
