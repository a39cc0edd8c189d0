"""The fast path gives the same rows as the fallback, which decodes every event."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.sources.cloudtrail_s3_event.parser import parse_cloudtrail
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import read_batch
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import batch_columns, batch_rows
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.parser.fast_path import FastPath, read_fast_path

ID_2 = "sdCrSBcvjKyEaA1UEIcOB7cw8MsK1AwicJvF7n9wJTe5EaZGy6Xp3V4bVq8hU9/SOITh2tdgHJB="
ROLE = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/Reader"}}}
POINT = {"accountId": "111122223333", "type": "AWS::S3::AccessPoint"}


def uuid(number: int) -> str:
    return f"6446f741-3ffe-4b4d-a3e1-{number:012d}"


def event(number: int = 0, **fields: Any) -> dict[str, Any]:
    """An event with its fields in AWS's order; given fields replace its own, those given as ``...`` are absent."""
    documented = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AWSAccount", "principalId": "AROAEXAMPLE:x", "accountId": "123456789012"},
        "eventTime": f"2024-05-07T08:09:{number % 60:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "[aws-cli/2]",
        "errorCode": ...,
        "errorMessage": ...,
        "requestParameters": {"bucketName": "example-data", "key": "a.csv"},
        "responseElements": None,
        "additionalEventData": {"CipherSuite": "TLS", "x-amz-id-2": ID_2, "bytesTransferredOut": number * 1_234_567},
        "requestID": f"{number:016d}",
        "eventID": uuid(number),
        "readOnly": True,
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-data/a.csv"}],
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": "111122223333",
        "sharedEventID": ...,
        "vpcEndpointId": ...,
        "eventCategory": "Data",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "clientProvidedHostHeader": "example-data.s3.amazonaws.com"},
    }
    return {name: value for name, value in (documented | fields).items() if value is not ...}


def document(events: Sequence[Any]) -> bytes:
    return json.dumps({"Records": events}, separators=(",", ":"), ensure_ascii=False).encode()


def fast(data: bytes) -> FastPath:
    return read_fast_path(data, np.array([0]))


def in_order(rows: pa.Table) -> list[dict[str, Any]]:
    return sorted(rows.to_pylist(), key=lambda row: json.dumps(row, default=str))


def assert_same(*documents: bytes) -> None:
    """The parser returns what the fallback alone returns."""
    data = b"".join(each + b"\n" for each in documents)
    edges = [0, *accumulate(len(each) + 1 for each in documents)]
    parsed = parse_cloudtrail(data, np.array(edges[:-1]))
    parsed.rows.validate(full=True)
    batch = read_batch([(start, utf8(data[start:end])) for start, end in pairwise(edges)])
    assert in_order(parsed.rows) == in_order(batch_rows([batch_columns(batch)]))
    assert sorted(parsed.positions) == batch.positions
    assert sorted(parsed.filtered) == batch.filtered
    assert parsed.rejected == sorted(batch.rejected, key=lambda each: (each.position, each.index or 0))


USUAL: list[dict[str, Any]] = [
    {},
    {"errorCode": "AccessDenied", "errorMessage": "Access Denied"},
    {"userIdentity": ROLE, "vpcEndpointId": "vpce-1", "apiVersion": "2006-03-01"},
    {"sharedEventID": uuid(7)},
    {"sharedEventID": uuid(7), "tlsDetails": ..., "resources": ...},
    {"resources": [POINT, POINT, POINT]},
    {"additionalEventData": {"x-amz-id-2": "short", "bytesTransferredIn": "12", "new": 1}},
    {"responseElements": {"x-amz-version-id": "v", "nested": {"a": [{}]}}},
    {"requestParameters": {"bucketName": "example-data", "key": 'a|b~é"\\水,]'}},
    {"addendum": {"reason": "UPDATED_DATA", "updatedFields": "userAgent", "originalEventID": uuid(1)}},
    {"eventSource": "sts.amazonaws.com"},
    {"eventCategory": "Insight"},
    {"new": {"a": 1}, "apiVersion": "2006-03-01"},
    {"sharedEventID": uuid(7), "readOnly": "true", "new": None},
]


@pytest.mark.parametrize("fields", USUAL)
def test_events_in_the_order_of_aws_take_the_fast_path(fields: dict[str, Any]) -> None:
    data = document([event(1), event(2, **fields), event(3)])
    found = fast(data)
    assert (found.skipped, found.unread) == ([], {})
    assert len(found.owners) + len(found.filtered) == 3
    assert_same(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"tlsDetails": {"a": 1, "sharedEventID": uuid(1)}},
        {"tlsDetails": {"a": 1, "sharedEventID": uuid(1)}, "sharedEventID": ""},
        {"tlsDetails": {"a": 1, "sharedEventID": uuid(1)}, "sharedEventID": uuid(2)},
        {"tlsDetails": {"a": 1, "sharedEventID": uuid(1)}, "sharedEventID": "\x7f" * 36},
        {"sharedEventID": 'a"b\\' + "c" * 30},
        {"requestParameters": {"bucketName": "example-data", "key": "{a}", "n": {"a": 1}}},
        {"requestParameters": {}, "responseElements": ...},
        {"additionalEventData": ...},
        {"additionalEventData": {}},
        {"additionalEventData": {"CIPHERSUITE": "TLS"}},
        {"additionalEventData": {"bytesTransferredOut": True}},
        {"userIdentity": None},
        {"eventSource": None},
        {"eventTime": "2024-05-07 08:09:10"},
        {"eventTime": "2024-05-07 08:09:10Z"},
        {"eventTime": "2024-02-30T08:09:10Z"},
        {"eventTime": "2024-05-07T08:09:60Z"},
        {"eventID": 'a"b\\' + "c" * 31},
        {"eventID": "short"},
        {"requestID": None},
        {"requestID": "\n" + "a" * 14},
        {"new": {"sharedEventID": uuid(1)}},
        {"new": {"sharedEventID": uuid(1)}, "sharedEventID": uuid(2)},
        {"responseElements": {"Records": [event(8), event(9)]}},
        {"userAgent": '","requestParameters":{'},
    ],
)
def test_any_other_event_is_left_to_the_fallback(fields: dict[str, Any]) -> None:
    data = document([event(1), event(2) | {name: each for name, each in fields.items() if each is not ...}, event(3)])
    assert_same(data, document([event(4)]), document([event(5), event(6, **fields), event(7)]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'},{"eventVersion"', b'}:{"eventVersion"'),
        (b'}},{"eventVersion"', b'}],{"eventVersion"'),
        (b"}]}", b"}]]"),
        (b'"requestID":"0', b'"requestID":"\x01'),
        (b'"requestID":"00', b'"requestID":"0"'),
        (b'","eventID":"', b'","eventXD":"'),
        (b'"},"eventTime":"', b'"},"eventXime":"'),
        (b"}]}", b"}}}"),
        (b'"requestParameters":', b'"requestXarameters":'),
        (b'"additionalEventData":', b'"additionalXventData":'),
        (b'"responseElements":null', b'"responseElements": 5 '),
        (b'"responseElements":null', b'"responseElements":'),
        (b'"responseElements":null,', b'"responseElements":null ,'),
        (b'"readOnly":true,"resources":[{', b'"apiVersion":"a,"resources":[{"b":1}],b","resources":[{'),
        (b'"readOnly":true,"resources":[{', b'"readOnly":true,"resources":{"b":1},"resources":[{'),
        (b'"readOnly":true,', b'"readOnly":true,"errorCode":null,"new":1,'),
        (b'"readOnly":true,', b'"new":1,"readOnly":true,"new":2,"readOnly":1,'),
        (b'"readOnly":true,', b'"readOnly":1,"readOnly":true,'),
        (b'"readOnly":true,', b'"new":01,'),
        (b'","readOnly":true', b'"}"readOnly":true'),
        (b'a.csv"}],"eventType"', b'a.csv"}]2,"eventType"'),
        (b'"},"eventTime":', b'"},"eventName":"X","eventTime":'),
        (b'"},"eventTime":', b'",},"eventTime":'),
        (b'"userIdentity":{', b'"userIdentity" :{'),
        (b'Z","eventSource":', b'Z",,"eventSource":'),
        (b'"Data","tlsDetails"', b'"Data",,"tlsDetails"'),
        (b'[aws-cli/2]"', b'[aws-cli/2]",'),
        (b'"CipherSuite":"TLS"', b'"CipherSuite":"TLS",'),
        (b'"CipherSuite":"TLS"', b"1"),
        (b'amazonaws.com"}}', b'amazonaws.com"},}'),
        # A character of two bytes, of which only one is where the time or an id is expected.
        (b'"eventTime":', b'"eventTime":\xc3\xa9'),
        (b'Z","eventSource":', b'\xc3\xa9","eventSource":'),
        (b'"requestID":', b'"requestID":\xc3\xa9'),
        (b',"readOnly":', b'\xc3\xa9,"readOnly":'),
    ],
)
def test_the_bytes_between_the_fields_count(old: bytes, new: bytes) -> None:
    data = document([event(1), event(2, sharedEventID=uuid(2))])
    assert old in data
    assert_same(data.replace(old, new, 1), data.replace(b'"readOnly":true', b'"apiVersion":1').replace(old, new))


def test_blanks_are_no_fields() -> None:
    # The comma before them is one too many.
    blank = re.sub(rb',"readOnly".*', b"," + b" " * 30 + b"}", json.dumps(event(2), separators=(",", ":")).encode())
    assert_same(document([event(1), "X", event(3)]).replace(b'"X"', blank))


def test_an_event_left_to_the_fallback_leaves_the_others_to_the_fast_path() -> None:
    found = fast(document([event(1), event(2, eventID="short"), event(3)]))
    assert (len(found.owners), list(map(len, found.unread.values())), found.skipped) == (2, [1], [])


def test_records_that_are_no_events_leave_the_events_around_them_to_the_fast_path() -> None:
    data = document([event(1), 5, "x", event(2), ["GetObject"], event(3, eventID="short"), True, event(4), event(5)])
    found = fast(data)
    assert (len(found.owners), found.skipped) == (2, [])
    assert [each.index for each in parse_cloudtrail(data, np.array([0])).rejected] == [1, 2, 4, 6]
    assert_same(data)


def test_events_of_an_object_with_an_undocumented_one_are_counted_once() -> None:
    assert_same(
        document([event(1), event(2, eventSource="sts.amazonaws.com"), event(3, eventID="short")]), document([event(4)])
    )


def test_callers_that_no_event_begins_with_and_events_without_a_caller_are_read_alike() -> None:
    nested = event(2, serviceEventDetails={"userIdentity": {"type": "a"}, "list": [{}, {"userIdentity": {}}]})
    others = document([event(1), nested, event(3)]), document([event(4), event(5, userIdentity=...), event(6)])
    assert_same(b'"userIdentity":{"type":"IAMUser"}', *others)


def test_documents_of_another_form_are_skipped() -> None:
    data = json.dumps({"Records": [event(1)]}, indent=1).encode()
    assert fast(data).skipped == [0]
    assert fast(document([event(1), 5])).skipped == [0]
    assert fast(document([event(1, userAgent="X")]).replace(b"X", b"\xff")).skipped == [0]
    assert_same(data, document([event(1), 5]), document([event(2)]), b"", b'{"Records":[]}', b"{}" * 100)


texts = st.text(alphabet='ab{}[]|~,:"\\é\n', max_size=6)
events = st.fixed_dictionaries(
    {},
    optional={
        "userIdentity": st.sampled_from([ROLE, {"type": "AWSAccount", "accountId": "anonymous"}, None]),
        "userAgent": texts,
        "errorCode": st.sampled_from(["AccessDenied", "", None]),
        "requestParameters": st.fixed_dictionaries({"bucketName": st.just("example-data"), "key": texts}),
        "responseElements": st.sampled_from([{"a": {"b": 1}}, {}, 5]),
        "additionalEventData": st.sampled_from([..., None, {}, {"x-amz-id-2": 'a"'}, {"bytesTransferredOut": "1"}]),
        "resources": st.sampled_from([..., None, [], [POINT], [{"ARN": "]}"}, POINT]]),
        "sharedEventID": st.sampled_from([uuid(1), uuid(2), "", None, 'a"b\\' + "c" * 30]),
        "readOnly": st.sampled_from([..., None, False, "true"]),
        "eventSource": st.sampled_from(["s3.amazonaws.com", "s3express.amazonaws.com", "sts.amazonaws.com", None]),
        "eventCategory": st.sampled_from(["Data", "Insight", ...]),
        "apiVersion": st.sampled_from(["2006-03-01", None]),
        "addendum": st.sampled_from(
            [
                None,
                5,
                {"reason": "DELIVERY_DELAY"},
                {"Reason": "UPDATED_DATA", "originalEventID": uuid(1)},
                {"reason": 1},
            ]
        ),
        "new": texts | st.sampled_from([{"sharedEventID": uuid(1)}, {"errorCode": "x"}]),
        "managementEvent": st.sampled_from([True, 1, "TRUE"]),
    },
)


odd = st.sampled_from([5, "x", None, [], [5, 6], {}, {"a": {"userIdentity": {}}}, "},{", '"userIdentity":{'])


@given(st.lists(st.lists(events | odd, min_size=1, max_size=5), min_size=1, max_size=3))
def test_any_events_and_other_records_are_read_alike(objects: list[list[Any]]) -> None:
    assert_same(
        *(
            document([event(number, **each) if isinstance(each, dict) else each for number, each in enumerate(some)])
            for some in objects
        )
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 2), st.sampled_from([*'{}[]",:\\ xé\n', "", "},{", '","'])),
        min_size=1,
        max_size=3,
    )
)
def test_damaged_events_are_read_alike(damages: list[tuple[int, int, str]]) -> None:
    data = document([event(1), event(2, sharedEventID=uuid(2)), event(3, userIdentity=ROLE)])
    for place, length, text in damages:
        data = data[:place] + text.encode() + data[place + length :]
    assert_same(data, document([event(4)]))


@given(st.integers(0, 22), st.integers(0, 22), st.integers(0, 22), st.booleans())
def test_fields_in_any_order_or_twice_are_read_alike(left: int, right: int, again: int, twice: bool) -> None:
    fields = [json.dumps({name: value}, separators=(",", ":"))[1:-1] for name, value in event(2).items()]
    left, right, again = (number % len(fields) for number in (left, right, again))
    fields[left], fields[right] = fields[right], fields[left]
    fields += [fields[again].replace("example", "other")] if twice else []
    changed = ("{" + ",".join(fields) + "}").encode()
    assert_same(document([event(1), "X", event(3)]).replace(b'"X"', changed))
