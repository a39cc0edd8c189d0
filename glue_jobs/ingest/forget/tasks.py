"""Search data files for rows of a person, and rewrite the files without these rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags
from glue_jobs.ingest.forget.person import Person
from glue_jobs.ingest.staging.data_files import NewFile, read_columns, read_file
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.model import READER, Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD


@dataclass(frozen=True)
class PersonRows:
    """The rows of a person in one data file: their number, and the number of their ``records`` by raw object.

    ``files`` have the other rows, if the file was rewritten. ``places`` identifies, by column, the rejected records.
    ``keys`` are the ids of the keys that made the reader ids in the file. ``addresses`` are the IP addresses stored
    beside reader ids of the person.
    """

    address: str
    rows: int = 0
    records: Counter[str] = field(default_factory=Counter)
    files: tuple[NewFile, ...] = ()
    places: Mapping[str, list[object]] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


def search(context: TaskContext[Pipeline] | None, person: Person, table: Table, address: str) -> PersonRows:
    """Search a file for rows of the person; with a context, write its other rows to a new file."""
    is_rejected = table == REJECTED_RECORD
    places = ("object", "position", "run_id") if is_rejected else ()
    counted = (*places, "records") if is_rejected else ("source_object",)
    key = READER[2:] if table.address else ()
    rows = read_columns(table, address, (*dict.fromkeys((*person.columns(table), *counted, *key)),))
    keys = frozenset(pc.unique(rows[READER[2]]).drop_null().to_pylist() if key else ())
    found = person.has(table, rows)
    if not found.any():
        return PersonRows(address, keys=keys)
    own = rows.select(counted).filter(pa.array(found))
    records: Counter[str] = Counter()
    numbers = own["records"].fill_null(1).to_pylist() if is_rejected else [1] * own.num_rows
    for raw, number in zip(own[counted[0]].cast(pa.string()).to_pylist(), numbers, strict=True):
        records[raw] += number
    files = () if context is None else (*_without(context, table, address, found),)
    return PersonRows(
        address, own.num_rows, records, files, own.select(places).to_pydict(), keys, _addresses(person, table, rows)
    )


def _addresses(person: Person, table: Table, rows: pa.Table) -> frozenset[str]:
    if not table.address:
        return frozenset()
    ids = pa.array(sorted(person.reader_ids), pa.string())
    of_reader = rows[table.address].filter(pc.is_in(rows[READER[0]].cast(pa.string()), value_set=ids))
    return frozenset(pc.unique(of_reader).drop_null().to_pylist())


def _without(context: TaskContext[Pipeline], table: Table, address: str, found: Flags) -> list[NewFile]:
    rows = read_file(table, address).filter(pa.array(~found))
    return write_partitions(context, table, rows) if rows.num_rows else []


def settle(context: TaskContext[Pipeline], table: Table, address: str, left: dict[str, Counter[str]]) -> list[NewFile]:
    """Rewrite a file of the ledger, with the records of ``left`` counted as filtered.

    ``left`` has, for rows and for rejected records, the number of removed ones by raw object. What this call counts is
    subtracted from it.
    """
    ledger = read_file(table, address)
    keys = ledger["key"].cast(pa.string()).to_pylist()
    columns = {name: ledger[name].to_numpy().copy() for name in (*left, "filtered")}
    for name, counts in left.items():
        for at, key in enumerate(keys):
            gone = min(counts[key], int(columns[name][at])) if key in counts else 0
            columns[name][at] -= gone
            columns["filtered"][at] += gone
            if gone:
                counts[key] -= gone
    for name, values in columns.items():
        at = ledger.column_names.index(name)
        ledger = ledger.set_column(at, ledger.schema.field(at), pa.array(np.asarray(values, np.int64)))
    return write_partitions(context, table, ledger)


def names_any(table: Table, address: str, keys: frozenset[str]) -> bool:
    """Whether a file of the ledger has a row of one of the raw objects."""
    return not keys.isdisjoint(read_columns(table, address, ("key",))["key"].cast(pa.string()).to_pylist())
