"""Events to the columns of the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sources.cloudtrail_parser.event import Event, Events
from glue_jobs.sources.cloudtrail_parser.nested import Issuer, connection, facts, identity, parameters
from glue_jobs.sources.cloudtrail_parser.target import place_of_name, place_of_resources
from glue_jobs.sources.cloudtrail_parser.texts import distinct, encoded, first_of, json_texts, spread, whole_numbers
from glue_jobs.tables.cloudtrail_s3_event import CLOUDTRAIL_S3_EVENT

NAMES = {
    "event_name": "eventName",
    "event_source": "eventSource",
    "event_version": "eventVersion",
    "aws_region": "awsRegion",
    "source_ip_address": "sourceIPAddress",
    "user_agent": "userAgent",
    "error_code": "errorCode",
    "error_message": "errorMessage",
    "event_type": "eventType",
    "event_category": "eventCategory",
    "recipient_account_id": "recipientAccountId",
    "shared_event_id": "sharedEventID",
    "vpc_endpoint_id": "vpcEndpointId",
    "vpc_endpoint_account_id": "vpcEndpointAccountId",
}
"""Columns of text that repeats, and the fields they come from."""

IDS = {"event_id": "eventID", "request_id": "requestID"}
FLAGS = {"read_only": "readOnly", "management_event": "managementEvent"}
TEXTS = {
    "response_elements": "responseElements",
    "additional_event_data": "additionalEventData",
    "request_parameters": "requestParameters",
    "resources": "resources",
    "user_identity": "userIdentity",
    "tls_details": "tlsDetails",
}
"""Columns of JSON text."""

# Different in every event.
UNIQUE = frozenset({"additional_event_data"})
_ENCODED = pa.dictionary(pa.int32(), pa.string())
_PLAIN = frozenset({*IDS, *UNIQUE, "other_fields"})

PARSED_SCHEMA = pa.schema(
    [
        pa.field(field.name, _ENCODED if field.type == pa.string() and field.name not in _PLAIN else field.type)
        for field in CLOUDTRAIL_S3_EVENT.arrow_schema
        if field.name not in CLOUDTRAIL_S3_EVENT.derived
    ]
)
"""Columns of a parsed table, in the table's order."""

# As CloudTrail writes it; and as tools that kept events in tables do. Without a zone it is UTC.
_DOCUMENTED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_FORM = "0000-00-00T00:00:00Z"
_YEARS = range(1970, 2200)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_END = (datetime(_YEARS.stop, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def event_times(events: Sequence[Event]) -> npt.NDArray[np.int64]:
    """Microseconds since 1970, -1 where the event names no time of the years 1970 to 2199."""
    texts = list(map(attrgetter("eventTime"), events))
    times = pa.array(texts, pa.string())
    if _is_documented(times):
        try:
            found = times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            found = None
        if found is not None:
            return np.where((found >= 0) & (found < _END), found, -1)
    return np.array([_microseconds(text or "") for text in texts], dtype=np.int64)


def _is_documented(times: pa.StringArray) -> bool:
    """Whether all have the form ``2023-07-10T11:45:00Z``; Arrow reads others too, and the digits only there."""
    if times.null_count or pc.any(pc.not_equal(pc.binary_length(times), len(_FORM))).as_py():
        return False
    _, offsets, data = times.buffers()
    first = np.frombuffer(offsets, np.int32)[times.offset]
    letters = np.frombuffer(data, np.uint8)[first : first + len(times) * len(_FORM)].reshape(-1, len(_FORM))
    return all((letters[:, place] == ord(sign)).all() for place, sign in enumerate(_FORM) if sign != "0")


def _microseconds(text: str) -> int:
    if not _TIME.fullmatch(text):
        return -1
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return -1
    return (time - _EPOCH) // _MICROSECOND if time.year in _YEARS else -1


def table_of(events: Events, times: npt.NDArray[np.int64]) -> pa.Table:
    """The rows of events whose times are known."""
    found = events.found
    columns: dict[str, Any] = {"event_time": pa.array(times, pa.timestamp("us"))}
    for name, field in NAMES.items():
        columns[name] = encoded(list(map(attrgetter(field), found)))
    for name, field in IDS.items():
        columns[name] = distinct(list(map(attrgetter(field), found)))
    for name, field in FLAGS.items():
        columns[name] = pa.array(list(map(attrgetter(field), found)), pa.bool_())
    for name, field in TEXTS.items():
        texts = json_texts(list(map(attrgetter(field), found)))
        columns[name] = texts if name in UNIQUE else texts.dictionary_encode()
    columns["other_fields"] = _others(events)
    columns |= _callers(columns["user_identity"])
    columns |= _requests(columns, found)
    return pa.table([columns[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA)


def _others(events: Events) -> pa.StringArray:
    """JSON of fields without a column, and of times that are written in another way than the documented one."""
    others = dict(events.others)
    if not _is_documented(pa.array(map(attrgetter("eventTime"), events.found), pa.string())):
        for place, event in enumerate(events.found):
            if not _DOCUMENTED.fullmatch(event.eventTime or ""):
                text = msgspec.Raw(msgspec.json.encode(event.eventTime))
                others[place] = {**others.get(place, {}), "eventTime": text}
    if not others:
        return pa.nulls(len(events.found), pa.string())
    texts = {place: msgspec.json.encode(fields).decode() for place, fields in others.items()}
    return pa.array([texts.get(place) for place in range(len(events.found))], pa.string())


def _read(read: Callable[[str], Any], texts: pa.DictionaryArray) -> list[Any]:
    """What ``read`` makes of each of the different texts."""
    return [read(text) for text in texts.dictionary.to_pylist()]


def _spread(values: Sequence[Any], texts: pa.DictionaryArray, field: str) -> pa.DictionaryArray:
    return spread(list(map(attrgetter(field), values)), texts.indices)


def _callers(texts: pa.DictionaryArray) -> dict[str, pa.DictionaryArray]:
    callers = _read(identity, texts)
    issuers = [(each.sessionContext and each.sessionContext.sessionIssuer) or Issuer() for each in callers]
    return {
        "user_identity_type": _spread(callers, texts, "type"),
        "principal_id": _spread(callers, texts, "principalId"),
        "principal_arn": _spread(callers, texts, "arn"),
        "subscriber_account_id": _spread(callers, texts, "accountId"),
        "access_key_id": _spread(callers, texts, "accessKeyId"),
        "session_issuer_arn": _spread(issuers, texts, "arn"),
        "user_name": first_of(_spread(callers, texts, "userName"), _spread(issuers, texts, "userName")),
        "invoked_by": _spread(callers, texts, "invokedBy"),
    }


def _requests(columns: dict[str, Any], found: Sequence[Event]) -> dict[str, Any]:
    details, asked, resources = columns["tls_details"], columns["request_parameters"], columns["resources"]
    connections, requests = _read(connection, details), _read(parameters, asked)
    names = list(map(attrgetter("bucketName"), requests))
    meanings = {name: place_of_name(name) for name in set(names)}
    named = [meanings[name] for name in names]
    places = _read(place_of_resources, resources)
    said = facts(list(map(attrgetter("additionalEventData"), found)))
    return {
        "bucket": first_of(
            _spread(places, resources, "bucket"),
            _spread(named, asked, "bucket"),
            _spread(places, resources, "first_bucket"),
            _spread(named, asked, "alias"),
        ),
        # Not the ARN's first: the parameter is the key itself.
        "key": first_of(_spread(requests, asked, "key"), _spread(places, resources, "key")),
        "access_point_arn": first_of(
            _spread(places, resources, "access_point_arn"), _spread(named, asked, "access_point_arn")
        ),
        "host_header": first_of(
            _spread(connections, details, "clientProvidedHostHeader"), _spread(requests, asked, "Host")
        ),
        "tls_version": _spread(connections, details, "tlsVersion"),
        "cipher_suite": first_of(
            encoded(list(map(attrgetter("CipherSuite"), said))), _spread(connections, details, "cipherSuite")
        ),
        "signature_version": encoded(list(map(attrgetter("SignatureVersion"), said))),
        "authentication_method": encoded(list(map(attrgetter("AuthenticationMethod"), said))),
        "bytes_in": whole_numbers(list(map(attrgetter("bytesTransferredIn"), said))),
        "bytes_out": whole_numbers(list(map(attrgetter("bytesTransferredOut"), said))),
    }
