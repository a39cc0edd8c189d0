"""Access logs as CloudWatch Logs delivers them: the row of a record is that of its line."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glue_jobs.read.parsed import Parsed
from glue_jobs.read.rows.json_lines import FEW_LINES
from glue_jobs.sources.layouts.day_names import day_from_name
from glue_jobs.sources.s3_access_log.parser import fallback
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.line_index import LineIndex
from glue_jobs.sources.s3_access_log.parser.vended_columns import parse_vended_lines
from glue_jobs.sources.s3_access_log.source import ACCESS_LOG_NAMES, parse_access_log
from glue_jobs.sources.signatures import FROM_LOG_GROUP
from tests.end_to_end.lakes import contents, run, without_spark
from tests.end_to_end.sources import ACCESS_LOGS, Raw

DAY = date(2026, 4, 29)
LINE = (
    "79a59d example-data [29/Apr/2026:14:32:16 +0000] 203.0.113.45 arn:aws:iam::123456789012:role/Ana 3E57427F33A59F07 "
    'REST.GET.OBJECT ana/tides/part%252501%2520a.csv "GET /ana/tides/part%2501%20a.csv?x=1 HTTP/1.1" 200 - 1048576 '
    '1048576 45 12 "-" "curl/8.5.0" - s9lz= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader '
    "example-data.s3.us-east-1.amazonaws.com TLSv1.3 - - us-east-1"
)
KEY = "ana/tides/part%01 a.csv"
RECORD: dict[str, Any] = {
    "schema_version_id": "V_1_0",
    "bucket_arn": "arn:aws:s3:::example-data",
    "bucket_name": "example-data",
    "request_time": "2026-04-29T14:32:16.125Z",
    "bucket_owner_id": "79a59d",
    "remote_ip": "203.0.113.45",
    "requester": "arn:aws:iam::123456789012:role/Ana",
    "request_id": "3E57427F33A59F07",
    "operation": "REST.GET.OBJECT",
    "key_name": KEY,
    "request_uri": "GET /ana/tides/part%2501%20a.csv?x=1 HTTP/1.1",
    "http_status": 200,
    "error_code": None,
    "bytes_sent_size": 1048576,
    "object_size": 1048576,
    "total_duration": 45,
    "turn_around_duration": 12,
    "referer": None,
    "user_agent": "curl/8.5.0",
    "version_id": None,
    "host_id": "s9lz=",
    "signature_version": "SigV4",
    "cipher_suite": "TLS_AES_128_GCM_SHA256",
    "authentication_type": "AuthHeader",
    "host_header": "example-data.s3.us-east-1.amazonaws.com",
    "tls_version": "TLSv1.3",
    "access_point_arn": None,
    "acl_required": False,
    "source_region": "us-east-1",
}


def parquet(*records: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(records)), file)
    return file.getvalue()


def as_json(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in records).encode()


def parse(*files: bytes) -> Parsed:
    starts = np.cumsum([0, *(len(file) + 1 for file in files)])[:-1]
    return parse_access_log(b"".join(file + b"\n" for file in files), starts)


def test_a_line_and_its_records_have_one_row() -> None:
    parsed = parse(LINE.encode(), as_json(RECORD), parquet(RECORD), LINE.encode())
    assert (parsed.records, parsed.rejected) == (4, [])
    (row,) = {repr(row) for row in parsed.rows.to_pylist()}
    assert repr(KEY) in row
    assert len(set(parsed.positions.tolist())) == 4


@pytest.mark.parametrize("key", [KEY, "ana/tides/part%2501%20a.csv", "ana/tides/part%252501%2520a.csv"])
def test_the_uri_tells_how_a_key_is_encoded(key: str) -> None:
    (row,) = parse(as_json({**RECORD, "key_name": key})).rows.to_pylist()
    assert (row["key"], row["key_raw"]) == (KEY, "ana/tides/part%252501%2520a.csv")


def test_keys_of_deletions_are_encoded_once_and_what_is_absent_is_null() -> None:
    small = {name: RECORD[name] for name in ("bucket_name", "request_time")}
    (row,) = parse(
        as_json({**small, "operation": "S3.EXPIRE.OBJECT", "key_name": "a b+c", "bytes_sent_size": 0})
    ).rows.to_pylist()
    assert (row["key"], row["key_raw"], row["bytes_sent"], row["http_status"]) == ("a b+c", "a%20b%2Bc", None, None)


def test_fields_that_aws_adds_are_kept() -> None:
    (row,) = parse(as_json({**RECORD, "acl_required": True, "edge": 7, "none": None})).rows.to_pylist()
    assert (row["extra_fields"], row["acl_required"]) == (["edge=7"], True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"request_time": "yesterday"}, "request_time is not a time"),
        ({"request_time": "2026-02-30T00:00:00.000Z"}, "is not a date and time"),
        ({"request_time": None}, "it has no request_time"),
        ({"http_status": "20"}, "http_status is no number"),
        ({"object_size": 10**15}, "object_size is no number"),
        ({"object_size": 1.5}, "object_size is no number"),
        ({"user_agent": ["curl"]}, "damaged or of another kind"),
    ],
)
def test_a_wrong_record_is_rejected_and_its_neighbours_are_rows(change: dict[str, Any], reason: str) -> None:
    text = as_json(RECORD, {**RECORD, **change}, RECORD)
    parsed = parse(text)
    (rejected,) = parsed.rejected
    assert reason in rejected.reason
    assert rejected.position == text.index(b"\n") + 1
    assert parsed.rows.num_rows == 2


@pytest.mark.parametrize(
    ("document", "source"),
    [
        ({"Records": [{"eventSource": "s3.amazonaws.com"}]}, "cloudtrail_s3_event"),
        ({"sourceBucket": "example-data", "files": []}, "s3_inventory_object"),
    ],
)
def test_a_document_of_another_source_is_one_reject_that_names_its_pipeline(document: Any, source: str) -> None:
    (rejected,) = parse(as_json(document)).rejected
    assert f"JSON that the pipeline {source} reads" in rejected.reason


def test_a_wrong_row_of_a_parquet_file_has_its_number_and_a_damaged_file_is_one_record() -> None:
    file = parquet(RECORD, {**RECORD, "http_status": -1})
    parsed = parse(LINE.encode(), file, file[:-20])
    assert [(each.position, each.index) for each in parsed.rejected] == [
        (len(LINE) + 1, 1),
        (len(LINE) + len(file) + 2, None),
    ]
    assert (parsed.records, parsed.rows.num_rows) == (4, 2)


def test_many_wrong_rows_of_a_small_parquet_file_belong_to_it_and_not_to_the_next_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fallback, "MAX_REJECTED_PER_PARSE", 1)
    file = parquet(*[{**RECORD, "http_status": -1}] * 20_000)
    (repeated,) = parse(file, LINE.encode()).repeated.values()
    assert len(repeated) > len(file)
    assert set(repeated.tolist()) == {0}


@pytest.mark.parametrize(
    "kind",
    [
        pa.timestamp("ns", "UTC"),
        pa.timestamp("ns"),
        pa.timestamp("us", "America/New_York"),
        pa.timestamp("ms"),
    ],
)
def test_times_of_a_parquet_file_may_have_any_unit_and_zone(kind: pa.DataType) -> None:
    time = pa.array([1_777_473_136_125_000_001], pa.timestamp("ns", "UTC")).cast(kind, safe=False)
    columns = {**{name: pa.array([value]) for name, value in RECORD.items()}, "request_time": time}
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, use_deprecated_int96_timestamps=kind == pa.timestamp("ns"))
    parsed = parse(file.getvalue())
    assert parsed.rejected == []
    assert parsed.rows["event_time"].to_pylist() == [datetime(2026, 4, 29, 14, 32, 16)]


@pytest.mark.parametrize(
    "value",
    [
        pa.array([2**62], pa.duration("ns")),
        pa.array([2**62], pa.timestamp("us")),
        pa.array([2**62], pa.timestamp("s")),
        pa.array([1], pa.time64("ns")),
        pa.array([["x"]], pa.list_(pa.string_view())),
    ],
)
def test_no_value_of_a_parquet_file_makes_the_parser_raise(value: pa.Array) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({**{name: pa.array([each]) for name, each in RECORD.items()}, "more": value}), file)
    assert parse(file.getvalue()).records == 1


def test_a_file_with_a_value_that_cannot_be_read_is_rejected_alone() -> None:
    def with_time(microseconds: int) -> bytes:
        file = io.BytesIO()
        more = pa.array([microseconds], pa.timestamp("us"))
        pq.write_table(pa.table({**{name: pa.array([each]) for name, each in RECORD.items()}, "more": more}), file)
        return file.getvalue()

    first, second = with_time(7), with_time(2**62)
    parsed = parse(first, second, first, LINE.encode())
    assert (parsed.records, parsed.rows.num_rows) == (4, 3)
    assert [each.position for each in parsed.rejected] == [len(first) + 1]


TEXT = st.sampled_from(
    ["-", "", "a", "Yes", "true", "1", "0", "007", "99999999999999999", "a%20b", "a b+c", "x\U0001f40b"]
)
NUMBER = st.sampled_from([None, 0, 1, 99, 100, 999, 1000, 10**15 - 1, 10**15, -1, 1.0, 2**63])
CHANGE = st.one_of(
    st.tuples(st.sampled_from([*RECORD, "added", "bucket", "another"]), st.none() | TEXT | NUMBER | st.booleans()),
    st.tuples(st.just("key_name"), st.sampled_from(["a b", "a%20b", "a%2520b", "part%2501%20a.csv", "-", "é"])),
    st.tuples(st.just("operation"), st.sampled_from(["S3.EXPIRE.OBJECT", "BATCH.DELETE.OBJECT"])),
    st.tuples(
        st.just("request_time"),
        st.sampled_from(
            [
                "2026-04-29T14:32:16Z",
                "2026-04-29T14:32:16.9Z",
                "2026-04-29 14:32:16.125Z",
                "2026-04-29T14:32:16.1234567Z",
                "2026-04-29T24:00:00.000Z",
                "2026-04-29T14:32:60.000Z",
                "2026-02-29T00:00:00.000Z",
                "2005-12-31T23:59:59.999Z",
                "2199-12-31T23:59:59.999Z",
                "2200-01-01T00:00:00.000Z",
            ]
        ),
    ),
)
CHANGES = st.lists(CHANGE, max_size=4).map(dict)


def sorted_rows(rows: pa.Table) -> list[str]:
    return sorted(map(repr, rows.to_pylist()))


def alone(records: list[dict[str, Any]]) -> Parsed:
    """What the records are when they are read one by one."""
    return parse_lines(enumerate(as_json(*records).split(b"\n")))


@given(st.lists(CHANGES, min_size=1, max_size=4), st.booleans())
def test_records_of_a_crowd_have_the_rows_that_they_have_alone(changes: list[dict[str, Any]], all_texts: bool) -> None:
    records = [{**RECORD, **change} for change in changes] * (FEW_LINES + 1)
    if all_texts:
        records = [
            {name: str(value) if isinstance(value, int) else value for name, value in each.items()} for each in records
        ]
    together, expected = parse(as_json(*records)), alone(records)
    assert sorted_rows(together.rows) == sorted_rows(expected.rows)
    assert together.records == expected.records == len(records)
    assert {each.reason for each in together.rejected} == {each.reason for each in expected.rejected}


def test_a_byte_order_mark_before_records_is_ignored() -> None:
    parsed = parse(b"\xef\xbb\xbf" + as_json(RECORD, RECORD))
    assert (parsed.rows.num_rows, parsed.rejected) == (2, [])


@pytest.mark.parametrize(("end", "rows"), [(b" \t\r\n", 1), (b"\x0c\n", 0)])
def test_only_the_blanks_of_json_may_follow_a_record_of_a_crowd(end: bytes, rows: int) -> None:
    crowd = as_json(RECORD).replace(b"\n", end) * (FEW_LINES + 1)
    assert parse(crowd).rows.num_rows == rows * (FEW_LINES + 1)


@given(st.lists(CHANGES, min_size=1, max_size=4))
def test_rows_of_a_parquet_file_are_those_of_its_records(changes: list[dict[str, Any]]) -> None:
    names = dict.fromkeys(name for change in changes for name in [*RECORD, *change])
    records = [{**names, **RECORD, **change} for change in changes]
    try:
        file = parquet(*records)
    except (pa.ArrowException, OverflowError):
        # Values of several types are no column.
        assume(False)
    kept = pq.read_table(io.BytesIO(file)).to_pylist()
    assert sorted_rows(parse(file).rows) == sorted_rows(alone(kept).rows)


@pytest.mark.parametrize("change", [{}, {"http_status": "200", "bytes_sent_size": "7"}, {"added": 5}, {"added": "x"}])
def test_usual_records_need_no_look_one_by_one(change: dict[str, Any]) -> None:
    index = LineIndex.of(memoryview(as_json(*[{**RECORD, **change}] * (FEW_LINES + 1))))
    result = parse_vended_lines(index, np.arange(len(index)))
    assert sum(map(len, result.unproven)) == 0
    assert sum(map(len, result.lines)) == len(index)


def test_added_fields_have_one_order_whatever_that_of_the_record_is() -> None:
    rows = parse(as_json({**RECORD, "b": "1", "a": "2"}, {**RECORD, "a": "2", "b": "1"})).rows
    assert rows["extra_fields"].to_pylist() == [["a=2", "b=1"]] * 2


@pytest.mark.parametrize(("before", "after"), [("2026-04-29T14:32:16.125Z ", ""), ('{"logEvents":[{"message":', "}]}")])
def test_a_record_from_a_log_group_says_what_to_do(before: str, after: str) -> None:
    (rejected,) = parse(before.encode() + as_json(RECORD).strip() + after.encode()).rejected
    assert rejected.reason == f"The line {FROM_LOG_GROUP}."


def test_names_of_both_kinds_tell_the_day_and_logs_of_cloudfront_have_other_names() -> None:
    names = ["a/2026-04-29-14-32-16-ABC", "b/example-data.2026-04-29-14.ab12.gz", "2026/04/29/14/2026-04-29-14.ab.gz"]
    assert {day_from_name(ACCESS_LOG_NAMES, name) for name in names} == {DAY}
    assert day_from_name(ACCESS_LOG_NAMES, "EMLARXS9EXAMPLE.2026-04-29-14.ab12.gz") is None


def test_a_request_that_is_delivered_both_ways_is_stored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_spark(monkeypatch)
    raw, lake = Raw(ACCESS_LOGS, str(tmp_path / "raw")), str(tmp_path / "lake")
    # The line spells the key in another way than a record would.
    uri = "GET /ana/tides/day=1.csv HTTP/1.1"
    line = LINE.replace(RECORD["request_uri"], uri).replace("part%252501%2520a.csv", "day=1.csv")
    record = {**RECORD, "request_uri": uri, "key_name": "ana/tides/day=1.csv"}
    other = {**record, "request_id": "ANOTHER"}
    raw.put(ACCESS_LOGS.object_name(DAY, 1), line.encode())
    raw.put("example-data.2026-04-29-14.ab12.parquet", parquet(record, other))
    assert run(raw, lake).totals.duplicates == 1
    raw.put("example-data.2026-04-29-15.ab12.gz", as_json(record, other))
    assert run(raw, lake).totals.duplicates == 2
    assert contents(lake, ACCESS_LOGS.pipeline).rows.total() == 2
