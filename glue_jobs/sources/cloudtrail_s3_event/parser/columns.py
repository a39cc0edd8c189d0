"""The columns of the table, from the fields of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import ENCODED
from glue_jobs.read.parsed import parsed_schema
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import Batch
from glue_jobs.sources.cloudtrail_s3_event.parser.nested import (
    EventData,
    Issuer,
    addendum,
    connection,
    event_data,
    identity,
    parameters,
)
from glue_jobs.sources.cloudtrail_s3_event.parser.target import place_of_name, place_of_resources, with_copy_sources
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import (
    at_places,
    by_name,
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
"""Columns of repeating text, and the field of each."""

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

# The names of data events. GetBucketObjectLockConfiguration is a management event.
_DATA_EVENTS = "^[A-Z][a-z]+Object|Part|Multipart|^HeadBucket$"

# The reason of an addendum that corrects an event.
CORRECTION = "UPDATED_DATA"

EVENT_DATA_TEXTS = {
    "signature_version": "SignatureVersion",
    "cipher_suite": "CipherSuite",
    "authentication_method": "AuthenticationMethod",
}
EVENT_DATA_SIZES = {"bytes_in": "bytesTransferredIn", "bytes_out": "bytesTransferredOut"}
"""Columns from the fields of additionalEventData."""

# Texts that differ in nearly every event, or are null in nearly every event. A dictionary would only cost time.
_PLAIN = frozenset({*IDS, "additional_event_data", "other_fields", "addendum_reason", "original_event_id"})

PARSED_SCHEMA = parsed_schema(CLOUDTRAIL_S3_EVENT, CLOUDTRAIL_S3_EVENT.record, _PLAIN)
"""Columns of a parsed table, in the table's order."""

# The columns that are not derived from others, before dictionary encoding.
_FIELD_COLUMNS = pa.schema(
    [
        CLOUDTRAIL_S3_EVENT.arrow_schema.field(name)
        for name in ("event_time", *NAMES, *IDS, *FLAGS, *TEXTS, "other_fields", *EVENT_DATA_TEXTS, *EVENT_DATA_SIZES)
    ]
)


def batch_columns(batch: Batch) -> pa.RecordBatch:
    """The fields of events as columns without dictionaries."""
    fields = batch.fields
    data = by_name(EventData, event_data(fields["additionalEventData"]))
    columns = {
        "event_time": pa.array(np.array(batch.times, np.int64), pa.timestamp("us")),
        **{name: pa.array(fields[field], pa.string()) for name, field in {**NAMES, **IDS}.items()},
        **{name: pa.array(fields[field], pa.bool_()) for name, field in FLAGS.items()},
        **{name: json_texts(fields[field]) for name, field in TEXTS.items()},
        "other_fields": pa.array(other_fields(batch.others, len(batch.events)), pa.string()),
        **{name: pa.array(data[field], pa.string()) for name, field in EVENT_DATA_TEXTS.items()},
        **{name: whole_numbers(data[field]) for name, field in EVENT_DATA_SIZES.items()},
    }
    return pa.record_batch([columns[name] for name in _FIELD_COLUMNS.names], schema=_FIELD_COLUMNS)


def other_fields(others: Mapping[int, dict[str, msgspec.Raw]], count: int) -> list[str | None]:
    """For each of ``count`` events, its fields without a column as JSON text; ``others`` has them by event index."""
    texts: list[str | None] = [None] * count
    for place, fields in others.items():
        texts[place] = msgspec.json.encode(fields).decode()
    return texts


def batch_rows(batches: Sequence[pa.RecordBatch]) -> pa.Table:
    """The rows of batches of columns from `batch_columns`."""
    if not batches:
        return PARSED_SCHEMA.empty_table()
    return parsed_rows(
        {name: pa.concat_arrays([batch.column(name) for batch in batches]) for name in _FIELD_COLUMNS.names}
    )


def parsed_rows(columns: dict[str, Any]) -> pa.Table:
    """The rows of events, from the columns of their fields: repeated texts are encoded, derived columns are added."""
    for name in _FIELD_COLUMNS.names:
        if name in IDS:
            columns[name] = null_if_empty(columns[name])
        elif PARSED_SCHEMA.field(name).type == ENCODED and not pa.types.is_dictionary(columns[name].type):
            columns[name] = without_empty(columns[name].dictionary_encode())
    columns["management_event"] = _management_events(columns)
    columns |= _callers(columns["user_identity"])
    columns |= _requests(columns)
    columns |= with_copy_sources(columns)
    columns |= _addenda(columns["other_fields"], columns["event_id"])
    return pa.table([columns[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA)


def _read(read: Callable[[str], Any], texts: pa.DictionaryArray) -> list[Any]:
    """The result of ``read`` for each distinct text."""
    return list(map(read, listed(texts.dictionary)))


def _spread(values: Sequence[Any], texts: pa.DictionaryArray, field: str) -> pa.DictionaryArray:
    return spread(pa.array(map(attrgetter(field), values), pa.string()), texts.indices)


def _management_events(columns: dict[str, Any]) -> pa.BooleanArray:
    """The flag that events have since version 1.06; of others the category, since version 1.07, or else the name."""
    flag, category, names = (columns[name] for name in ("management_event", "event_category", "event_name"))
    if not flag.null_count:
        return flag
    by_name = pc.invert(pc.match_substring_regex(names.dictionary, _DATA_EVENTS)).take(names.indices)
    return pc.coalesce(flag, pc.equal(category.dictionary, "Management").take(category.indices), by_name)


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
    details, request, resources = columns["tls_details"], columns["request_parameters"], columns["resources"]
    connections, requests = _read(connection, details), _read(parameters, request)
    names = _spread(requests, request, "bucketName")
    bucket_names = _read(place_of_name, names)
    places = _read(place_of_resources, resources)
    return {
        "bucket": first_of(
            _spread(places, resources, "bucket"),
            _spread(bucket_names, names, "bucket"),
            _spread(places, resources, "first_bucket"),
            _spread(bucket_names, names, "alias"),
        ),
        # The parameter comes first: it is the key itself, and the ARN's key may be encoded.
        "key": first_of(_spread(requests, request, "key"), _spread(places, resources, "key")),
        "access_point_arn": first_of(
            _spread(places, resources, "access_point_arn"), _spread(bucket_names, names, "access_point_arn")
        ),
        "bucket_owner_account_id": _spread(places, resources, "owner"),
        "host_header": first_of(
            _spread(connections, details, "clientProvidedHostHeader"), _spread(requests, request, "Host")
        ),
        "tls_version": _spread(connections, details, "tlsVersion"),
        "cipher_suite": first_of(columns["cipher_suite"], _spread(connections, details, "cipherSuite")),
    }


def _addenda(others: pa.StringArray, event_ids: pa.StringArray) -> dict[str, pa.StringArray]:
    """The columns ``addendum_reason`` and ``original_event_id``, from the JSON texts of fields without a column.

    The addendum of an event says why it was delivered late or again. A correction has the id of the event that it
    replaces, which may be its own id.
    """
    reasons: dict[int, str] = {}
    originals: dict[int, str] = {}
    if others.null_count < len(others):
        # Nearly all events have no addendum.
        for row in pc.indices_nonzero(pc.match_substring(others, '"addendum"')).to_pylist():
            reason, original = addendum(others[row].as_py())
            if reason:
                reasons[row] = reason
            if reason == CORRECTION and (original := original or event_ids[row].as_py()):
                originals[row] = original
    return {
        "addendum_reason": at_places(list(reasons.values()), list(reasons), len(others)),
        "original_event_id": at_places(list(originals.values()), list(originals), len(others)),
    }
