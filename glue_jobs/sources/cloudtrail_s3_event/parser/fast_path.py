"""The fast path: S3 events in the form that AWS writes become columns without a Python object for each value.

An event is cut into fragments. It is accepted if every fragment, decoded alone, is a list of whole JSON fields that
only this fragment may have: the event then consists of these fields, with commas between them. Every other event is
left to the fallback, `batch`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags, Places
from glue_jobs.read.parsed import NO_POSITIONS, Positions
from glue_jobs.sources.cloudtrail_s3_event.parser import columns as table
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import Piece
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.parser.event import S3_SERVICES, SUMMARIES, add_without_column
from glue_jobs.sources.cloudtrail_s3_event.parser.event_boundaries import IDS, TIME, Slices, find_events
from glue_jobs.sources.cloudtrail_s3_event.parser.event_fragments import FORMATS, Fragment
from glue_jobs.sources.cloudtrail_s3_event.parser.event_texts import PLACEHOLDER, SlicedTexts, fixed_width, text_column
from glue_jobs.sources.cloudtrail_s3_event.parser.nested import EventData, documented_event_data
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import at_places, json_texts, spread, whole_numbers
from glue_jobs.sources.cloudtrail_s3_event.parser.times import documented_times

# The bytes before an id that differs in every event, and the id's width in bytes. Few host ids have another width.
SHARED_ID = (b'"sharedEventID":"', 36)
HOST_ID = (b'"x-amz-id-2":"', 76)

# Offsets in Arrow's texts have 31 bits. Every event that is read here is longer than the minimum.
_BYTES = range(128, 2**31)


@dataclass(frozen=True)
class FastPath:
    """The result of the fast path. Objects are numbered in the order of their ``starts``.

    ``owners`` are the objects of the ``rows``, ``filtered`` those of events that belong to other tables. ``unread`` has
    all other pieces, by object. The objects in ``skipped`` were not read at all.
    """

    rows: pa.Table
    owners: Places
    filtered: Places
    unread: dict[int, list[Piece]]
    skipped: list[int]

    def without(self, objects: list[int]) -> FastPath:
        """The same, with these objects skipped too."""
        if not objects:
            return self
        kept = ~np.isin(self.owners, objects)
        filtered = self.filtered[~np.isin(self.filtered, objects)]
        return FastPath(_chosen(self.rows, kept), self.owners[kept], filtered, {}, sorted(self.skipped + objects))


def read_fast_path(data: bytes, starts: Positions) -> FastPath:
    """Read the events of objects that begin at ``starts``. All are skipped when the bytes are not UTF-8."""
    if len(data) not in _BYTES or utf8(data) is not data:
        return FastPath(table.PARSED_SCHEMA.empty_table(), NO_POSITIONS, NO_POSITIONS, {}, list(range(len(starts))))
    found = find_events(data, starts)
    unread = found.framed[found.owners]
    numbers = np.flatnonzero(unread & found.complete)
    events = _Events(data, {name: (begins[numbers], ends[numbers]) for name, (begins, ends) in found.slices.items()})
    proven, wanted = events.proven(), events.wanted()
    unread[numbers[proven]] = False
    owners = found.owners[numbers]
    pieces: dict[int, list[Piece]] = defaultdict(list)
    first = np.searchsorted(found.owners, found.owners)
    for number in np.flatnonzero(unread).tolist():
        text = data[found.begins[number] : found.ends[number]]
        pieces[int(found.owners[number])].append(Piece(number - int(first[number]), text))
    rows, skipped = _chosen(events.rows(), proven & wanted), np.flatnonzero(~found.framed).tolist()
    return FastPath(rows, owners[proven & wanted], owners[proven & ~wanted], pieces, skipped)


def _chosen(rows: pa.Table, chosen: Flags) -> pa.Table:
    return rows if chosen.all() else rows.filter(pa.array(chosen)).combine_chunks()


class _Events:
    """The decoded fragments of events."""

    def __init__(self, data: bytes, slices: dict[str, Slices]) -> None:
        (times,), plain_times = fixed_width(data, slices["time"][0], TIME)
        (self.request_ids, self.event_ids), plain_ids = fixed_width(data, slices["ids"][0], IDS)
        self.times, self.plain = documented_times(times), plain_times & plain_ids
        self.event_data_texts = SlicedTexts(data, *slices["event_data"]).array
        event_data = SlicedTexts(data, *slices["event_data"])
        event_data.take_ids(*HOST_ID)
        texts = {name: SlicedTexts(data, *slices[name]) for name in FORMATS}
        rows, shared_ids = texts["rest"].take_ids(*SHARED_ID)
        self.shared_ids = at_places(text_column(shared_ids), rows, len(self.times))
        self.fragments = [
            *(each.read(texts[name]) for name, each in FORMATS.items()),
            Fragment.of(event_data.array, EventData, documented_event_data),
        ]
        self.fragment_of = {field: fragment for fragment in self.fragments for field in fragment.values}

    def proven(self) -> Flags:
        """Flags of the events that are exactly what their fragments say."""
        proven = self.plain & (self.times >= 0)
        for fragment in self.fragments:
            proven &= fragment.proven()
        proven &= self._flags("eventSource", lambda value: value is not None)
        # The replaced id must be the event's own, not one inside another field.
        placeholder = PLACEHOLDER[: SHARED_ID[1]]
        own_id = self._flags("sharedEventID", lambda value: value == placeholder)
        proven &= own_id | self.shared_ids.is_null().to_numpy(zero_copy_only=False)
        return proven

    def wanted(self) -> Flags:
        """Flags of the events that belong to the table."""
        of_s3 = self._flags("eventSource", lambda value: value in S3_SERVICES)
        return of_s3 & self._flags("eventCategory", lambda value: value not in SUMMARIES)

    def _flags(self, field: str, test: Callable[[Any], bool]) -> Flags:
        fragment = self.fragment_of[field]
        return fragment.flags(map(test, fragment.values[field]))

    def rows(self) -> pa.Table:
        """The events as rows of the table; the rows of unproven events are meaningless."""
        rest = self.fragment_of["sharedEventID"]
        shared_ids = spread(pa.array(rest.values["sharedEventID"], pa.string()), rest.codes)
        add_without_column(rest.others, rest.values)
        others = table.other_fields(rest.others, len(rest.whole))
        columns = {
            "event_time": pa.array(self.times, pa.timestamp("us")),
            "request_id": self.request_ids,
            "event_id": self.event_ids,
            "shared_event_id": pc.coalesce(self.shared_ids, shared_ids.dictionary_decode()),
            "additional_event_data": self.event_data_texts,
            **{name: pa.array(rest.values[field], pa.bool_()).take(rest.codes) for name, field in table.FLAGS.items()},
            "other_fields": spread(pa.array(others, pa.string()), rest.codes).dictionary_decode(),
        }
        for name, field in table.EVENT_DATA_SIZES.items():
            fragment = self.fragment_of[field]
            columns[name] = whole_numbers(fragment.values[field]).take(fragment.codes)
        for name, field in {**table.NAMES, **table.TEXTS, **table.EVENT_DATA_TEXTS}.items():
            if name not in columns:
                fragment, is_json = self.fragment_of[field], name in table.TEXTS
                values = fragment.values[field]
                texts = json_texts(values) if is_json else pa.array(values, pa.string())
                columns[name] = spread(texts, fragment.codes)
        return table.parsed_rows(columns)
