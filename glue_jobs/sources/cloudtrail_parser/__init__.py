"""The parser of CloudTrail files: bytes in, Arrow rows of S3 events and rejected records out, nothing else touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.sources.cloudtrail_parser.columns import PARSED_SCHEMA, event_times, table_of
from glue_jobs.sources.cloudtrail_parser.documents import KEPT, Contents, read_documents
from glue_jobs.sources.cloudtrail_parser.event import Events, read_events
from glue_jobs.sources.parsed import Parsed, Positions, Rejected

__all__ = ["parse_cloudtrail"]

# JSON of so many records at a time becomes Python objects, about twice its size. Pieces of a
# document are smaller.
BATCH = 48 * 2**20


def parse_cloudtrail(data: bytes, starts: Sequence[int] | Positions = (0,)) -> Parsed:
    """Rows, rejected and filtered records of whole JSON documents, one object's from each of ``starts`` on.

    Filtered are events of other services and summaries of events. ``positions`` are where a record's document begins,
    ``Rejected.index`` is the number of the record in it. A document that cannot be read at all is one rejected record.
    Never raises for what the bytes say.
    """
    view = memoryview(data)
    edges = [*map(int, starts), len(view)]
    objects = [(start, read_documents(view[start:end])) for start, end in pairwise(edges)]
    parsed = _Rows(objects)
    for first, last in _batches(parsed.records):
        parsed.take(first, last)
    return parsed.all()


def _batches(records: list[msgspec.Raw]) -> Iterator[tuple[int, int]]:
    ends = np.cumsum(np.fromiter(map(len, records), np.int64, len(records)))
    batches = ends // BATCH
    edges = [0, *(np.flatnonzero(np.diff(batches)) + 1).tolist(), len(records)]
    return pairwise(edges) if len(records) else iter(())


class _Rows:
    """Rows and the rest, gathered batch by batch."""

    def __init__(self, objects: list[tuple[int, Contents]]) -> None:
        self.records = [record for _, contents in objects for record in contents.records]
        counts = [len(contents.records) for _, contents in objects]
        self._positions = np.repeat(np.array([start for start, _ in objects], dtype=np.int64), counts)
        self._indices = [index for _, contents in objects for index in contents.indices]
        self._tables: list[pa.Table] = []
        self._rows: list[npt.NDArray[np.int64]] = []
        self._filtered: list[int] = []
        self._rejected = [
            Rejected(start, broken.reason, broken.record, broken.index)
            for start, contents in objects
            for broken in contents.broken
        ]

    def take(self, first: int, last: int) -> None:
        """Read the records from ``first`` up to ``last``."""
        events = read_events(self.records[first:last])
        times = event_times(events.found)
        if (times < 0).any():
            events = _without_time(events, times)
            times = times[times >= 0]
        for place, reason in events.refused.items():
            self._reject(first + place, reason)
        self._filtered += [first + place for place in events.filtered]
        if events.found:
            self._tables.append(table_of(events, times))
            self._rows.append(np.array(events.places, dtype=np.int64) + first)

    def _reject(self, place: int, reason: str) -> None:
        record = bytes(self.records[place])[:KEPT]
        self._rejected.append(Rejected(int(self._positions[place]), reason, record, self._indices[place]))

    def all(self) -> Parsed:
        """What was found."""
        rows = PARSED_SCHEMA.empty_table()
        if len(self._tables) == 1:
            rows = self._tables[0]
        elif self._tables:
            rows = pa.concat_tables(self._tables).unify_dictionaries().combine_chunks()
        places = np.concatenate([np.zeros(0, dtype=np.int64), *self._rows])
        self._rejected.sort(key=lambda each: (each.position, each.index or 0))
        return Parsed(
            rows,
            self._positions[places],
            rows.num_rows + len(self._rejected) + len(self._filtered),
            self._rejected,
            self._positions[np.array(self._filtered, dtype=np.int64)],
        )


def _without_time(events: Events, times: npt.NDArray[np.int64]) -> Events:
    """The events that have a time; the others are refused."""
    kept = np.flatnonzero(times >= 0).tolist()
    refused = dict(events.refused)
    for number in np.flatnonzero(times < 0).tolist():
        text = events.found[number].eventTime
        reason = "the event has no eventTime" if not text else f"eventTime {text[:40]!r} is not a date and time"
        refused[events.places[number]] = reason
    others = {new: events.others[old] for new, old in enumerate(kept) if old in events.others}
    found = [events.found[number] for number in kept]
    return Events(found, [events.places[number] for number in kept], others, refused, events.filtered)
