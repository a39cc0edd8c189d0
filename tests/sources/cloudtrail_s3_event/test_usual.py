"""Events as AWS writes those of S3: cut into parts, they are what they are when each is decoded."""

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

from glue_jobs.sources.cloudtrail_s3_event.parser import cuts, parse_cloudtrail
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import read_batch
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import columns_of, table_of
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.parser.usual import Usual, read_usual

ID_2 = "sdCrSBcvjKyEaA1UEIcOB7cw8MsK1AwicJvF7n9wJTe5EaZGy6Xp3V4bVq8hU9/SOITh2tdgHJB="
ROLE = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/Reader"}}}
POINT = {"accountId": "111122223333", "type": "AWS::S3::AccessPoint"}


def uuid(number: int) -> str:
    return f"6446f741-3ffe-4b4d-a3e1-{number:012d}"


def event(number: int = 0, **fields: Any) -> dict[str, Any]:
    """An event with its fields in the order of AWS, some in place of others; without those that are ``...``."""
    usual = {
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
    return {name: value for name, value in (usual | fields).items() if value is not ...}


def document(events: Sequence[Any]) -> bytes:
    return json.dumps({"Records": events}, separators=(",", ":"), ensure_ascii=False).encode()


def in_order(rows: pa.Table) -> list[dict[str, Any]]:
    return sorted(rows.to_pylist(), key=lambda row: json.dumps(row, default=str))


def assert_same(*documents: bytes) -> None:
    """What is found is what there is when every event is decoded."""
    data = b"".join(each + b"\n" for each in documents)
    edges = [0, *accumulate(len(each) + 1 for each in documents)]
    parsed = parse_cloudtrail(data, edges[:-1])
    parsed.rows.validate(full=True)
    batch = read_batch([(start, utf8(data[start:end])) for start, end in pairwise(edges)])
    assert in_order(parsed.rows) == in_order(table_of([columns_of(batch)]))
    assert sorted(parsed.positions) == batch.positions
    assert sorted(parsed.filtered) == batch.filtered
    assert parsed.rejected == sorted(batch.rejected, key=lambda each: (each.position, each.index or 0))


def usual(data: bytes) -> Usual:
    return read_usual(data, np.array([0]))


@pytest.mark.parametrize("block", [1, 7, 64, 1_000])
def test_events_are_found_across_blocks(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = document([event(1), event(2, resources=[POINT, POINT]), event(3, userIdentity=ROLE)])
    whole = usual(data)
    monkeypatch.setattr(cuts, "_BLOCK", block)
    found = usual(data)
    assert (found.left, found.odd) == ([], {})
    assert found.rows.equals(whole.rows)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"errorCode": "AccessDenied", "errorMessage": "Access Denied"},
        {"userIdentity": ROLE, "vpcEndpointId": "vpce-1", "apiVersion": "2006-03-01"},
        {"sharedEventID": uuid(7)},
        {"resources": ...},
        {"resources": ..., "sharedEventID": uuid(7)},
        {"resources": [POINT, POINT, POINT]},
        {"additionalEventData": ...},
        {"additionalEventData": {"x-amz-id-2": "short", "bytesTransferredIn": "12"}},
        {"responseElements": {"x-amz-version-id": "v", "nested": {"a": [{}]}}},
        {"requestParameters": {"bucketName": "example-data", "key": 'a|b~é"\\水,]'}},
        {"eventSource": "sts.amazonaws.com"},
    ],
)
def test_events_as_aws_writes_them_are_not_decoded_one_by_one(fields: dict[str, Any]) -> None:
    data = document([event(1), event(2, **fields), event(3)])
    found = usual(data)
    assert (found.left, found.odd) == ([], {})
    assert len(found.owners) + len(found.filtered) == 3
    assert_same(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"tlsDetails": {"a": 1, "sharedEventID": uuid(1)}},
        {"tlsDetails": {"a": 1, "sharedEventID": uuid(1)}, "sharedEventID": ""},
        {"sharedEventID": 'a"b\\' + "c" * 30},
        {"requestParameters": {"bucketName": "example-data", "key": "{a}", "n": {"a": 1}}},
        {"userIdentity": None},
        {"eventTime": "2024-05-07 08:09:10"},
        {"eventTime": "2024-02-30T08:09:10Z"},
        {"eventID": 'a"b\\' + "c" * 30},
        {"eventID": "short"},
        {"requestID": None},
        {"new": 1},
        {"responseElements": {"Records": [event(8), event(9)]}},
        {"userAgent": '","requestParameters":{'},
    ],
)
def test_an_odd_event_is_what_it_is_between_usual_ones(fields: dict[str, Any]) -> None:
    data = document([event(1), event(2) | fields, event(3)])
    assert_same(data, document([event(4)]))


RESOURCES = (
    b'"readOnly":true,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::example-data/a.csv"}],"eventType'
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"responseElements":null', b'"responseElements": 5 '),
        (b'"responseElements":null', b'"responseElements":'),
        (b'"readOnly":true,"resources":[{', b'"apiVersion":"a,"resources":[{"b":1}],b","resources":[{'),
        (b'"readOnly":true,"resources":[{', b'"readOnly":true,"resources":{"b":1},"resources":[{'),
        (
            RESOURCES,
            RESOURCES.replace(b'"readOnly":true', b'"apiVersion":"a').replace(b',"eventType', b',b","eventType'),
        ),
        (b'"readOnly":true,"resources":[{', b'"apiVersion":1,"resources":[{"a":"]2,"},{'),
        (b'","readOnly":true', b'"}"readOnly":true'),
        (b'","readOnly":true', b'"2"readOnly":true'),
        (b'a.csv"}],"eventType"', b'a.csv"}]2,"eventType"'),
        (b'"},"eventTime":', b'"},"eventName":"X","eventTime":'),
        (b'"},"eventTime":', b'",},"eventTime":'),
        (b'Z","eventSource":', b'Z",,"eventSource":'),
        (b'"Data","tlsDetails"', b'"Data",,"tlsDetails"'),
        (b'[aws-cli/2]"', b'[aws-cli/2]",'),
    ],
)
def test_what_stands_between_the_fields_counts(old: bytes, new: bytes) -> None:
    data = document([event(1), event(2)])
    assert old in data
    assert_same(data.replace(old, new, 1), data.replace(b'"readOnly":true', b'"apiVersion":1').replace(old, new))


@pytest.mark.parametrize("resources", [..., [POINT]])
def test_a_comma_before_the_end_is_no_json(resources: Any) -> None:
    names = [name for name in event() if name not in ("resources", "readOnly")]
    nothing = dict.fromkeys(names[names.index("eventID") + 1 :], ...)
    data = document([event(1), event(2, **nothing, readOnly=..., resources=resources)])
    assert usual(data).odd == {}
    damaged = data[: -len(b"}]}")] + b",}]}"
    assert usual(damaged).odd
    assert_same(damaged)


SIZE = ',"bytesTransferredOut":'


@pytest.mark.parametrize(
    "facts",
    [
        *(f'{{"bytesTransferredIn":1{SIZE}{size}}}' for size in (0, 12, 345_678_901_234_567, 2**60, 10**25)),
        *(f'{{"bytesTransferredIn":1{SIZE}{size}}}' for size in ("-12", "1.25", "12e3", "12 ", '"12"', "null", "")),
        *(f'{{"bytesTransferredIn":1{SIZE}{size}}}' for size in ("007", "00", "1 2", "12]", "12,", "[12", "12}")),
        '{"bytesTransferredOut":1234}',
        f'{{"bytesTransferredOut":1234,"BYTESTRANSFERREDOUT":"56"{SIZE}78}}',
        f'{{"new":{{"bytesTransferredIn":5{SIZE}1234}}}}',
        f'{{"new":{{"a":1}}{SIZE}1234}}',
        '{"bytesTransferredOut":5,"x\\"bytesTransferredOut":57}',
        '{"bytesTransferredOut":5,"x,\\"bytesTransferredOut":57}',
        f'{{"CipherSuite":"{SIZE[:-2]}","bytesTransferredIn":57}}',
        f'{{"bytesTransferredIn":1{SIZE}1234,"x-amz-id-2":"{ID_2}"}}',
        f'{{"x-amz-id-2":"{ID_2}"{SIZE}1234,"aclRequired":"Yes"{SIZE}5678}}',
    ],
)
def test_the_size_at_the_end_of_the_facts_is_what_json_says_it_is(facts: str) -> None:
    data = document([event(1, additionalEventData="FACTS"), event(2), event(3, additionalEventData="FACTS")])
    assert_same(data.replace(b'"FACTS"', facts.encode(), 1), data.replace(b'"FACTS"', facts.encode()))


def test_all_facts_may_be_damaged() -> None:
    data = document([event(1, additionalEventData="FACTS"), event(2, additionalEventData="FACTS")])
    assert_same(data.replace(b'"FACTS"', b"{1}", 1).replace(b'"FACTS"', b"{2}"))


def test_sizes_of_any_usual_length_are_read_once_for_all() -> None:
    events = [event(number) for number in range(40)]
    found = usual(document(events))
    assert found.rows["bytes_out"].to_pylist() == [number * 1_234_567 for number in range(40)]
    assert found.odd == {}


def test_an_odd_event_costs_the_usual_ones_nothing() -> None:
    found = usual(document([event(1), event(2, eventID="short"), event(3)]))
    assert (len(found.owners), list(found.odd), found.left) == (2, [0], [])


def test_what_is_no_document_of_usual_events_is_left() -> None:
    data = json.dumps({"Records": [event(1)]}, indent=1).encode()
    assert usual(data).left == [0]
    assert usual(document([event(1), 5])).left == [0]
    assert usual(document([event(1, userAgent="X")]).replace(b"X", b"\xff")).left == [0]
    assert_same(data, document([event(1), 5]), document([event(2)]), b"", b'{"Records":[]}')


def test_a_shared_id_is_found_wherever_it_is() -> None:
    first = [event(number, sharedEventID=uuid(number)) for number in range(3)]
    last = [event(number) | {"sharedEventID": uuid(number)} for number in range(3, 5)]
    rows = parse_cloudtrail(document([*first, *last, event(5)])).rows
    assert dict(zip(rows["event_id"].to_pylist(), rows["shared_event_id"].to_pylist(), strict=True)) == {
        **{uuid(number): uuid(number) for number in range(5)},
        uuid(5): None,
    }


texts = st.text(alphabet='ab{}[]|~,:"\\é\n', max_size=6)
some_events = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "userIdentity": st.sampled_from([ROLE, {"type": "AWSAccount", "accountId": "anonymous"}, None]),
            "userAgent": texts,
            "errorCode": st.sampled_from(["AccessDenied", "", None]),
            "requestParameters": st.fixed_dictionaries({"bucketName": st.just("example-data"), "key": texts}),
            "responseElements": st.sampled_from([{"a": {"b": 1}}, {}, 5]),
            "additionalEventData": st.sampled_from([..., None, {}, {"x-amz-id-2": 'a"'}, {"x-amz-id-2": ID_2 * 2}]),
            "resources": st.sampled_from([..., None, [], [POINT], [POINT] * 5, [{"ARN": "]}"}, POINT]]),
            "sharedEventID": st.sampled_from([uuid(1), uuid(2), "", None, 'a"b\\' + "c" * 30]),
            "readOnly": st.sampled_from([..., None, False, "true"]),
            "eventSource": st.sampled_from(["s3.amazonaws.com", "sts.amazonaws.com", None]),
            "eventCategory": st.sampled_from(["Data", "Insight", ...]),
            "apiVersion": st.sampled_from(["2006-03-01", None]),
            "new": texts,
        },
    ),
    min_size=1,
    max_size=4,
)


@given(st.lists(some_events, min_size=1, max_size=3))
def test_events_cut_into_parts_are_those_decoded(objects: list[list[dict[str, Any]]]) -> None:
    assert_same(*(document([event(number, **fields) for number, fields in enumerate(some)]) for some in objects))


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 2), st.sampled_from([*'{}[]",:\\ x\n', "", "},{", '","'])),
        min_size=1,
        max_size=3,
    )
)
def test_no_damage_is_overlooked(damages: list[tuple[int, int, str]]) -> None:
    data = document([event(1), event(2, sharedEventID=uuid(2)), event(3, userIdentity=ROLE)])
    for place, length, text in damages:
        data = data[:place] + text.encode() + data[place + length :]
    assert_same(data, document([event(4)]))


@given(st.integers(0, 22), st.integers(0, 22), st.data())
def test_fields_in_any_order_or_twice_are_read_alike(left: int, right: int, draw: st.DataObject) -> None:
    fields = [json.dumps({name: value}, separators=(",", ":"))[1:-1] for name, value in event(2).items()]
    fields[left % len(fields)], fields[right % len(fields)] = fields[right % len(fields)], fields[left % len(fields)]
    if draw.draw(st.booleans()):
        fields.append(draw.draw(st.sampled_from(fields)).replace("example", "other"))
    odd = ("{" + ",".join(fields) + "}").encode()
    assert_same(re.sub(rb'"X"', lambda _: odd, document([event(1), "X", event(3)])))
