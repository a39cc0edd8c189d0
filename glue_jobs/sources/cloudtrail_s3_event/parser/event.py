"""One CloudTrail record to an event: decoded as documented, or else field by field so that nothing is lost.

Versions: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from glue_jobs.read.json_values import NOT_JSON

S3 = "s3.amazonaws.com"
# Summaries of events that are there one by one too.
SUMMARIES = frozenset({"Aggregated", "Insight"})

NOTHING = msgspec.Raw()


class _Named(msgspec.Struct, gc=False):
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


class Event(_Named, gc=False, forbid_unknown_fields=True):
    """All documented fields of events of S3; those without a column as they are written."""

    apiVersion: msgspec.Raw = NOTHING
    addendum: msgspec.Raw = NOTHING
    sessionCredentialFromConsole: msgspec.Raw = NOTHING
    serviceEventDetails: msgspec.Raw = NOTHING


class _Any(Event, gc=False, forbid_unknown_fields=False):
    """An event with fields that nobody knows yet."""


class _Source(msgspec.Struct, gc=False):
    eventSource: Any = None


_EVENT = msgspec.json.Decoder(Event)
_LENIENT = msgspec.json.Decoder(_Any)
_SOURCE = msgspec.json.Decoder(_Source)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder()
_WITH_COLUMN = frozenset(_Named.__struct_fields__)
_TYPES = {each.name: each.type for each in msgspec.structs.fields(_Named) if each.type is not msgspec.Raw}
_BOOLEANS = {"true": True, "false": False}


WITHOUT_COLUMN = tuple(name for name in Event.__struct_fields__ if name not in _WITH_COLUMN)
"""Documented fields without a column."""


def without_column(fields: Mapping[str, Sequence[msgspec.Raw]]) -> dict[int, dict[str, msgspec.Raw]]:
    """The documented fields of events that have no column, by the places of the events that have any."""
    found: dict[int, dict[str, msgspec.Raw]] = {}
    for name in WITHOUT_COLUMN:
        # Nearly always no event has the field.
        if any(map(len, fields[name])):
            for place, raw in enumerate(fields[name]):
                if len(raw):
                    found.setdefault(place, {})[name] = raw
    return found


class Unusable(ValueError):
    """Why a record is no event, as one sentence."""


def is_wanted(event: Event) -> bool:
    """Whether an event is of S3, and not a summary of others."""
    return event.eventSource == S3 and event.eventCategory not in SUMMARIES


def read_event(record: msgspec.Raw) -> tuple[Event | None, dict[str, msgspec.Raw]]:
    """The event, None when it is not for this table, and the fields that nobody has documented.

    Raises Unusable with the reason.
    """
    others: dict[str, msgspec.Raw] = {}
    try:
        event = _EVENT.decode(record)
    except NOT_JSON:
        if _is_foreign(record):
            return None, {}
        event, others = _undocumented(record)
    if event.eventSource is None:
        raise Unusable("the record names no eventSource")
    return (event if is_wanted(event) else None), others


def _is_foreign(record: msgspec.Raw) -> bool:
    try:
        source = _SOURCE.decode(record).eventSource
    except NOT_JSON:
        return False
    return isinstance(source, str) and source != S3


def _undocumented(record: msgspec.Raw) -> tuple[Event, dict[str, msgspec.Raw]]:
    try:
        fields = _FIELDS.decode(record)
    except msgspec.ValidationError:
        raise Unusable("the record is no JSON object") from None
    except NOT_JSON as problem:
        raise Unusable(f"the record is damaged: {problem}") from None
    others = {name: raw for name, raw in fields.items() if name not in _WITH_COLUMN}
    try:
        # Only names are unknown: of some day on, that may be so in every event.
        return _LENIENT.decode(record), others
    except NOT_JSON:
        pass
    values: dict[str, Any] = {}
    for name, raw in fields.items():
        if name in _TYPES:
            values[name], documented = _value(name, raw)
            if not documented:
                others[name] = raw
        elif name in _WITH_COLUMN:
            values[name] = raw
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
