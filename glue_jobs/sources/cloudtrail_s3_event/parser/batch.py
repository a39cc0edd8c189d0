"""Some objects to the events in them: all at once as documented, or else record by record so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress, repeat
from typing import Any

import msgspec
import pyarrow as pa

from glue_jobs.read.json_values import NOT_JSON
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Positions, Rejected
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import read_documents
from glue_jobs.sources.cloudtrail_s3_event.parser.event import (
    Event,
    Unusable,
    is_wanted,
    read_event,
    without_column,
)
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import by_name
from glue_jobs.sources.cloudtrail_s3_event.parser.times import any_time, documented_times, is_documented

Object = tuple[int, bytes]
"""Where an object begins, and its text."""


@dataclass
class Batch:
    """Events of S3 with their times and where their objects begin, and what is not among them.

    ``others`` has fields without a column by place in ``events``; ``filtered`` where objects of other records begin.
    """

    events: list[Event] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    others: dict[int, dict[str, msgspec.Raw]] = field(default_factory=dict)
    filtered: list[int] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, start: int, events: list[Event], times: list[int]) -> None:
        """Put events of the object that begins at ``start`` behind the others."""
        self.events += events
        self.times += times
        self.positions += repeat(start, len(events))

    @cached_property
    def fields(self) -> dict[str, tuple[Any, ...]]:
        """The values of each field, event by event; not to be asked for before the batch is complete."""
        return by_name(Event, self.events)


@dataclass(frozen=True, slots=True)
class _Found:
    """An event of S3 with its fields that nobody has documented, its text and its number in the object."""

    event: Event
    others: dict[str, msgspec.Raw]
    record: msgspec.Raw
    index: int


class _Document(msgspec.Struct):
    Records: list[Event]


_DOCUMENT = msgspec.json.Decoder(_Document)
_EVENT = msgspec.json.Decoder(Event)


def read_batch(objects: Sequence[Object]) -> Batch:
    """What some objects hold; a record that is not as documented makes its object be read record by record."""
    batch = Batch()
    for start, text in objects:
        if not _take_document(batch, start, text):
            _take_records(batch, start, text)
    _add_others(batch)
    return batch


def read_events(starts: Positions, texts: Mapping[int, Sequence[bytes]]) -> tuple[Batch, list[int]]:
    """Single events, by the numbers of their objects; and the numbers of objects with an event not as documented."""
    batch = Batch()
    undocumented = []
    for number, each in texts.items():
        try:
            events = [_EVENT.decode(text) for text in each]
        except NOT_JSON:
            events = []
        if not events or not _take_events(batch, int(starts[number]), events):
            undocumented.append(number)
    _add_others(batch)
    return batch, undocumented


def _take_document(batch: Batch, start: int, text: bytes) -> bool:
    """Add an object's events; False, and nothing is added, when some record is not as documented."""
    try:
        events = _DOCUMENT.decode(text).Records
    except NOT_JSON:
        return False
    return _take_events(batch, start, events)


def _take_events(batch: Batch, start: int, events: list[Event]) -> bool:
    wanted = list(map(is_wanted, events))
    if not all(wanted):
        if any(event.eventSource is None for event in events):
            return False
        events = list(compress(events, wanted))
    times = documented_times(pa.array([event.eventTime for event in events], pa.string()))
    if (times < 0).any():
        return False
    batch.add(start, events, times.tolist())
    batch.filtered += repeat(start, wanted.count(False))
    return True


def _take_records(batch: Batch, start: int, text: bytes) -> None:
    contents = read_documents(text)
    batch.rejected += [Rejected(start, each.reason, each.record, each.index) for each in contents.broken]
    found: list[_Found] = []
    for record, index in zip(contents.records, contents.indices, strict=True):
        try:
            event, others = read_event(record)
        except Unusable as problem:
            batch.rejected.append(Rejected(start, str(problem), bytes(record)[:MAX_RECORD_BYTES], index))
            continue
        if event is None:
            batch.filtered.append(start)
        else:
            found.append(_Found(event, others, record, index))
    found, times = _with_times(batch, start, found)
    for place, each in enumerate(found, len(batch.events)):
        if each.others:
            batch.others[place] = each.others
    batch.add(start, [each.event for each in found], times)


def _with_times(batch: Batch, start: int, found: list[_Found]) -> tuple[list[_Found], list[int]]:
    """Those with a time in any form, and the times; where it is not the documented one, its text is kept."""
    usable: list[_Found] = []
    times: list[int] = []
    for each in found:
        text = each.event.eventTime
        time = any_time(text)
        if time < 0:
            reason = f"eventTime {text[:40]!r} is not a date and time" if text else "the event has no eventTime"
            batch.rejected.append(Rejected(start, reason, bytes(each.record)[:MAX_RECORD_BYTES], each.index))
            continue
        if not is_documented(text or ""):
            each = replace(each, others={**each.others, "eventTime": msgspec.Raw(msgspec.json.encode(text))})
        usable.append(each)
        times.append(time)
    return usable, times


def _add_others(batch: Batch) -> None:
    """Note the documented fields that have no column."""
    for place, fields in without_column(batch.fields).items():
        batch.others.setdefault(place, {}).update(fields)
