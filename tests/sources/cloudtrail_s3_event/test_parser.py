"""CloudTrail files of any form become rows, and no field of an event is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.read.framing.json_values import ENDS_EARLY
from glue_jobs.read.parsed import Parsed
from glue_jobs.sources.cloudtrail_s3_event.parser import columns, parse_cloudtrail
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import DIGEST, EMPTY, NO_RECORDS
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.signatures import FROM_LOG_GROUP

BUCKET = "arn:aws:s3:::example-data"
POINT = "arn:aws:s3:us-east-1:123456789012:accesspoint/readers"
OBJECT = {"type": "AWS::S3::Object", "ARN": f"{BUCKET}/ana/tides/a.csv"}


def event(**fields: Any) -> dict[str, Any]:
    """An event of S3; given fields replace its own."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AWSAccount", "principalId": "AROAEXAMPLE:x", "accountId": "123456789012"},
        "eventTime": "2024-05-07T08:09:10Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "eventID": "e1",
        "requestParameters": {"bucketName": "example-data", "key": "ana/tides/a.csv"},
        "recipientAccountId": "111122223333",
    } | fields


def document(*events: Any) -> bytes:
    return json.dumps({"Records": events}, separators=(",", ":")).encode()


def numbered(*numbers: int) -> list[dict[str, Any]]:
    return [event(eventID=f"e{number}") for number in numbers]


def parse(data: bytes, starts: Sequence[int] = (0,)) -> Parsed:
    parsed = parse_cloudtrail(data, np.array(starts))
    assert parsed.records == parsed.rows.num_rows + len(parsed.rejected) + len(parsed.filtered)
    assert parsed.rows.num_rows == len(parsed.positions)
    parsed.rows.validate(full=True)
    return parsed


def ids(data: bytes) -> list[str | None]:
    found: list[str | None] = parse(data).rows["event_id"].to_pylist()
    return found


def row(**fields: Any) -> dict[str, Any]:
    parsed = parse(document(event(**fields)))
    assert parsed.rows.num_rows == 1, parsed.rejected
    found: dict[str, Any] = parsed.rows.to_pylist()[0]
    return found


def reasons(data: bytes) -> list[tuple[int | None, str]]:
    return [(each.index, each.reason) for each in parse(data).rejected]


@pytest.mark.parametrize(
    "data",
    [
        document(*numbered(1, 2)),
        document(*numbered(1, 2)) + b"\n",
        b"\xef\xbb\xbf" + document(*numbered(1, 2)),
        json.dumps({"Records": numbered(1, 2)}, indent=2).encode(),
        document(*numbered(1)) + document(*numbered(2)),
        b"\xef\xbb\xbf" + document(*numbered(1)) + b"\r\n\xef\xbb\xbf" + document(*numbered(2)) + b"\0\0",
        json.dumps(numbered(1, 2)).encode(),
        b"\n".join(json.dumps(each).encode() for each in numbered(1, 2)),
        b"".join(json.dumps({"detail-type": "x", "detail": each}).encode() for each in numbered(1, 2)),
        b'{"x":[{}],"Records":' + json.dumps(numbered(1, 2)).encode() + b',"y":null}',
    ],
    ids=["line", "newline", "bom", "pretty", "two", "two with bom", "list", "json lines", "EventBridge", "more keys"],
)
def test_documents_of_any_form_are_read(data: bytes) -> None:
    assert ids(data) == ["e1", "e2"]
    assert not parse(data).rejected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", EMPTY),
        (b" \n", EMPTY),
        (b'{"Records":null}', NO_RECORDS),
        (b'{"Records":{"eventSource":"s3.amazonaws.com"}}', NO_RECORDS),
        (b'{"x":1}', NO_RECORDS),
        (b'{"digestS3Object":"x","logFiles":[]}', DIGEST),
        (
            b'{"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\\"eventName\\":\\"GetObject\\"}"}]}',
            f"this {FROM_LOG_GROUP}",
        ),
        (b'2026-05-07T13:00:01.000Z {"eventName":"GetObject"}', f"this {FROM_LOG_GROUP}"),
        (b'"text"', "a record is a JSON object"),
        (b"not JSON", "the JSON is malformed: invalid character"),
    ],
)
def test_a_document_without_events_is_one_rejected_record(data: bytes, reason: str) -> None:
    parsed = parse(data)
    assert [(each.index, each.reason, each.record) for each in parsed.rejected] == [(0, reason, data)]


def test_an_empty_list_has_no_records() -> None:
    assert parse(b'{"Records":[]}').records == 0


@pytest.mark.parametrize(("cut", "whole"), [(1, 3), (2, 3), (3, 2), (50, 2), (300, 2), (1000, 0)])
def test_whole_records_of_a_truncated_document_are_kept(cut: int, whole: int) -> None:
    parsed = parse(document(*numbered(1, 2, 3))[:-cut])
    assert parsed.rows["event_id"].to_pylist() == ["e1", "e2", "e3"][:whole]
    assert [(each.index, each.reason) for each in parsed.rejected] == [(whole, ENDS_EARLY)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("broken", [b'"\\ud800"', b'"\\x"', b"}e2", b'"e2'])
def test_each_damaged_record_in_a_list_costs_one_record(broken: bytes, indent: int | None) -> None:
    numbers = list(range(1, 101))
    data = json.dumps({"Records": numbered(*numbers)}, indent=indent).encode()
    for number in (10, 20, 21, 60):
        data = data.replace(f'"e{number}"'.encode(), broken)
    parsed = parse(data)
    kept = [f"e{number}" for number in numbers if number not in (10, 20, 21, 60)]
    assert parsed.rows["event_id"].to_pylist() == kept
    assert [each.index for each in parsed.rejected] == [9, 19, 20, 59]


def test_damage_in_a_list_does_not_reach_behind_the_list() -> None:
    broken = document(*numbered(1, 2, 3)).replace(b'"e2"', b'"\\x"')
    lines = b"\n".join(json.dumps(each).encode() for each in numbered(7, 8, 9)).replace(b'"e8"', b'"\\x"')
    assert ids(broken + b"\n" + lines + b"\n" + document(*numbered(10, 11))) == ["e1", "e3", "e7", "e9", "e10", "e11"]


@pytest.mark.parametrize("broken", [b'"e2', b"}e2", b'"\\ud800"', b'"\\x"', b"[" * 5000 + b"]" * 5000])
def test_a_damaged_record_in_the_middle_costs_one_record(broken: bytes) -> None:
    data = document(*numbered(1, 2, 3, 4)).replace(b'"e2"', broken)
    assert ids(data) == ["e1", "e3", "e4"]
    ((index, reason),) = reasons(data)
    assert index == 1
    assert "JSON" in reason


def test_a_document_with_too_many_damaged_places_is_given_up() -> None:
    parsed = parse(b"\n{x".join([b""] * 500))
    assert parsed.records == 101
    assert parsed.rejected[-1].reason == "the rest of the document: too much of it is broken"


def test_a_bad_record_costs_no_other_record() -> None:
    data = document(event(), 5, None, [1], {}, event(eventTime=None), event(eventTime="yesterday"), event(eventID="e2"))
    assert ids(data) == ["e1", "e2"]
    assert reasons(data) == [
        (1, "the record is no JSON object"),
        (2, "the record is no JSON object"),
        (3, "the record is no JSON object"),
        (4, "the record names no eventSource"),
        (5, "the event has no eventTime"),
        (6, "eventTime 'yesterday' is not a date and time"),
    ]
    assert json.loads(parse(data).rejected[-1].record)["eventTime"] == "yesterday"


def test_events_of_other_services_and_summaries_are_filtered() -> None:
    others = [event(eventSource="sts.amazonaws.com"), event(eventCategory="Aggregated"), event(eventCategory="Insight")]
    strange = event(eventSource="sts.amazonaws.com", eventTime=5, readOnly="no", more=1)
    parsed = parse(document(*others, strange, event(eventCategory="NetworkActivity")))
    assert (len(parsed.filtered), parsed.rows.num_rows, parsed.rejected) == (4, 1, [])


def test_events_of_directory_buckets_and_of_outposts_are_events_of_s3() -> None:
    arn = "arn:aws:s3express:us-east-1:111122223333:bucket/data--use1-az4--x-s3"
    express = event(
        eventSource="s3express.amazonaws.com",
        requestParameters={"bucketName": "data--use1-az4--x-s3", "key": "ana/a.csv"},
        resources=[{"type": "AWS::S3Express::Object", "ARN": f"{arn}/ana/a.csv"}, {"ARN": arn}],
    )
    outpost = event(eventSource="s3-outposts.amazonaws.com")
    # The request that a function of S3 Object Lambda makes for the reader has an event of its own.
    by_function, table = (
        event(eventSource="s3-object-lambda.amazonaws.com"),
        event(eventSource="s3tables.amazonaws.com"),
    )
    parsed = parse(document(express, by_function, outpost, table))
    assert len(parsed.filtered) == 2
    assert parsed.rows["bucket"].to_pylist() == ["data--use1-az4--x-s3", "example-data"]
    assert parsed.rows["event_source"].to_pylist() == ["s3express.amazonaws.com", "s3-outposts.amazonaws.com"]


def test_objects_in_one_buffer_are_kept_apart() -> None:
    objects = [document(*numbered(1)), document(*numbered(2, 3))[:-20], b"\n", document(7, *numbered(4))]
    starts = (0, *accumulate(len(each) + 1 for each in objects))[:-1]
    parsed = parse(b"".join(each + b"\n" for each in objects), starts)
    assert parsed.rows["event_id"].to_pylist() == ["e1", "e2", "e4"]
    assert parsed.positions.tolist() == [starts[0], starts[1], starts[3]]
    assert [(each.position, each.index) for each in parsed.rejected] == [(starts[1], 1), (starts[2], 0), (starts[3], 0)]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-07T08:09:10Z", datetime(2024, 5, 7, 8, 9, 10)),
        ("2024-05-07T08:09:10.25Z", datetime(2024, 5, 7, 8, 9, 10, 250_000)),
        ("2024-05-07T10:09:10+02:00", datetime(2024, 5, 7, 8, 9, 10)),
        ("2024-05-07 08:09:10Z", datetime(2024, 5, 7, 8, 9, 10)),
        ("2024-05-07 08:09:10.000000000", datetime(2024, 5, 7, 8, 9, 10)),
    ],
)
def test_times_in_any_known_form_are_read(text: str, time: datetime) -> None:
    found = row(eventTime=text)
    assert found["event_time"] == time
    assert found["other_fields"] == (
        None if text == "2024-05-07T08:09:10Z" else json.dumps({"eventTime": text}, separators=(",", ":"))
    )
    # Next to a bad time, times are read one by one.
    assert parse(document(event(eventTime=text), event(eventTime="x"))).rows["event_time"].to_pylist() == [time]


@pytest.mark.parametrize(
    ("addendum", "reason", "original"),
    [
        ({"reason": "DELIVERY_DELAY"}, "DELIVERY_DELAY", None),
        ({"reason": "SERVICE_OUTAGE", "originalEventID": "e0"}, "SERVICE_OUTAGE", None),
        ({"reason": "UPDATED_DATA", "updatedFields": "userAgent", "originalEventID": "e0"}, "UPDATED_DATA", "e0"),
        ({"reason": "UPDATED_DATA", "updatedFields": "userAgent"}, "UPDATED_DATA", "own"),
        ({"Reason": "UPDATED_DATA", "originalEventId": "e0"}, "UPDATED_DATA", "e0"),
        ({"originalEventID": "e0"}, None, None),
        ("UPDATED_DATA", None, None),
        (None, None, None),
    ],
)
def test_the_addendum_says_why_an_event_came_again_and_which_it_replaces(
    addendum: Any, reason: str | None, original: str | None
) -> None:
    found = row(eventID="own", addendum=addendum)
    assert (found["addendum_reason"], found["original_event_id"]) == (reason, original)


@pytest.mark.parametrize(
    "text", ["2024-02-30T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2024-05-07", "", "0" * 20]
)
def test_an_event_without_a_valid_time_is_rejected(text: str) -> None:
    assert parse(document(event(eventTime=text))).rows.num_rows == 0


@pytest.mark.parametrize(
    ("identity", "account"),
    [
        ({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, "anonymous"),
        ({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}, "anonymous"),
        ({"type": "AWSAccount", "principalId": "ANONYMOUS_PRINCIPAL"}, "anonymous"),
        ({"type": "AWSAccount", "principalId": "AROAEXAMPLE:x", "accountId": "123456789012"}, "123456789012"),
        ({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com", "accountId": "123456789012"}, None),
        ({"type": "Unknown", "accountId": 123456789012}, "123456789012"),
        ({"type": "AWSAccount", "accountId": ""}, None),
        ({"type": "AssumedRole", "arn": "arn:aws-cn:sts::123456789012:assumed-role/reader/x"}, "123456789012"),
        ({"type": "IAMUser", "arn": "arn:aws:iam::cloudfront:user/EXAMPLE"}, None),
        (None, None),
        ("HIDDEN_DUE_TO_SECURITY_REASONS", None),
    ],
)
def test_the_account_of_the_caller(identity: Any, account: str | None) -> None:
    assert row(userIdentity=identity)["subscriber_account_id"] == account


def test_a_session_names_its_role() -> None:
    role = "arn:aws:iam::111122223333:role/Reader"
    session = {"sessionIssuer": {"arn": role, "userName": "Reader"}, "attributes": {"mfaAuthenticated": "false"}}
    found = row(userIdentity={"type": "AssumedRole", "accessKeyId": "", "sessionContext": session})
    assert (found["session_issuer_arn"], found["user_name"], found["access_key_id"]) == (role, "Reader", None)
    # A number where a text is documented: all fields are looked up by name.
    found = row(userIdentity={"type": "AssumedRole", "principalId": 5, "sessionContext": session})
    assert (found["session_issuer_arn"], found["user_name"], found["principal_id"]) == (role, "Reader", "5")


@pytest.mark.parametrize(
    ("parameters", "resources", "place"),
    [
        ({"bucketName": "b", "key": "k"}, None, ("b", "k", None)),
        ({"bucketName": "b", "key": "a b/ü+%20"}, [{"ARN": f"{BUCKET}/a%20b"}], ("example-data", "a b/ü+%20", None)),
        (None, [OBJECT], ("example-data", "ana/tides/a.csv", None)),
        (None, [{"arn": f"{BUCKET}/k:1", "type": None}], ("example-data", "k:1", None)),
        ({"bucketName": "r-s3alias", "key": "k"}, [{"ARN": BUCKET}, {"ARN": POINT}], ("example-data", "k", POINT)),
        ({"bucketName": "r-s3alias", "key": "k"}, None, ("r-s3alias", "k", None)),
        ({"bucketName": POINT, "key": "k"}, None, (None, "k", POINT)),
        ({"bucketName": POINT}, [{"ARNPrefix": f"{BUCKET}/ana/"}], ("example-data", None, POINT)),
        (None, [{"ARN": f"{POINT}/object/ana/a.csv"}], (None, "ana/a.csv", POINT)),
        ({"bucketName": "b"}, [{"ARN": "arn:aws:s3:::b/k"}, {"ARN": "arn:aws:s3:::other/k2"}], ("b", None, None)),
        (None, [{"ARN": "arn:aws:s3:::b/k"}, {"ARN": "arn:aws:s3:::other/k2"}], ("b", None, None)),
        ({"bucketName": "b"}, [{"ARN": "arn:aws:kms:us-east-1:111122223333:key/1"}], ("b", None, None)),
        ({"bucketName": ["b"], "key": ["k"]}, [5, {"ARN": ["x"]}], ("b", "k", None)),
        ({"bucketName": {"a": 1}}, "none", (None, None, None)),
        ({"bucketName": "b"}, [{"ARN": "arn:aws-cn:s3:::c/k"}], ("c", "k", None)),
        ({"bucketName": "b"}, [{"ARN": "arn:aws:s3:us-east-1:123456789012"}], ("b", None, None)),
        ({"bucketName": "b"}, [{"ARN": "uri:aws:s3:::c/k"}], ("b", None, None)),
        ({"bucketName": "c"}, [{"ARN": f"{BUCKET}/k"}, {"ARN": "arn:aws:s3:::c/k"}], ("c", "k", None)),
    ],
)
def test_bucket_key_and_access_point(parameters: Any, resources: Any, place: tuple[str | None, ...]) -> None:
    found = row(requestParameters=parameters, resources=resources)
    assert (found["bucket"], found["key"], found["access_point_arn"]) == place


@pytest.mark.parametrize(
    ("resources", "owner"),
    [
        (
            [{"ARN": f"{BUCKET}/k"}, {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": BUCKET}],
            "111122223333",
        ),
        ([{"arn": BUCKET, "accountId": "111122223333"}, {"ARN": POINT, "accountId": "123456789012"}], "111122223333"),
        ([{"ARN": BUCKET, "accountId": ""}], None),
        ([{"ARN": BUCKET, "accountId": 5}], "5"),
        ([{"ARN": POINT, "accountId": "123456789012"}], None),
        ([{"ARN": BUCKET, "accountId": "111122223333"}, {"ARN": "arn:aws:s3:::b", "accountId": "123456789012"}], None),
        (None, None),
    ],
)
def test_the_owner_of_the_one_bucket_that_resources_name(resources: Any, owner: str | None) -> None:
    assert row(resources=resources)["bucket_owner_account_id"] == owner


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"SignatureVersion": "SigV4", "bytesTransferredOut": 5, "bytesTransferredIn": 0}, ("SigV4", None, 5, 0)),
        ({"signatureversion": "SigV4", "xAmzId2": "x", "cipherSuite": "TLS"}, ("SigV4", "TLS", None, None)),
        ({"SignatureVersion": "SigV4", "CIPHERSUITE": "TLS", "bytesTransferredOut": 1.0}, ("SigV4", "TLS", 1, None)),
        ({"bytesTransferredOut": "12", "bytesTransferredIn": "1.5"}, (None, None, 12, None)),
        ({"bytesTransferredOut": 10**15, "bytesTransferredIn": 10**15 - 1}, (None, None, None, 10**15 - 1)),
        ({"bytesTransferredOut": -5, "bytesTransferredIn": -0.0}, (None, None, None, 0)),
        ({"bytesTransferredOut": True, "bytesTransferredIn": [1], "SignatureVersion": 4}, ("4", None, None, None)),
        ({"bytesTransferredOut": "1e999", "bytesTransferredIn": "x"}, (None, None, None, None)),
        (None, (None, None, None, None)),
        (["x"], (None, None, None, None)),
    ],
)
def test_fields_of_additional_event_data(data: Any, expected: tuple[Any, ...]) -> None:
    found = row(additionalEventData=data)
    assert (found["signature_version"], found["cipher_suite"], found["bytes_out"], found["bytes_in"]) == expected


def test_additional_event_data_does_not_depend_on_other_events() -> None:
    data = [{"SignatureVersion": "SigV4", "x-amz-id-2": "x"}, None, {"new": 1, "CipherSuite": "TLS"}, {}]
    for some in (data, data[:2], data[::-1], [data[0], {}, data[0]]):
        parsed = parse(document(*(event(additionalEventData=each) for each in some), *numbered(1)))
        wanted = [(each or {}).get("SignatureVersion") for each in some]
        assert parsed.rows["signature_version"].to_pylist() == [*wanted, None]


def test_columns_of_the_connection() -> None:
    found = row(tlsDetails={"tlsVersion": "TLSv1.3", "cipherSuite": "C", "clientProvidedHostHeader": "h"})
    assert (found["tls_version"], found["cipher_suite"], found["host_header"]) == ("TLSv1.3", "C", "h")
    assert row(requestParameters={"host": ["h"]})["host_header"] == "h"
    assert row(requestParameters={"Host": "H"})["host_header"] == "H"


def test_values_of_another_type_are_read_and_kept() -> None:
    found = row(readOnly="true", managementEvent=0, recipientAccountId=12, apiVersion="2006-03-01", errorCode={"a": 1})
    assert (found["read_only"], found["management_event"], found["recipient_account_id"]) == (True, False, "12")
    assert found["error_code"] is None
    assert json.loads(found["other_fields"]) == {
        "readOnly": "true",
        "managementEvent": 0,
        "recipientAccountId": 12,
        "apiVersion": "2006-03-01",
        "errorCode": {"a": 1},
    }


def test_nested_fields_that_a_tool_stored_as_json_text_are_read() -> None:
    nested = {
        "userIdentity": {"type": "AWSAccount", "accountId": "123456789012"},
        "requestParameters": {"bucketName": "example-data", "key": "a b.csv"},
        "additionalEventData": {"bytesTransferredOut": 7},
        "resources": [{"accountId": "111122223333", "ARN": "arn:aws:s3:::example-data"}],
    }
    found = row(**{name: json.dumps(value) for name, value in nested.items()})
    names = ("subscriber_account_id", "key", "bytes_out", "bucket_owner_account_id")
    assert [found[name] for name in names] == ["123456789012", "a b.csv", 7, "111122223333"]


def test_bytes_that_are_not_utf8_stay_visible() -> None:
    data = document(event(userAgent="XX")).replace(b"XX", b"a\xff\xfe")
    assert parse(data).rows["user_agent"].to_pylist() == [r"a\xff\xfe"]


def test_json_text_is_kept_unchanged() -> None:
    text = b'{"bucketName" : "b", "n": 1.50, "u": "\\u00e9"}'
    data = document(event(requestParameters="X")).replace(b'"X"', text)
    assert parse(data).rows["request_parameters"].to_pylist() == [text.decode()]


texts = st.text(max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
FIELDS = {**columns.NAMES, **columns.IDS, **columns.FLAGS, **columns.TEXTS}
KNOWN = [name for name in FIELDS.values() if name not in ("eventSource", "eventCategory")]
nested = st.dictionaries(
    st.sampled_from(
        ["bucketName", "key", "Host", "type", "accountId", "arn", "sessionContext", "SignatureVersion", "ARN"]
    ),
    values,
    max_size=4,
)
events = st.dictionaries(
    st.sampled_from(KNOWN) | texts.filter(lambda name: name not in ("eventSource", "eventCategory", "eventTime")),
    values | nested | st.lists(nested, max_size=2),
    max_size=8,
)


def rebuilt(found: dict[str, Any]) -> dict[str, Any]:
    """The event that a row was made of, without null and empty fields."""
    again = {field: found[name] for name, field in FIELDS.items() if name not in columns.TEXTS}
    again |= {field: json.loads(found[name]) for name, field in columns.TEXTS.items() if found[name] is not None}
    again["eventTime"] = f"{found['event_time']:%Y-%m-%dT%H:%M:%SZ}"
    again |= json.loads(found["other_fields"] or "{}")
    return {name: value for name, value in again.items() if value is not None and value != ""}


@given(st.lists(events, min_size=1, max_size=4))
def test_no_field_of_an_event_is_lost(some: list[dict[str, Any]]) -> None:
    given_events = [event() | each for each in some]
    parsed = parse(document(*given_events))
    assert not parsed.rejected
    for found, wanted in zip(parsed.rows.to_pylist(), given_events, strict=True):
        if not isinstance(wanted.get("managementEvent"), bool):
            # It is known by the name of the event.
            found["management_event"] = None
        assert rebuilt(found) == {name: value for name, value in wanted.items() if value is not None and value != ""}


@given(st.lists(st.tuples(events | values, st.booleans()), max_size=6))
def test_every_record_is_a_row_or_rejected_or_filtered(some: list[tuple[Any, bool]]) -> None:
    records = [
        event(eventSource="s3.amazonaws.com" if ours else "x") | each if isinstance(each, dict) else each
        for each, ours in some
    ]
    parsed = parse(document(*records))
    assert parsed.records == len(records)
    assert parsed.rows.num_rows == sum(isinstance(each, dict) and ours for each, ours in some)
    assert len(parsed.rejected) == sum(not isinstance(each, dict) for each, _ in some)


plain_events = st.fixed_dictionaries(
    {"eventSource": st.sampled_from(["s3.amazonaws.com"] * 4 + ["sts.amazonaws.com", None])},
    optional={
        "eventCategory": st.sampled_from(["Data", "Management", "Aggregated", None]),
        "eventTime": st.sampled_from(["2024-05-07T08:09:10Z", "2024-02-30T08:09:10Z", "2024-05-07 08:09:10Z", ""]),
        "readOnly": st.booleans(),
        "apiVersion": st.sampled_from(["2006-03-01", None]),
        "addendum": st.just({"reason": "DELIVERY_DELAY"}),
        "sessionCredentialFromConsole": st.just("true"),
        "serviceEventDetails": st.just({}),
        "additionalEventData": st.sampled_from([None, {"CipherSuite": "TLS", "SSEApplied": "SSE_S3"}, {"new": 1}]),
    },
)


@given(st.lists(plain_events, min_size=1, max_size=4))
def test_events_decoded_at_once_equal_those_decoded_one_by_one(some: list[dict[str, Any]]) -> None:
    records = [event(**fields) for fields in some]
    # A record that is not an event makes the parser read record by record.
    at_once, one_by_one = parse(document(*records)), parse(document(*records, 5))
    assert at_once.rows.to_pylist() == one_by_one.rows.to_pylist()
    assert at_once.filtered.tolist() == one_by_one.filtered.tolist()
    assert at_once.rejected == one_by_one.rejected[:-1]
    others = [json.loads(text or "{}") for text in at_once.rows["other_fields"].to_pylist()]
    names = {"apiVersion", "addendum", "sessionCredentialFromConsole", "serviceEventDetails"}
    kept = [each for each in records if each["eventSource"] == "s3.amazonaws.com"]
    if at_once.rows.num_rows == len(kept):
        assert [names & each.keys() for each in others] == [names & each.keys() for each in kept]


@pytest.mark.parametrize(
    ("fields", "filtered", "rejected"),
    [
        ({"eventCategory": "Insight"}, 1, []),
        ({"eventSource": "sts.amazonaws.com"}, 1, []),
        ({"eventSource": None}, 0, ["the record names no eventSource"]),
        ({"eventTime": None}, 0, ["the event has no eventTime"]),
    ],
)
def test_a_documented_record_that_is_not_a_row(fields: dict[str, Any], filtered: int, rejected: list[str]) -> None:
    parsed = parse(document(event(), event(**fields)))
    assert (parsed.rows.num_rows, len(parsed.filtered)) == (1, filtered)
    assert [each.reason for each in parsed.rejected] == rejected


pieces = st.lists(
    st.sampled_from(
        [
            document(*numbered(1, 2)),
            b'{"Records":[',
            b"]}",
            json.dumps(event()).encode(),
            b",",
            b"{",
            b"\n",
            b"\xff",
            b'"',
        ]
    )
    | st.binary(max_size=6),
    max_size=8,
)


@given(pieces.map(b"".join), st.integers(0, 2000))
def test_any_bytes_are_parsed(data: bytes, cut: int) -> None:
    parse(data)
    parse(data[:cut])


def test_the_columns_are_those_of_the_table() -> None:
    names = [column.name for column in CLOUDTRAIL_S3_EVENT.columns if column.name not in CLOUDTRAIL_S3_EVENT.derived]
    assert columns.PARSED_SCHEMA.names == names
    assert parse(document(event())).rows.schema == parse(b"").rows.schema


COPIED = {
    "eventName": "CopyObject",
    "requestParameters": {
        "bucketName": "reader-bucket",
        "key": "mine/a.csv",
        "x-amz-copy-source": "example-data/ana/tides/a.csv",
    },
    "resources": [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::reader-bucket/mine/a.csv"},
        {"accountId": "123456789012", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::reader-bucket"},
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-data/ana/tides/a.csv"},
        {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-data"},
    ],
}
INTO_OWN = {"accountId": "111122223333", "ARN": "arn:aws:s3:::reader-bucket"}
FROM_ANOTHER = {"accountId": "123456789012", "ARN": "arn:aws:s3:::example-data"}


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("example-data/ana/tides/a.csv", "ana/tides/a.csv"),
        ("/example-data/ana/tides/a%20b%2Bc.csv", "ana/tides/a b+c.csv"),
        ("example-data/ana/a.csv?versionId=abc", "ana/a.csv"),
        ("example-data/ana/a%3FversionId%3D1", "ana/a?versionId=1"),
        ("example-data/ana/a+b.csv", "ana/a b.csv"),
        ("readers-abc-s3alias/ana/a.csv", "ana/a.csv"),
        (f"{POINT}/object/ana/a.csv", "ana/a.csv"),
        (["example-data/ana/a.csv"], "ana/a.csv"),
    ],
)
@pytest.mark.parametrize("name", ["CopyObject", "UploadPartCopy"])
def test_a_copy_to_a_bucket_of_another_account_is_of_its_source(source: Any, key: str, name: str) -> None:
    parameters = COPIED["requestParameters"] | {"x-amz-copy-source": source}
    found = row(**COPIED | {"eventName": name, "requestParameters": parameters})
    assert (found["bucket"], found["key"], found["is_copy_source"]) == ("example-data", key, True)


def test_a_copy_that_names_no_owners_goes_to_the_bucket_of_the_caller() -> None:
    found = row(**COPIED | {"resources": None})
    assert (found["bucket"], found["key"], found["is_copy_source"]) == ("example-data", "ana/tides/a.csv", True)
    own = {"type": "AssumedRole", "accountId": "111122223333"}
    assert row(**COPIED | {"resources": None, "userIdentity": own})["bucket"] == "reader-bucket"
    service = {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}
    assert row(**COPIED | {"resources": None, "userIdentity": service})["bucket"] == "reader-bucket"


@pytest.mark.parametrize(
    ("bucket", "resources"),
    [
        ("example-data", [INTO_OWN, COPIED["resources"][3]]),
        ("example-data", [COPIED["resources"][3]]),
        ("reader-bucket", [INTO_OWN]),
    ],
    ids=["from another own bucket", "by the owner, to an unknown bucket", "inside one bucket"],
)
def test_a_copy_from_an_own_bucket_to_an_own_one_is_of_its_source(bucket: str, resources: list[Any]) -> None:
    parameters = COPIED["requestParameters"] | {"x-amz-copy-source": f"{bucket}/ana/tides/a.csv"}
    own = {"type": "AssumedRole", "accountId": "111122223333"}
    found = row(**COPIED | {"requestParameters": parameters, "resources": resources, "userIdentity": own})
    assert (found["bucket"], found["key"], found["is_copy_source"]) == (bucket, "ana/tides/a.csv", True)


@pytest.mark.parametrize(
    "fields",
    [
        {"resources": [INTO_OWN, FROM_ANOTHER]},
        {"resources": [INTO_OWN]},
        {"eventName": "PutObject"},
        {"requestParameters": {"bucketName": "reader-bucket", "key": "mine/a.csv"}},
        {"requestParameters": COPIED["requestParameters"] | {"x-amz-copy-source": "example-data"}},
    ],
    ids=["from another account's bucket", "from an unknown bucket", "no copy", "no source", "source without a key"],
)
def test_any_other_copy_is_of_its_destination(fields: dict[str, Any]) -> None:
    found = row(**COPIED | fields)
    assert (found["bucket"], found["key"], found["is_copy_source"]) == ("reader-bucket", "mine/a.csv", None)


def test_copies_leave_the_other_events_of_a_file_as_they_are() -> None:
    rows = parse(document(event(eventID="a"), event(eventID="b", **COPIED), event(eventID="c"))).rows
    assert rows["key"].to_pylist() == ["ana/tides/a.csv"] * 3
    assert rows["is_copy_source"].to_pylist() == [None, True, None]
