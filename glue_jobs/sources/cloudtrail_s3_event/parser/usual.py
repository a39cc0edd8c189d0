"""Events as AWS writes those of S3 to columns, many at once: cut into parts, of which each different text is read once.

An event is what its parts say when each is whole JSON fields that only this part may have; nothing else is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.byte_search import Flags, Places
from glue_jobs.read.parsed import NO_POSITIONS, Positions
from glue_jobs.sources.cloudtrail_s3_event.parser import parts
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import FLAGS, NAMES, PARSED_SCHEMA, finished
from glue_jobs.sources.cloudtrail_s3_event.parser.cuts import Cuts, cut
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.parser.event import REST, S3, SUMMARIES
from glue_jobs.sources.cloudtrail_s3_event.parser.facts import FactsOfEvents
from glue_jobs.sources.cloudtrail_s3_event.parser.fixed import Letters, are_usual, column, fixed
from glue_jobs.sources.cloudtrail_s3_event.parser.parts import OF_CALLER, OF_REQUEST, Part, only
from glue_jobs.sources.cloudtrail_s3_event.parser.pieces import Span, are_plain, joined, spans_of, values_of
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import json_or_null, null_if_empty
from glue_jobs.sources.cloudtrail_s3_event.parser.times import usual_times

# What differs in every event is cut out of the parts; elsewhere, or of another length, it only costs time.
_SHARED_ID, _SHARED_ID_LENGTHS = b',"sharedEventID":"', (36,)

_NESTED = {
    "request_parameters": parts.parameters,
    "response_elements": parts.response,
    "resources": parts.resources,
}

MOST_BYTES = 2**31 - 1


@dataclass(frozen=True)
class Usual:
    """Rows with the number of the object each is of, and the same numbers of events that are none of this table's.

    Objects of which nothing is here are ``left``; of the others ``odd`` are the events that are not here, by object.
    """

    rows: pa.Table
    owners: Places
    filtered: Places
    odd: dict[int, list[bytes]]
    left: list[int]

    def but(self, objects: Places) -> Usual:
        """Without what is of these objects."""
        kept = ~np.isin(self.owners, objects)
        rows = self.rows.filter(pa.array(kept)).combine_chunks()
        filtered = self.filtered[~np.isin(self.filtered, objects)]
        return Usual(rows, self.owners[kept], filtered, {}, sorted([*self.left, *objects.tolist()]))


def read_usual(data: bytes, starts: Positions) -> Usual:
    """The usual events in objects that begin at ``starts``; none when they are no UTF-8, or more than Arrow counts."""
    if len(data) > MOST_BYTES or utf8(data) is not data:
        return Usual(PARSED_SCHEMA.empty_table(), NO_POSITIONS, NO_POSITIONS, {}, list(range(len(starts))))
    cuts = cut(data, starts)
    framed = cuts.framed[cuts.owners]
    numbers = np.flatnonzero(framed & cuts.whole)
    rows = fixed(joined(data, *(_chosen(cuts.parts[name], numbers) for name in ("time", "ids"))))
    usual = are_usual(rows)
    if not usual.all():
        rows, numbers = rows[usual], numbers[usual]
    events = _Events(data, rows, {name: _chosen(span, numbers) for name, span in cuts.parts.items()})
    proven, wanted = events.proven(), events.wanted()
    owners = cuts.owners[numbers]
    framed[numbers[proven]] = False
    return Usual(
        events.rows(proven & wanted),
        owners[proven & wanted],
        owners[proven & ~wanted],
        _odd(data, cuts, np.flatnonzero(framed)),
        np.flatnonzero(~cuts.framed).tolist(),
    )


def _chosen(span: Span, numbers: Places) -> Span:
    return span[0][numbers], span[1][numbers]


def _odd(data: bytes, cuts: Cuts, numbers: Places) -> dict[int, list[bytes]]:
    odd: dict[int, list[bytes]] = {}
    places = (cuts.owners[numbers], cuts.starts[numbers], cuts.ends[numbers])
    for owner, start, end in zip(*(each.tolist() for each in places), strict=True):
        odd.setdefault(owner, []).append(data[start:end])
    return odd


class _Events:
    """Events cut into parts."""

    def __init__(self, data: bytes, rows: Letters, spans: dict[str, Span]) -> None:
        self.times, self.timed = usual_times(column(rows, "event_time"))
        self.ids = {name: column(rows, name) for name in ("request_id", "event_id")}
        self.nested = {name: Part.of(joined(data, spans[name]), read) for name, read in _NESTED.items()}
        self.caller = Part.of(joined(data, spans["caller"]), parts.caller)
        self.request = Part.of(joined(data, spans["request"]), parts.request)
        self.facts = FactsOfEvents.of(joined(data, spans["facts"]))
        # By itself, too: what is open before the resources must not go on behind them.
        self.before = Part.of(joined(data, spans["before_resources"]), parts.rest)
        self.rest, self.shared_ids = _rest(joined(data, spans["before_resources"], spans["behind_resources"]))

    def proven(self) -> Flags:
        """Which events are what their parts say."""
        proven = self.timed & self.request.flags(lambda fields: fields.eventSource is not None)
        proven &= self.facts.proven()
        for part in (*self.nested.values(), self.caller, self.before, self.rest):
            proven &= ~part.damaged
        # What was cut out is what the field says, not something inside of another one.
        cut_out = pc.binary_length(self.shared_ids).to_numpy() > 0
        proven &= self.rest.flags(lambda fields: fields.sharedEventID == "") | ~cut_out
        for ids in self.ids.values():
            proven &= are_plain(ids)
        return proven

    def wanted(self) -> Flags:
        """Which events are of this table."""
        of_s3 = self.request.flags(lambda fields: fields.eventSource == S3)
        return of_s3 & self.rest.flags(lambda fields: fields.eventCategory not in SUMMARIES)

    def rows(self, chosen: Flags) -> pa.Table:
        """The chosen events as rows of the table."""
        caller, request, rest = (part.only(chosen) for part in (self.caller, self.request, self.rest))
        nested = {name: part.only(chosen) for name, part in self.nested.items()}
        owner = {**dict.fromkeys(OF_CALLER, caller), **dict.fromkeys(OF_REQUEST, request)}
        named = {name: (owner.get(field, rest), field) for name, field in NAMES.items()}
        columns = {
            "event_time": pa.array(self.times[chosen], pa.timestamp("us")),
            **{name: null_if_empty(only(ids, chosen)) for name, ids in self.ids.items()},
            "shared_event_id": self._shared_ids(rest, chosen),
            **{name: part.texts(part.fields[field]) for name, (part, field) in named.items()},
            **{name: pa.array(rest.fields[field], pa.bool_()).take(rest.codes) for name, field in FLAGS.items()},
            **self.facts.columns(chosen),
            **{name: part.texts(part.values) for name, part in nested.items()},
            "user_identity": caller.texts(list(map(json_or_null, caller.fields["userIdentity"]))),
            "tls_details": rest.texts(list(map(json_or_null, rest.fields["tlsDetails"]))),
            "other_fields": rest.texts(list(map(_others, rest.values))).dictionary_decode(),
        }
        return finished(columns)

    def _shared_ids(self, rest: Part, chosen: Flags) -> pa.StringArray:
        cut_out = null_if_empty(only(self.shared_ids, chosen))
        if not any(rest.fields["sharedEventID"]):
            return cut_out
        return pc.coalesce(rest.texts(rest.fields["sharedEventID"]).dictionary_decode(), cut_out)


def _rest(texts: pa.StringArray) -> tuple[Part, pa.StringArray]:
    spans, data = spans_of(texts)
    begins, ends = values_of(data, spans, _SHARED_ID, _SHARED_ID_LENGTHS)
    return Part.of(joined(data, (spans[0], begins), (ends, spans[1])), parts.rest), joined(data, (begins, ends))


def _others(fields: Any) -> str | None:
    others = {name: getattr(fields, name) for name in REST if len(getattr(fields, name))}
    return msgspec.json.encode(others).decode() if others else None
