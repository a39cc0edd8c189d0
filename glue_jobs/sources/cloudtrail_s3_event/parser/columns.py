"""Events to the columns of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.sources.cloudtrail_s3_event.parser.batch import Batch
from glue_jobs.sources.cloudtrail_s3_event.parser.nested import Issuer, connection, facts, identity, parameters
from glue_jobs.sources.cloudtrail_s3_event.parser.target import place_of_name, place_of_resources
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import (
    first_of,
    json_texts,
    listed,
    null_if_empty,
    spread,
    whole_numbers,
    without_empty,
)
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT

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
    "vpc_endpoint_id": "vpcEndpointId",
    "vpc_endpoint_account_id": "vpcEndpointAccountId",
}
"""Columns of text that repeats, and the fields they come from."""

IDS = {"event_id": "eventID", "request_id": "requestID", "shared_event_id": "sharedEventID"}
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

FACTS = {
    "signature_version": "SignatureVersion",
    "cipher_suite": "CipherSuite",
    "authentication_method": "AuthenticationMethod",
}
SIZES = {"bytes_in": "bytesTransferredIn", "bytes_out": "bytesTransferredOut"}
"""Columns of what additionalEventData says."""

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

# Those that the events themselves have, before what repeats is encoded.
_WRITTEN = pa.schema(
    [
        CLOUDTRAIL_S3_EVENT.arrow_schema.field(name)
        for name in ("event_time", *NAMES, *IDS, *FLAGS, *TEXTS, "other_fields", *FACTS, *SIZES)
    ]
)


def columns_of(batch: Batch) -> pa.RecordBatch:
    """What the fields of some events say, nothing encoded yet."""
    fields = batch.fields
    said = facts(fields["additionalEventData"])
    columns = {
        "event_time": pa.array(np.array(batch.times, np.int64), pa.timestamp("us")),
        **{name: pa.array(fields[field], pa.string()) for name, field in {**NAMES, **IDS}.items()},
        **{name: pa.array(fields[field], pa.bool_()) for name, field in FLAGS.items()},
        **{name: json_texts(fields[field]) for name, field in TEXTS.items()},
        "other_fields": _others(batch),
        **{name: pa.array(said[fact], pa.string()) for name, fact in FACTS.items()},
        **{name: whole_numbers(said[fact]) for name, fact in SIZES.items()},
    }
    return pa.record_batch([columns[name] for name in _WRITTEN.names], schema=_WRITTEN)


def _others(batch: Batch) -> pa.StringArray:
    if not batch.others:
        return pa.nulls(len(batch.events), pa.string())
    texts = {place: msgspec.json.encode(fields).decode() for place, fields in batch.others.items()}
    return pa.array([texts.get(place) for place in range(len(batch.events))], pa.string())


def table_of(batches: Sequence[pa.RecordBatch]) -> pa.Table:
    """The rows: what the events have, and what follows from it."""
    if not batches:
        return PARSED_SCHEMA.empty_table()
    columns: dict[str, Any] = {
        name: pa.concat_arrays([batch.column(name) for batch in batches]) for name in _WRITTEN.names
    }
    for name in (*NAMES, *FACTS):
        columns[name] = without_empty(columns[name].dictionary_encode())
    for name in IDS:
        columns[name] = null_if_empty(columns[name])
    for name in TEXTS:
        if name not in UNIQUE:
            columns[name] = columns[name].dictionary_encode()
    return finished(columns)


def finished(columns: dict[str, Any]) -> pa.Table:
    """The rows of columns in which what repeats is encoded, with those that follow from them."""
    columns |= _callers(columns["user_identity"])
    columns |= _requests(columns)
    return pa.table([columns[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA)


def _read(read: Callable[[str], Any], texts: pa.DictionaryArray) -> list[Any]:
    """What ``read`` makes of each of the different texts."""
    return list(map(read, listed(texts.dictionary)))


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


def _requests(columns: dict[str, Any]) -> dict[str, Any]:
    details, asked, resources = columns["tls_details"], columns["request_parameters"], columns["resources"]
    connections, requests = _read(connection, details), _read(parameters, asked)
    names = _spread(requests, asked, "bucketName")
    named = _read(place_of_name, names)
    places = _read(place_of_resources, resources)
    return {
        "bucket": first_of(
            _spread(places, resources, "bucket"),
            _spread(named, names, "bucket"),
            _spread(places, resources, "first_bucket"),
            _spread(named, names, "alias"),
        ),
        # Not the ARN's first: the parameter is the key itself.
        "key": first_of(_spread(requests, asked, "key"), _spread(places, resources, "key")),
        "access_point_arn": first_of(
            _spread(places, resources, "access_point_arn"), _spread(named, names, "access_point_arn")
        ),
        "host_header": first_of(
            _spread(connections, details, "clientProvidedHostHeader"), _spread(requests, asked, "Host")
        ),
        "tls_version": _spread(connections, details, "tlsVersion"),
        "cipher_suite": first_of(columns["cipher_suite"], _spread(connections, details, "cipherSuite")),
    }
