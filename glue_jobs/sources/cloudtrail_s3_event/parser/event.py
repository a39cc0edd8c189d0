"""Decode a CloudTrail record to an event: as documented or, where that fails, field by field, losing nothing.

Versions: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from glue_jobs.read.framing.json_values import NOT_JSON

# General purpose buckets, directory buckets, and buckets on Outposts.
S3_SERVICES = frozenset({"s3.amazonaws.com", "s3express.amazonaws.com", "s3-outposts.amazonaws.com"})
# Categories of records that summarise events which are also delivered one by one.
SUMMARIES = frozenset({"Aggregated", "Insight"})

ABSENT = msgspec.Raw()

JsonFields = dict[str, msgspec.Raw]
"""The JSON texts of fields by their names, in the order of the event."""


class _ColumnFields(msgspec.Struct, gc=False):
    """The fields that have a column, with their documented names and types; nested ones as JSON text."""

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
    requestParameters: msgspec.Raw = ABSENT
    responseElements: msgspec.Raw = ABSENT
    additionalEventData: msgspec.Raw = ABSENT
    resources: msgspec.Raw = ABSENT
    userIdentity: msgspec.Raw = ABSENT
    tlsDetails: msgspec.Raw = ABSENT


class Event(_ColumnFields, gc=False, forbid_unknown_fields=True):
    """All documented fields of S3 events; those without a column as JSON text."""

    apiVersion: msgspec.Raw = ABSENT
    addendum: msgspec.Raw = ABSENT
    sessionCredentialFromConsole: msgspec.Raw = ABSENT
    serviceEventDetails: msgspec.Raw = ABSENT


class _LenientEvent(Event, gc=False, forbid_unknown_fields=False):
    """An event that may have undocumented fields."""


class _Source(msgspec.Struct, gc=False):
    eventSource: Any = None


_EVENT = msgspec.json.Decoder(Event)
_LENIENT = msgspec.json.Decoder(_LenientEvent)
_SOURCE = msgspec.json.Decoder(_Source)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder()
_WITH_COLUMN = frozenset(_ColumnFields.__struct_fields__)
_TYPES = {each.name: each.type for each in msgspec.structs.fields(_ColumnFields) if each.type is not msgspec.Raw}
_BOOLEANS = {"true": True, "false": False}


_WITHOUT_COLUMN = tuple(name for name in Event.__struct_fields__ if name not in _WITH_COLUMN)


def add_without_column(others: dict[int, JsonFields], fields: Mapping[str, Sequence[msgspec.Raw]]) -> None:
    """Add the documented fields without a column to ``others``, by event index. Most events have no such field."""
    for name in _WITHOUT_COLUMN:
        if fields[name].count(ABSENT) < len(fields[name]):
            for place, raw in enumerate(fields[name]):
                if raw is not ABSENT:
                    others.setdefault(place, {})[name] = raw


class InvalidRecord(ValueError):
    """A record is not an event; the message is one sentence."""


def belongs_to_table(event: Event) -> bool:
    """Whether an event is from S3, and not a summary of other events."""
    return event.eventSource in S3_SERVICES and event.eventCategory not in SUMMARIES


def read_event(record: msgspec.Raw) -> tuple[Event | None, JsonFields]:
    """The event, or None when it belongs to another table, and its undocumented fields as JSON text.

    Raises:
        InvalidRecord: the record is not an event.
    """
    others: JsonFields = {}
    try:
        event = _EVENT.decode(record)
    except NOT_JSON:
        if _is_foreign(record):
            return None, {}
        event, others = undocumented(record, json_fields(record))
    if event.eventSource is None:
        raise InvalidRecord("the record names no eventSource")
    return (event if belongs_to_table(event) else None), others


def _is_foreign(record: msgspec.Raw) -> bool:
    try:
        source = _SOURCE.decode(record).eventSource
    except NOT_JSON:
        return False
    return isinstance(source, str) and source not in S3_SERVICES


def json_fields(record: msgspec.Raw | bytes) -> JsonFields:
    """All fields of a JSON object; raises InvalidRecord."""
    try:
        return _FIELDS.decode(record)
    except msgspec.ValidationError:
        raise InvalidRecord("the record is no JSON object") from None
    except NOT_JSON as problem:
        raise InvalidRecord(f"the record is damaged: {problem}") from None


def undocumented(record: msgspec.Raw | bytes, fields: JsonFields) -> tuple[Event, JsonFields]:
    """The event of a record with these fields, and the fields that have no column or an undocumented type."""
    others = {name: raw for name, raw in fields.items() if name not in _WITH_COLUMN}
    try:
        # Only names are unknown. When AWS adds a field, every event has it from that day on.
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
        # For example a number that is too large for a float.
        return None, False
    if value is None or type(value) is (bool if _TYPES[name] == bool | None else str):
        return value, True
    if _TYPES[name] == bool | None:
        return _BOOLEANS.get(value.lower()) if isinstance(value, str) else None, False
    return (bytes(raw).decode() if not isinstance(value, bool | list | dict) else None), False
