"""Each line of an access log becomes a row with the right fields or a reject with a reason, whatever it contains."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.parsed import Parsed
from glue_jobs.sources.s3_access_log import parser as access_log_parser
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.fast_path import parse_fast
from glue_jobs.sources.s3_access_log.parser.line_index import LineIndex
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG

OWNER = "0123456789abcdef" * 4
TIME = "[06/Feb/2019:00:00:38 +0000]"
HEAD = (
    f"{OWNER} example-data {TIME} 192.0.2.3 arn:aws:iam::111122223333:user/ana 3E57427F3EXAMPLE REST.GET.OBJECT a/b.csv"
)
OLD_HEAD = HEAD.replace("2019", "2009")
SIX = "206 - 1024 4096 70 12"
HOST = "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234="
TAIL = (
    f"- {HOST} SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.us-east-1.amazonaws.com TLSv1.3 - Yes us-east-1"
)
URI = "GET /a/b.csv HTTP/1.1"
OAI = "iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLEID000"


def line(head: str = HEAD, client: str = f'"{URI}" {SIX} "-" "curl/8.5.0"', tail: str = TAIL) -> str:
    return f"{head} {client} {tail}"


def parse_access_log(data: bytes | memoryview | pa.Buffer) -> Parsed:
    """What the parser returns, in the order of the lines."""
    parsed = access_log_parser.parse_access_log(data)
    order = np.argsort(parsed.positions, kind="stable")
    rows = parsed.rows.unify_dictionaries().combine_chunks().take(pa.array(order))
    return Parsed(rows, parsed.positions[order], parsed.records, parsed.rejected)


def by_fallback(data: bytes) -> Parsed:
    lines, position = [], 0
    for text in data.split(b"\n"):
        lines.append((position, text))
        position += len(text) + 1
    return parse_lines(lines)


def only_row(text: str | bytes, crowd: int = 0) -> dict[str, Any]:
    """The row of a line; with a ``crowd`` of plain lines around it, it takes the fast path first."""
    plain = [line().encode()] * crowd
    parsed = parse_access_log(b"\n".join([*plain, text.encode() if isinstance(text, str) else text, *plain]))
    assert parsed.rejected == []
    assert parsed.rows.num_rows == 2 * crowd + 1
    return dict(parsed.rows.to_pylist()[crowd])


def only_reason(text: str) -> str:
    parsed = parse_access_log(text.encode())
    assert parsed.rows.num_rows == 0
    (reject,) = parsed.rejected
    assert reject.record == text.encode()
    return reject.reason


def test_every_field_of_a_line_has_its_column() -> None:
    row = only_row(line())
    assert row == {
        "bucket_owner": OWNER,
        "bucket": "example-data",
        "event_time": datetime(2019, 2, 6, 0, 0, 38),
        "remote_ip": "192.0.2.3",
        "requester": "arn:aws:iam::111122223333:user/ana",
        "request_id": "3E57427F3EXAMPLE",
        "operation": "REST.GET.OBJECT",
        "key": "a/b.csv",
        "request_uri": URI,
        "http_status": 206,
        "error_code": None,
        "bytes_sent": 1024,
        "object_size": 4096,
        "total_time_ms": 70,
        "turn_around_time_ms": 12,
        "referer": None,
        "user_agent": "curl/8.5.0",
        "version_id": None,
        "host_id": HOST,
        "signature_version": "SigV4",
        "cipher_suite": "TLS_AES_128_GCM_SHA256",
        "authentication_type": "AuthHeader",
        "host_header": "example-data.s3.us-east-1.amazonaws.com",
        "tls_version": "TLSv1.3",
        "access_point_arn": None,
        "acl_required": True,
        "source_region": "us-east-1",
        "extra_fields": None,
        "key_raw": "a/b.csv",
    }


def test_columns_are_those_of_the_table_in_its_order() -> None:
    derived = set(S3_ACCESS_LOG.derived) - {"key_raw", "authentication_type"}
    names = [column.name for column in S3_ACCESS_LOG.columns if column.name not in derived]
    for data in (b"", b"\n", b"x", line().encode()):
        assert parse_access_log(data).rows.column_names == names


HARD_LINES = [
    ("lifecycle: nothing is quoted", line(client="- - - - 4096 - - - -"), {"request_uri": None, "object_size": 4096}),
    ("quoted dash", line(client=f'"-" {SIX} "-" "-"'), {"request_uri": None, "user_agent": None, "referer": None}),
    ("quoted nothing", line(client=f'"{URI}" {SIX} "" ""'), {"user_agent": None, "referer": None}),
    ("bare referer", line(client=f'"{URI}" {SIX} - "curl"'), {"referer": None, "user_agent": "curl"}),
    ("bare user agent", line(client=f'"{URI}" {SIX} "x" -'), {"referer": "x", "user_agent": None}),
    ("bare user agent, quotes before", line(client=f'"GET /"q" HTTP/1.1" {SIX} "x" -'), {"user_agent": None}),
    ("bare URI", line(client=f'- {SIX} "x" "y"'), {"request_uri": None, "referer": "x", "user_agent": "y"}),
    ("bare URI, quotes behind", line(client=f'- {SIX} "x" "y "z""'), {"request_uri": None, "user_agent": 'y "z"'}),
    ("IPv6", line(HEAD.replace("192.0.2.3", "2001:db8::7")), {"remote_ip": "2001:db8::7"}),
    ("work of AWS", line(HEAD.replace("192.0.2.3", "-")), {"remote_ip": None}),
    *[
        (
            f"OAI in {partition}",
            line(HEAD.replace("arn:aws:iam::111122223333:user/ana", f"arn:{partition}:{OAI}"), tail=tail),
            {"requester": f"arn:{partition}:{OAI}", "request_id": "3E57427F3EXAMPLE", "http_status": 206},
        )
        for partition, tail in [("aws", TAIL), ("aws-cn", "-"), ("aws-us-gov", " ".join(TAIL.split()[:7]))]
    ],
    ("2009", line(OLD_HEAD, tail="").rstrip(), {"user_agent": "curl/8.5.0", "version_id": None, "host_id": None}),
    (
        "2009, quotes",
        line(OLD_HEAD, f'"{URI}" {SIX} "" "a" b="c"', "").rstrip(),
        {"user_agent": 'a" b="c', "referer": None},
    ),
    ("2009, bare agent", line(OLD_HEAD, f'"{URI}" {SIX} "a" -', "").rstrip(), {"user_agent": None, "referer": "a"}),
    ("2009, 18 fields", line(OLD_HEAD, tail="-"), {"user_agent": "curl/8.5.0", "version_id": None}),
    ("east of UTC", line(HEAD.replace("+0000", "+0130")), {"event_time": datetime(2019, 2, 5, 22, 30, 38)}),
    ("west of UTC", line(HEAD.replace("+0000", "-0800")), {"event_time": datetime(2019, 2, 6, 8, 0, 38)}),
    ("byte order mark", "\ufeff" + line(), {"bucket_owner": OWNER, "source_region": "us-east-1"}),
    ("two blanks", line(HEAD.replace("2.3 arn", "2.3  arn")), {"remote_ip": "192.0.2.3", "http_status": 206}),
    ("two blanks later", line(tail=TAIL.replace(" SigV4", "  SigV4")), {"signature_version": "SigV4"}),
    ("two blanks quoted", line(client=f'"{URI}" {SIX} "-" "a  b"'), {"user_agent": "a  b"}),
    ("line end of Windows", line() + "\r", {"source_region": "us-east-1"}),
    (
        "blank in the URI",
        line(client=f'"GET /a b.csv HTTP/1.1" {SIX} "-" "c"'),
        {"request_uri": "GET /a b.csv HTTP/1.1"},
    ),
    ("quote in the URI", line(client=f'"GET /" HTTP/1.1" {SIX} "-" "c"'), {"request_uri": 'GET /" HTTP/1.1'}),
    ("glued quotes", line(client=f'"GET /"a"b HTTP/1.1" {SIX} "-" "c"'), {"request_uri": 'GET /"a"b HTTP/1.1'}),
    ("text after a quote", line(client=f'"GET /"b" {SIX} "-" "c"'), {"request_uri": 'GET /"b'}),
    ("quotes in the agent", line(client=f'"{URI}" {SIX} "-" "a "b" c"'), {"user_agent": 'a "b" c', "referer": None}),
    ("agent begins with one", line(client=f'"{URI}" {SIX} "-" ""Mozilla"'), {"user_agent": '"Mozilla'}),
    ("agent ends with one", line(client=f'"{URI}" {SIX} "-" "Safari/1""'), {"user_agent": 'Safari/1"'}),
    ("quote in the referer", line(client=f'"{URI}" {SIX} "http://a/"b" "c"'), {"referer": 'http://a/"b'}),
    ("big number", line(client=f'"{URI}" 200 - {10**15 - 1} - 1 - "-" "c"'), {"bytes_sent": 10**15 - 1}),
    ("next field of AWS", line(tail=TAIL + " new -"), {"source_region": "us-east-1", "extra_fields": ["new", None]}),
    ("key encoded twice", line(HEAD.replace("a/b.csv", "a%2520b%252B%25C3%25A9+")), {"key": "a b+é+"}),
    ("percent sign", line(HEAD.replace("a/b.csv", "foo-%2525Y")), {"key": "foo-%Y", "key_raw": "foo-%2525Y"}),
    ("key not UTF-8", line(HEAD.replace("a/b.csv", "a%25FFb")), {"key": "a\\xffb"}),
    ("no key", line(HEAD.replace("a/b.csv", "-")), {"key": None, "key_raw": None}),
    (
        "key encoded once",
        line(HEAD.replace("REST.GET.OBJECT a/b.csv", "BATCH.DELETE.OBJECT a+b%2520c%2Bd"), "- 204 - - - - - - -"),
        {"key": "a b%20c+d", "http_status": 204},
    ),
    (
        "key of a lifecycle expiry, encoded once",
        line(HEAD.replace("REST.GET.OBJECT a/b.csv", "S3.EXPIRE.OBJECT a%20b+c%2520d"), "- - - - 4096 - - - -"),
        {"key": "a b c%20d", "object_size": 4096},
    ),
    (
        "key of a delete marker of a lifecycle rule, encoded once",
        line(HEAD.replace("REST.GET.OBJECT a/b.csv", "S3.CREATE.DELETEMARKER a+b%252B"), "- - - - - - - - -"),
        {"key": "a b%2B"},
    ),
    (
        "key with a blank only",
        line(HEAD.replace("REST.GET.OBJECT a/b.csv", "BATCH.DELETE.OBJECT a+b"), "- 204 - - - - - - -"),
        {"key": "a b", "key_raw": "a+b"},
    ),
    ("key with a plus, encoded twice", line(HEAD.replace("a/b.csv", "a+b")), {"key": "a+b"}),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in HARD_LINES], ids=[case[0] for case in HARD_LINES])
def test_hard_line_is_parsed_correctly(text: str, expected: dict[str, Any]) -> None:
    row = only_row(text)
    assert {name: row[name] for name in expected} == expected
    assert only_row(text, crowd=99) == row


def test_same_logged_key_is_decoded_by_the_operation_of_its_row() -> None:
    operations = ["REST.GET.OBJECT", "BATCH.DELETE.OBJECT", "S3.EXPIRE.OBJECT", "S3.TRANSITION_SIA.OBJECT"]
    heads = [
        HEAD.replace("REST.GET.OBJECT a/b.csv", f"{name} {key}") for key in ("a+b", "c%2520d+e") for name in operations
    ]
    data = "\n".join([line(head) for head in heads] * 20).encode()
    parsed = parse_access_log(data)
    keys = ["a+b", "a b", "a b", "a+b", "c d+e", "c%20d e", "c%20d e", "c d+e"]
    assert parsed.rows["key"].to_pylist() == keys * 20
    assert by_fallback(data).rows.equals(parsed.rows)


def test_bytes_that_are_not_utf8_stay_visible() -> None:
    text = line(client=f'"GET /#.rar HTTP/1.1" {SIX} "-" "curl"').encode().replace(b"#", b"\xff\xfe")
    row = only_row(text)
    assert only_row(text, crowd=99) == row
    assert row["request_uri"] == "GET /\\xff\\xfe.rar HTTP/1.1"
    assert row["bytes_sent"] == 1024


@pytest.mark.parametrize("count", [18, 24, 25, 26, 27, 28, 30])
def test_layout_with_this_number_of_fields_is_parsed(count: int) -> None:
    tail = [*TAIL.split(), "a", "b", "c"][: count - 17]
    texts = [line(tail=" ".join(tail)).encode()] * 100
    parsed = parse_access_log(b"\n".join(texts))
    assert parsed.rows.equals(by_fallback(b"\n".join(texts)).rows)
    row = parsed.rows.to_pylist()[99]
    assert row["tls_version"] == ("TLSv1.3" if count >= 24 else None)
    assert row["acl_required"] == (True if count >= 26 else None)
    assert row["source_region"] == ("us-east-1" if count >= 27 else None)
    assert row["extra_fields"] == (["a", "b", "c"][: count - 27] if count > 27 else None)


@pytest.mark.parametrize("count", [*range(1, 18), *range(19, 24)])
def test_line_with_this_number_of_fields_is_cut_short(count: int) -> None:
    head = HEAD.replace(" +0000]", "|+0000]").split()
    fields = [*head, f'"{URI}"', *SIX.split(), '"-"', '"c"', *TAIL.split()]
    assert "cut short" in only_reason(" ".join(fields[:count]).replace("|", " "))


FORGED_SIX = '200 - 9 9 9 9 "-" "x'
REJECTED = [
    (
        "forged in the URI",
        line(client=f'"GET /a HTTP/1.1" {FORGED_SIX} HTTP/1.1" {SIX} "-" "c"'),
        "several ways",
    ),
    ("forged in the agent", line(client=f'"{URI}" {SIX} "-" "c HTTP/1.1" {FORGED_SIX}"'), "several ways"),
    ("forged in the referer", line(client=f'"{URI}" {SIX} "r HTTP/1.1" {FORGED_SIX}" "c"'), "several ways"),
    ("forged in the agent, no version", line(client=f'"{URI}" {SIX} "-" "c" {FORGED_SIX}"'), "several ways"),
    (
        "forged in the agent, no URI",
        line(client=f'"-" 403 AccessDenied 243 - 8 - "-" "x HTTP/1.1" {FORGED_SIX}"'),
        "several ways",
    ),
    (
        "forged in the referer, URI without version",
        line(client=f'"GET /k" {SIX} "x HTTP/1.1" {FORGED_SIX}" "c"'),
        "several ways",
    ),
    ("forged in a URI without version", line(client=f'"GET /a HTTP/1.1" {FORGED_SIX}" {SIX} "-" "c"'), "several ways"),
    ("two records in one line", line(HEAD[:100] + HEAD), "run into each other"),
    (
        "second record in the URI",
        f'{HEAD} "GET /a{line()}',
        "run into each other",
    ),
    ("many forged", line(client=f'"{URI}' + f'" {SIX} ' * 20 + f'" {SIX} "-" "c"'), "several ways"),
    ("no month", line(HEAD.replace("Feb", "XXX")), "not a date"),
    ("no day", line(HEAD.replace("06/Feb", "30/Feb")), "not a date"),
    ("no hour", line(HEAD.replace(":00:00:38", ":24:00:38")), "not a date"),
    ("minute 60", line(HEAD.replace(":00:00:38", ":00:60:38")), "not a date"),
    ("leap second", line(HEAD.replace("06/Feb/2019:00:00:38", "31/Dec/2016:23:59:60")), "not a date"),
    ("day 0", line(HEAD.replace("06/Feb", "00/Feb")), "not a date"),
    ("before S3", line(HEAD.replace("Feb/2019", "Dec/2005")), "not a date"),
    ("after 2199", line(HEAD.replace("Feb/2019", "Feb/2200")), "not a date"),
    ("no such zone", line(HEAD.replace("+0000", "+1500")), "not a date"),
    ("no such minute of a zone", line(HEAD.replace("+0000", "+0060")), "not a date"),
    ("no zone", line(HEAD.replace("+0000", "CET")), "not a time in brackets"),
    ("second record of another zone", f'{HEAD} "GET /a{line().replace("+0000", "+0100")}', "run into each other"),
    ("JSON", '{"schema_version_id":"V_1_0","bucket_name":"example-data"}', "it has no request_time"),
    ("without version id", line().removesuffix(f" {TAIL}"), "17 fields"),
    ("without version id in 2010", line(OLD_HEAD.replace("2009", "2010"), tail="").rstrip(), "17 fields"),
    ("2009, cut in the agent", line(OLD_HEAD, tail="").rstrip(' "'), "inside a quoted field"),
    ("2009, cut behind the referer", line(OLD_HEAD, f'"{URI}" {SIX} "-"', "").rstrip(), "damaged"),
    ("owner", line("§" + HEAD), "bucket_owner"),
    ("address", line(HEAD.replace("192.0.2.3", "here")), "remote_ip"),
    ("operation", line(HEAD.replace("REST.GET.OBJECT", "GET")), "operation"),
    *[
        (
            f"blank in the requester: {requester}",
            line(HEAD.replace("arn:aws:iam::111122223333:user/ana", requester)),
            "operation",
        )
        for requester in (
            "arn:aws:iam::111122223333:user/CloudFront Origin Access Identity E2EXAMPLEID000",
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity",
            f"arn:aws:{OAI} X",
        )
    ],
    ("tls", line(tail=TAIL.replace("TLSv1.3", "T")), "tls_version"),
    ("acl", line(tail=TAIL.replace("Yes", "No")), "acl_required"),
    ("too large", line(client=f'"{URI}" 200 - {10**15} - 1 - "-" "c"'), "larger than any"),
    ("thousands of digits", line(client=f'"{URI}" 200 - {"9" * 5000} - 1 - "-" "c"'), "larger than any"),
    ("negative", line(client=f'"{URI}" 200 - -5 - 1 - "-" "c"'), "negative"),
    ("request-URI without quotes", line(client=f'GET {SIX} "-" "c"'), "damaged"),
    ("status of two digits", line(client=f'"{URI}" 20 - 1 - 1 - "-" "c"'), "damaged"),
    ("status of four digits", line(client=f'"{URI}" 2000 - 1 - 1 - "-" "c"'), "damaged"),
    ("no zone", line(HEAD.replace("+0000]", "-")), "not a time in brackets"),
    ("user agent without quotes", line(client=f'"{URI}" {SIX} "r" curl'), "damaged"),
    ("dash before the request-URI", line(client=f'-x {SIX} "-" "c"'), "damaged"),
    ("hexadecimal", line(client=f'"{URI}" 200 - 0x1F - 1 - "-" "c"'), "damaged"),
    ("ends behind a quote in the agent", line(client=f'"{URI}" {SIX} "-" "a "b"', tail="c"), "inside a quoted field"),
    (
        "ends behind a blank quoted by the client",
        line(client=f'"{URI}" {SIX} "-" "a "', tail="c"),
        "inside a quoted field",
    ),
    ("ends inside the host id, odd quote", line(client=f'"{URI}" {SIX} "-" ""Mozilla"', tail="- HOSTI"), "cut short"),
    ("ends inside the agent", line().split("url/8")[0], "inside a quoted field"),
]


@pytest.mark.parametrize(("text", "reason"), [case[1:] for case in REJECTED], ids=[case[0] for case in REJECTED])
def test_unreadable_line_is_rejected_with_a_reason(text: str, reason: str) -> None:
    assert reason in only_reason(text)
    surrounded = parse_access_log("\n".join([line()] * 99 + [text] + [line()] * 99).encode())
    assert (surrounded.rows.num_rows, len(surrounded.rejected)) == (198, 1)


@pytest.mark.parametrize(
    "client",
    [
        f'"{URI}" {SIX} "-" "c" 200 - 9 9 9 9"',
        f'"{URI}" {SIX} "-" "c" - - - SigV2 - - - TLSv1 - - "',
    ],
)
def test_forged_fields_are_never_believed(client: str) -> None:
    row = only_row(line(client=client))
    assert only_row(line(client=client), crowd=99) == row
    assert (row["http_status"], row["bytes_sent"], row["object_size"]) == (206, 1024, 4096)
    assert row["signature_version"] == "SigV4"


def test_forged_line_with_as_many_quotes_as_a_genuine_line_is_not_believed() -> None:
    # An 18-field line with a bare referer, whose URI imitates the fields of a longer layout.
    forged = line(client='"GET /" 200 - 9 9 9 9 "y HTTP/1.1" 403 AccessDenied 5 - 1 - - "c"', tail="-")
    longer = line(client=f'"{URI}" {SIX} "-" "c"', tail=" ".join(TAIL.split()[:8]))
    parsed = parse_access_log("\n".join([longer, forged] * 100).encode())
    assert parsed.rows["http_status"].to_pylist() == [206, 403] * 100


# Pieces of forged fields, for the places where a client can type: URI, referer and user agent.
FORGERY = [
    "GET /k",
    " HTTP/1.1",
    '"',
    " ",
    "-",
    '" "',
    '"-"',
    f'" {FORGED_SIX}',
    f' HTTP/1.1" {FORGED_SIX}',
    " - HOSTX",
]
TYPED = st.lists(st.sampled_from(FORGERY), max_size=5).map(lambda pieces: "".join(pieces).strip() or "-")


@given(TYPED, TYPED, TYPED, st.sampled_from(["-", TAIL, " ".join(TAIL.split()[:7])]), st.sampled_from([0, 80]))
@example("-", "-", f'x HTTP/1.1" {FORGED_SIX}', TAIL, 0)
@example('GET /k HTTP/1.1" 200 - 9 9 9 9 "-" "', "-", "z", TAIL, 0)
@example(f'" {FORGED_SIX}-" "c" -', "-", "-", "-", 0)
def test_client_can_forge_no_field_whatever_it_types(uri: str, referer: str, agent: str, tail: str, crowd: int) -> None:
    text = line(client=f'"{uri}" 403 AccessDenied 243 - 8 - "{referer}" "{agent}"', tail=tail)
    data = "\n".join([*[line()] * crowd, text]).encode()
    rows = parse_access_log(data).rows.to_pylist()[crowd:]
    assert {row["http_status"] for row in rows} <= {403}
    assert {row["bytes_sent"] for row in rows} <= {243}
    assert {row["host_id"] for row in rows} <= {None if tail == "-" else HOST}


@pytest.mark.parametrize("crowd", [0, 80])
@pytest.mark.parametrize(
    "text",
    [
        # The user agent is bare, and the last quote closes the referer.
        '"GET /k?" 200 - 999 - 7 6 "-" "c" -"" 403 AccessDenied 243 - 5 - "" - -',
        # Both headers are bare, and the last quote closes the request-URI.
        '"GET /k" 200 - 9 9 9 9 "-" "c" 403 - - - 5 4 - - -',
    ],
)
def test_a_line_with_bare_headers_that_has_a_forged_reading_is_rejected(text: str, crowd: int) -> None:
    # The crowd has the number of fields that the forged reading has.
    others = [line(tail=" ".join(TAIL.split()[:9]))] * crowd
    parsed = parse_access_log("\n".join([*others, line(client=text, tail="").rstrip()]).encode())
    assert (parsed.rows.num_rows, len(parsed.rejected)) == (crowd, 1)


@pytest.mark.parametrize("referer", ['"-"', "-"])
def test_quoted_text_that_swallows_the_next_line_does_not_affect_other_lines(referer: str) -> None:
    swallowing = line(client=f'"{URI}" {SIX} {referer} "a "b" "')
    parsed = parse_access_log("\n".join([line()] * 500 + [swallowing] + [line()] * 500).encode())
    assert parsed.rows.num_rows == 1001
    assert parsed.rows["user_agent"].to_pylist()[500] == 'a "b" '


@pytest.mark.parametrize("agent", ['a " ', "a\rb"])
def test_an_odd_quote_or_a_carriage_return_sends_only_its_own_line_to_the_fallback(agent: str) -> None:
    lines = [line()] * 250 + [line(client=f'"{URI}" {SIX} - "{agent}"')] + [line()] * 250
    parsed = access_log_parser.parse_access_log("\n".join(lines).encode())
    # Rows of the fallback come last.
    *others, last = parsed.rows["user_agent"].to_pylist()
    assert (set(others), last) == ({"curl/8.5.0"}, agent)
    assert parsed.positions[:-1].tolist() == sorted(parsed.positions[:-1].tolist())


def test_blank_lines_are_no_records_and_rows_keep_their_positions() -> None:
    odd = line(client=f'"{URI}" {SIX} "-" "a "b" c"')
    data = ("\n \n" + "\n\n".join([line(), odd, line(tail="-"), line()]) + "\n\t\n\n").encode()
    parsed = parse_access_log(data)
    assert parsed.records == 4
    assert parsed.positions.tolist() == sorted(parsed.positions.tolist())
    assert [data[place : place + 64] for place in parsed.positions] == [OWNER.encode()] * 4


def test_only_newline_ends_a_line() -> None:
    agent = "a\x85b\u2028c\x0bd\x00e\rf"
    assert only_row(line(client=f'"{URI}" {SIX} "-" "{agent}"'))["user_agent"] == agent


@pytest.mark.parametrize("wrap", [bytes, memoryview, bytearray, pa.py_buffer])
def test_any_kind_of_buffer_is_accepted(wrap: Any) -> None:
    assert parse_access_log(wrap(line().encode())).rows.num_rows == 1


# --- properties -------------------------------------------------------------------------------------------------

TOKEN = st.text("abcXYZ019./_=%-+", min_size=1, max_size=12)
TEXT = st.text(st.characters(exclude_characters='"\n\r', exclude_categories=("Cs",)), max_size=20)
QUOTED = TEXT.map(lambda text: f'"{text}"')
NUMBER = st.integers(0, 10**15 - 1).map(str) | st.just("-")


@st.composite
def good_lines(draw: st.DrawFn) -> tuple[list[str], str]:
    """The 27 or fewer fields of a well-formed line, and the line."""
    when = draw(st.datetimes(datetime(2006, 1, 1), datetime(2199, 12, 31)))
    pick = st.sampled_from
    fields = [
        draw(pick([OWNER, OWNER[::-1]])),
        draw(pick(["example-data", "example.data"])),
        when.strftime("[%d/%b/%Y:%H:%M:%S +0000]"),
        draw(pick(["-", "192.0.2.3", "2001:db8::7"])),
        draw(pick(["-", "arn:aws:iam::111122223333:user/ana", f"arn:aws:{OAI}", OWNER])),
        draw(st.text("0123456789ABCDEF", min_size=16, max_size=16)),
        draw(pick(["REST.GET.OBJECT", "BATCH.DELETE.OBJECT", "S3.EXPIRE.OBJECT"])),
        draw(TOKEN),
        draw(QUOTED | st.just("-")),
        draw(st.integers(100, 999).map(str) | st.just("-")),
        draw(pick(["-", "AccessDenied"])),
        *[draw(NUMBER) for _ in range(4)],
        draw(QUOTED | st.just("-")),
        draw(QUOTED | st.just("-")),
        draw(TOKEN),
        draw(TOKEN),
        draw(pick(["-", "SigV2", "SigV4"])),
        draw(pick(["-", "ECDHE-RSA-AES128-GCM-SHA256"])),
        draw(pick(["-", "AuthHeader", "QueryString"])),
        draw(TOKEN),
        draw(pick(["-", "TLSv1.2", "TLSV1.2"])),
        draw(pick(["-", "arn:aws:s3:us-east-1:123456789012:accesspoint/x"])),
        draw(pick(["-", "Yes"])),
        draw(pick(["-", "eu-west-1"])),
    ][: draw(pick([18, 24, 25, 26, 27]))]
    if len(fields) == 18:
        fields[-1] = draw(pick(["-", "null", "3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrH"]))
    return fields, " ".join(fields)


def expected_text(field: str) -> str | None:
    text = field[1:-1] if field.startswith('"') and len(field) > 1 else field
    return None if text in ("", "-") else text


@given(good_lines())
def test_well_formed_line_round_trips_through_both_parsers(case: tuple[list[str], str]) -> None:
    fields, text = case
    for row in (only_row(text), only_row(text, crowd=40)):
        assert row["event_time"].strftime("[%d/%b/%Y:%H:%M:%S +0000]") == fields[2]
        names = [column.name for column in S3_ACCESS_LOG.columns][:27]
        for name, logged in zip(names, fields, strict=False):
            if name in ("key", "event_time", "acl_required"):
                continue
            found = row[name]
            assert (None if found is None else str(found)) == expected_text(logged), name
        assert row["key_raw"] == expected_text(fields[7])


@given(st.lists(good_lines(), min_size=1, max_size=20), st.sampled_from([1, 80]), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=50)
def test_both_parsers_agree_on_any_mix_of_well_formed_lines(
    cases: list[tuple[list[str], str]], times: int, end: str
) -> None:
    data = end.join([text for _, text in cases] * times).encode()
    fast, fallback = parse_access_log(data), by_fallback(data)
    assert fast.rejected == fallback.rejected == []
    assert fast.positions.tolist() == fallback.positions.tolist()
    assert fast.rows.to_pylist() == fallback.rows.to_pylist()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("requester", ["-", f"arn:aws:{OAI}"])
def test_fast_path_proves_all_well_formed_lines(requester: str, end: str) -> None:
    head = HEAD.replace("arn:aws:iam::111122223333:user/ana", requester)
    bare = "- - - - 4096 - - - - -"
    expired = f"{head.replace('REST.GET', 'S3.EXPIRE')} {bare} {HOST} - - - - - - - -"
    lines = [line(head), line(head, tail="-"), line(head, client=bare[:-2]), line(tail=f"{TAIL} x y"), expired]
    index = LineIndex.of(memoryview(end.join(lines * 100).encode()))
    assert sum(map(len, parse_fast(index, np.arange(len(index))).unproven)) == 0


def test_only_carriage_returns_within_a_line_send_it_to_the_fallback() -> None:
    inside = line(client=f'"{URI}" {SIX} - "a\rb"')
    lines = [line() + "\r", inside + "\r", "\r", line() + "\r\r", line()] * 100
    parsed = access_log_parser.parse_access_log("\n".join(lines).encode())
    # Rows of the fallback come last.
    assert parsed.rows["user_agent"].to_pylist() == ["curl/8.5.0"] * 200 + ["a\rb", "curl/8.5.0"] * 100


def test_a_requester_that_is_cut_like_an_identity_is_no_identity() -> None:
    forged = line(HEAD.replace("arn:aws:iam::111122223333:user/ana", "a:iam::cloudfront:user/CloudFront X Y Z E1"))
    identity = line(HEAD.replace("arn:aws:iam::111122223333:user/ana", f"arn:aws:{OAI}"))
    parsed = parse_access_log("\n".join([identity] * 300 + [forged]).encode())
    assert parsed.rows.num_rows == 300
    assert [each.record for each in parsed.rejected] == [forged.encode()]


def test_rejected_lines_are_in_the_order_of_the_log() -> None:
    parsed = parse_access_log("\n".join([line(HEAD.replace("Feb", "XXX")), "damaged", line()]).encode())
    positions = [reject.position for reject in parsed.rejected]
    assert positions == sorted(positions)
    assert [reject.record for reject in parsed.rejected][1] == b"damaged"


def test_empty_lines_are_not_in_the_index() -> None:
    index = LineIndex.of(memoryview(b'\na"b\n\n\nc'))
    assert (index.starts.tolist(), index.ends.tolist(), index.quotes.tolist()) == ([1, 7], [4, 8], [1, 0])


MARKS = ['"', ' "', '" ', " ", "\n", "-", '"-"', "\r\n", "\x00"]
PIECES = [HEAD, URI, SIX, TAIL, TIME, line(), line(client="- - - - 4096 - - - -"), FORGED_SIX, *MARKS]
LIKE_LOGS = st.lists(st.sampled_from(PIECES) | TEXT, max_size=30).map("".join).map(str.encode)


@given(st.binary(max_size=300) | LIKE_LOGS, st.sampled_from([0, 80]))
@example(line(client=f'"{URI}" {SIX} "-" "a "b" "').encode(), 80)
def test_every_line_of_any_bytes_is_a_row_or_a_reject(data: bytes, crowd: int) -> None:
    data = f"{line()}\n".encode() * crowd + data + f"\n{line()}".encode() * crowd
    # A Parquet file has no lines.
    assume(not data.startswith(PARQUET))
    parsed = parse_access_log(data)
    lines, position = {}, 0
    for text in data.split(b"\n"):
        if text.strip():
            lines[position] = text
        position += len(text) + 1
    rejected = {reject.position: reject.record for reject in parsed.rejected}
    assert parsed.records == len(lines) == parsed.rows.num_rows + len(parsed.rejected)
    assert sorted([*parsed.positions.tolist(), *rejected]) == sorted(lines)
    assert all(lines[place] == record for place, record in rejected.items())
    fallback = by_fallback(data)
    assert fallback.rejected == parsed.rejected
    assert fallback.rows.to_pylist() == parsed.rows.to_pylist()
