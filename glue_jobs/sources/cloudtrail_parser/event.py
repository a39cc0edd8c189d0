"""One CloudTrail record to an event: decoded as documented, or else field by field so that nothing is lost.

Versions: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from glue_jobs.json_documents import NOT_JSON

S3 = "s3.amazonaws.com"
# Summaries of events that are there one by one too.
SUMMARIES = ("Aggregated", "Insight")

NOTHING = msgspec.Raw()


class Event(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The fields that have a column, named and typed as documented; nested ones as they are written."""

    eventTime: str | None = None
    eventID: str | None = None
    eventName: str | None = None
    eventSource: str | None = None
    eventVersion: str | None = None
    awsRegion: str | None = None
    sourceIPAddress: str | None = None
    userAgent: str | None = None
    errorCode: str | None = None
    errorMessage: str | None = None
    requestID: str | None = None
    eventType: str | None = None
    readOnly: bool | None = None
    managementEvent: bool | None = None
    eventCategory: str | None = None
    recipientAccountId: str | None = None
    sharedEventID: str | None = None
    vpcEndpointId: str | None = None
    vpcEndpointAccountId: str | None = None
    requestParameters: msgspec.Raw = NOTHING
    responseElements: msgspec.Raw = NOTHING
    additionalEventData: msgspec.Raw = NOTHING
    resources: msgspec.Raw = NOTHING
    userIdentity: msgspec.Raw = NOTHING
    tlsDetails: msgspec.Raw = NOTHING


class _Source(msgspec.Struct, gc=False):
    eventSource: Any = None


TEXT = msgspec.json.Decoder(str | None)
_EVENT = msgspec.json.Decoder(Event)
_SOURCE = msgspec.json.Decoder(_Source)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder()
_TYPES = {each.name: each.type for each in msgspec.structs.fields(Event) if each.type is not msgspec.Raw}
_NESTED = frozenset(each.name for each in msgspec.structs.fields(Event)) - _TYPES.keys()
_BOOLEANS = {"true": True, "false": False}


@dataclass
class Events:
    """Events of S3 and where they were among the records; ``others`` has JSON of fields that have no column, by place
    in ``found``; ``refused`` the reasons by place among the records; ``filtered`` places of what is not for S3."""

    found: list[Event] = field(default_factory=list)
    places: Sequence[int] = ()
    others: dict[int, dict[str, msgspec.Raw]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    filtered: list[int] = field(default_factory=list)


class Unusable(ValueError):
    """Why a record is no event, as one sentence."""


def read_events(records: Sequence[msgspec.Raw]) -> Events:
    """The events among records of any service."""
    try:
        events = list(map(_EVENT.decode, records))
    except NOT_JSON:
        return _one_by_one(records)
    if all(event.eventSource == S3 and event.eventCategory not in SUMMARIES for event in events):
        return Events(events, range(len(events)))
    return _one_by_one(records)


def _one_by_one(records: Sequence[msgspec.Raw]) -> Events:
    events = Events()
    places: list[int] = []
    for place, record in enumerate(records):
        try:
            event, others = _read(record)
        except Unusable as problem:
            events.refused[place] = str(problem)
            continue
        if event is None:
            events.filtered.append(place)
            continue
        if others:
            events.others[len(places)] = others
        places.append(place)
        events.found.append(event)
    events.places = places
    return events


def _read(record: msgspec.Raw) -> tuple[Event | None, dict[str, msgspec.Raw]]:
    """The event, None when it is not for this table, and the fields that have no column.

    Raises Unusable with the reason.
    """
    try:
        event = _EVENT.decode(record)
    except NOT_JSON:
        if _is_foreign(record):
            return None, {}
        event, others = _field_by_field(record)
    else:
        others = {}
        if event.eventSource is None:
            raise Unusable("the record names no eventSource")
    return (event if event.eventSource == S3 and event.eventCategory not in SUMMARIES else None), others


def _is_foreign(record: msgspec.Raw) -> bool:
    try:
        source = _SOURCE.decode(record).eventSource
    except NOT_JSON:
        return False
    return isinstance(source, str) and source != S3


def _field_by_field(record: msgspec.Raw) -> tuple[Event, dict[str, msgspec.Raw]]:
    try:
        fields = _FIELDS.decode(record)
    except msgspec.ValidationError:
        raise Unusable("the record is no JSON object") from None
    except NOT_JSON as problem:
        raise Unusable(f"the record is damaged: {problem}") from None
    values: dict[str, Any] = {}
    others: dict[str, msgspec.Raw] = {}
    for name, raw in fields.items():
        if name in _NESTED:
            values[name] = raw
        elif name not in _TYPES:
            others[name] = raw
        else:
            values[name], documented = _value(name, raw)
            if not documented:
                others[name] = raw
    if not isinstance(values.get("eventSource"), str):
        raise Unusable("the record names no eventSource")
    return Event(**values), others


def _value(name: str, raw: msgspec.Raw) -> tuple[Any, bool]:
    """The value of a field, and whether it has the documented type."""
    try:
        value = _ANY.decode(raw)
    except NOT_JSON:
        # Such as a number larger than any.
        return None, False
    if value is None or type(value) is (bool if _TYPES[name] == bool | None else str):
        return value, True
    if _TYPES[name] == bool | None:
        return _BOOLEANS.get(value.lower()) if isinstance(value, str) else None, False
    return (bytes(raw).decode() if not isinstance(value, bool | list | dict) else None), False
