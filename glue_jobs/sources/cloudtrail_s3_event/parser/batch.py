"""The fallback: decodes events to typed structs, whole objects at once or, so that none is lost, record by record."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from glue_jobs.read.framing.json_documents import OVERLONG
from glue_jobs.read.framing.json_records import RECORDS
from glue_jobs.read.framing.json_values import NOT_JSON
from glue_jobs.read.parsed import (
    MAX_READ_RECORD_BYTES,
    MAX_RECORD_BYTES,
    MAX_REJECTED_PER_PARSE,
    Positions,
    Rejected,
)
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import read_documents
from glue_jobs.sources.cloudtrail_s3_event.parser.event import (
    Event,
    InvalidRecord,
    JsonFields,
    add_without_column,
    belongs_to_table,
    read_event,
)
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import by_name
from glue_jobs.sources.cloudtrail_s3_event.parser.times import any_time, documented_times, is_documented

Object = tuple[int, bytes]
"""The position of an object, and its UTF-8 text."""


class Piece(NamedTuple):
    """Part of the text of a list of records: one record, or several with commas between them.

    ``number`` counts the pieces of the list before this one. It is less than the number of records before it if one of
    those pieces holds several.
    """

    number: int
    text: bytes


@dataclass
class Batch:
    """Events of the table with their times and the positions of their objects, and the records that are not among them.

    ``others`` maps the index of an event to its fields without a column. ``filtered`` has, for each record of another
    table, the position of its object. ``repeated`` has the same by reason for rejected records beyond
    MAX_REJECTED_PER_PARSE.
    """

    events: list[Event] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    others: dict[int, JsonFields] = field(default_factory=dict)
    filtered: list[int] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    repeated: dict[str, array[int]] = field(default_factory=dict)

    @cached_property
    def fields(self) -> dict[str, tuple[Any, ...]]:
        """The values of each field, event by event. They are cached, so the batch must be complete."""
        return by_name(Event, self.events)


class _Document(msgspec.Struct):
    Records: list[Event]


_DOCUMENT = msgspec.json.Decoder(_Document)
_EVENT = msgspec.json.Decoder(Event)


def read_batch(objects: Sequence[Object]) -> Batch:
    """All records of some objects. An object with a record that is not as documented is read record by record."""
    batch = Batch()
    documents = [(start, _decoded(_DOCUMENT, text)) for start, text in objects]
    events = [(start, document and document.Records) for start, document in documents]
    _add_events(batch, events, lambda place: _add_records(batch, *objects[place]))
    add_without_column(batch.others, batch.fields)
    return batch


def read_pieces(starts: Positions, pieces: Mapping[int, Sequence[Piece]]) -> tuple[Batch, list[int]]:
    """The records in pieces, which are given by object number, and the numbers of objects with unreadable pieces.

    The rest of each object must have been read: a record for each number that no piece has, with commas between all.
    """
    batch = Batch()
    numbers, unreadable = list(pieces), list[int]()
    events = [[_decoded(_EVENT, piece.text) for piece in each] for each in pieces.values()]
    objects = [
        (int(starts[number]), None if None in each else each) for number, each in zip(numbers, events, strict=True)
    ]

    def read_one_by_one(place: int) -> None:
        number = numbers[place]
        if not _add_pieces(batch, int(starts[number]), pieces[number]):
            unreadable.append(number)

    _add_events(batch, objects, read_one_by_one)
    add_without_column(batch.others, batch.fields)
    return batch, unreadable


def _decoded(decoder: msgspec.json.Decoder[Any], text: bytes) -> Any:
    """The decoded text; None if the decoder does not accept it."""
    try:
        return decoder.decode(text)
    except NOT_JSON:
        return None


def _add_events(batch: Batch, objects: Sequence[tuple[int, Any]], other: Callable[[int], object]) -> None:
    """Add the events of objects, each with its position.

    An object that was not decoded, or has an event without source or with an undocumented time, adds nothing: ``other``
    is called with the object's index instead.
    """
    wanted = [_of_table(events) for _, events in objects]
    # Once for all objects: a few events take as long as a thousand.
    times = documented_times(pa.array([event.eventTime for each in wanted for event in each or ()], pa.string()))
    end = 0
    for place, (chosen, (start, events)) in enumerate(zip(wanted, objects, strict=True)):
        begin, end = end, end + len(chosen or ())
        if chosen is None or (times[begin:end] < 0).any():
            other(place)
            continue
        batch.events += chosen
        batch.times += times[begin:end].tolist()
        batch.positions += repeat(start, len(chosen))
        batch.filtered += repeat(start, len(events) - len(chosen))


def _of_table(events: list[Event] | None) -> list[Event] | None:
    """The S3 events that are not summaries; None if an event has no source."""
    if events is None or any(event.eventSource is None for event in events):
        return None
    return list(filter(belongs_to_table, events))


def _add_records(batch: Batch, start: int, text: bytes) -> None:
    contents = read_documents(text)
    for each in contents.broken:
        _reject(batch, start, each.reason, each.record, each.index)
    may_be_overlong = len(text) > MAX_READ_RECORD_BYTES
    for record, index in zip(contents.records, contents.indices, strict=True):
        if may_be_overlong and memoryview(record).nbytes > MAX_READ_RECORD_BYTES:
            _reject(batch, start, OVERLONG, memoryview(record), index)
        else:
            _add_record(batch, start, record, index)


def _add_pieces(batch: Batch, start: int, pieces: Sequence[Piece]) -> bool:
    """Add the records of pieces of the object at ``start``; returns whether each piece has records and nothing else."""
    found = [_decoded(RECORDS, b"[%b]" % piece.text) for piece in pieces]
    if not all(found) or max(len(piece.text) for piece in pieces) > MAX_READ_RECORD_BYTES:
        return False
    further = 0
    for piece, records in zip(pieces, found, strict=True):
        for index, record in enumerate(records, piece.number + further):
            _add_record(batch, start, record, index)
        further += len(records) - 1
    return True


def _add_record(batch: Batch, start: int, record: msgspec.Raw, index: int) -> None:
    try:
        event, others = read_event(record)
        if event is None:
            batch.filtered.append(start)
            return
        time = _time(event.eventTime)
    except InvalidRecord as problem:
        _reject(batch, start, str(problem), memoryview(record), index)
        return
    if not is_documented(event.eventTime or ""):
        others["eventTime"] = msgspec.Raw(msgspec.json.encode(event.eventTime))
    if others:
        batch.others[len(batch.events)] = others
    batch.events.append(event)
    batch.times.append(time)
    batch.positions.append(start)


def _reject(batch: Batch, start: int, reason: str, record: bytes | memoryview, index: int) -> None:
    if len(batch.rejected) < MAX_REJECTED_PER_PARSE:
        batch.rejected.append(Rejected(start, reason, bytes(record[:MAX_RECORD_BYTES]), index))
    else:
        batch.repeated.setdefault(reason, array("q")).append(start)


def _time(text: str | None) -> int:
    time = any_time(text)
    if time < 0:
        raise InvalidRecord(f"eventTime {text[:40]!r} is not a date and time" if text else "the event has no eventTime")
    return time
