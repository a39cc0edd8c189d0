"""Some objects to the events in them: all at once as documented, or else record by record so that nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, compress, repeat
from operator import not_
from typing import Any

import msgspec

from glue_jobs.json_documents import NOT_JSON
from glue_jobs.sources.cloudtrail_parser.documents import KEPT, read_documents
from glue_jobs.sources.cloudtrail_parser.event import (
    NOTHING,
    REST,
    Event,
    Unusable,
    is_wanted,
    read_event,
)
from glue_jobs.sources.cloudtrail_parser.texts import by_name
from glue_jobs.sources.cloudtrail_parser.times import any_time, documented_times, is_documented
from glue_jobs.sources.parsed import Rejected

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

    @cached_property
    def fields(self) -> dict[str, tuple[Any, ...]]:
        """The values of each field, event by event; not to be asked for before the batch is complete."""
        return by_name(Event, self.events)


class _Document(msgspec.Struct):
    Records: list[Event]


_DOCUMENT = msgspec.json.Decoder(_Document)


def read_batch(objects: Sequence[Object]) -> Batch:
    """What some objects hold; one record that is not as documented makes all of them be read record by record."""
    return _as_documented(objects) or _one_by_one(objects)


def _as_documented(objects: Sequence[Object]) -> Batch | None:
    try:
        found = [_DOCUMENT.decode(text).Records for _, text in objects]
    except NOT_JSON:
        return None
    events = list(chain.from_iterable(found))
    positions = [start for (start, _), some in zip(objects, found, strict=True) for start in repeat(start, len(some))]
    wanted = list(map(is_wanted, events))
    if not all(wanted) and any(event.eventSource is None for event in events):
        return None
    batch = Batch(
        list(compress(events, wanted)),
        positions=list(compress(positions, wanted)),
        filtered=list(compress(positions, map(not_, wanted))),
    )
    times = documented_times(batch.fields["eventTime"])
    if times is None:
        return None
    batch.times, batch.others = times, _others(batch)
    return batch


def _others(batch: Batch) -> dict[int, dict[str, msgspec.Raw]]:
    others: dict[int, dict[str, msgspec.Raw]] = {}
    for name in REST:
        raws = batch.fields[name]
        # Nearly always no event has the field.
        if raws.count(NOTHING) < len(raws):
            for place, raw in enumerate(raws):
                if len(raw):
                    others.setdefault(place, {})[name] = raw
    return others


def _one_by_one(objects: Sequence[Object]) -> Batch:
    batch = Batch()
    for start, text in objects:
        contents = read_documents(text)
        batch.rejected += [Rejected(start, each.reason, each.record, each.index) for each in contents.broken]
        for record, index in zip(contents.records, contents.indices, strict=True):
            try:
                _take(batch, start, record)
            except Unusable as problem:
                batch.rejected.append(Rejected(start, str(problem), bytes(record)[:KEPT], index))
    return batch


def _take(batch: Batch, start: int, record: msgspec.Raw) -> None:
    event, others = read_event(record)
    if event is None:
        batch.filtered.append(start)
        return
    text = event.eventTime
    time = any_time(text)
    if time < 0:
        raise Unusable(f"eventTime {text[:40]!r} is not a date and time" if text else "the event has no eventTime")
    if not is_documented(text or ""):
        others = {**others, "eventTime": msgspec.Raw(msgspec.json.encode(text))}
    if others:
        batch.others[len(batch.events)] = others
    batch.events.append(event)
    batch.positions.append(start)
    batch.times.append(time)
