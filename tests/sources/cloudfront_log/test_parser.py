"""CloudFront logs of both versions: every record becomes a row or a rejected record with its place."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.config import Config
from glue_jobs.read.parsed import Parsed
from glue_jobs.read.rows import parquet_rows
from glue_jobs.read.rows.json_lines import FEW_LINES
from glue_jobs.sample.scenario.clients.place_database import write_database
from glue_jobs.sources.cloudfront_log.parser import parse_cloudfront_log
from glue_jobs.sources.cloudfront_log.parser.records import column_name
from glue_jobs.sources.cloudfront_log.source import distribution_advice, enrich_cloudfront
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.signatures import FROM_LOG_GROUP

TODAY, UNITED_STATES = date.today(), {"country": {"iso_code": "US"}}
FIELDS = {
    "date": "2024-05-07",
    "time": "08:09:10",
    "x-edge-location": "DFW3",
    "sc-bytes": "392",
    "c-ip": "192.0.2.100",
    "cs-method": "GET",
    "cs(Host)": "d111111abcdef8.cloudfront.net",
    "cs-uri-stem": "/ana/tides/a%2520b.csv",
    "sc-status": "206",
    "cs(Referer)": "-",
    "cs(User-Agent)": "Mozilla/5.0%20(X11)",
    "x-edge-request-id": "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==",
    "time-taken": "0.082",
    "sc-range-start": "0",
    "c-country": "NZ",
    "asn": "64496",
}
ROW = {
    "event_time": datetime(2024, 5, 7, 8, 9, 10),
    "x_edge_location": "DFW3",
    "sc_bytes": 392,
    "c_ip": "192.0.2.100",
    "cs_method": "GET",
    "cs_host": "d111111abcdef8.cloudfront.net",
    "cs_uri_stem": "/ana/tides/a%20b.csv",
    "sc_status": 206,
    "cs_user_agent": "Mozilla/5.0 (X11)",
    "x_edge_request_id": FIELDS["x-edge-request-id"],
    "time_taken": 0.082,
    "sc_range_start": 0,
    "c_country": "NZ",
    "asn": 64496,
}


def as_text(records: list[dict[str, str]]) -> bytes:
    lines = ["#Version: 1.0", f"#Fields: {' '.join(records[0])}", *("\t".join(each.values()) for each in records), ""]
    return "\n".join(lines).encode()


def as_json(records: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in records).encode()


def as_parquet(records: list[dict[str, str]]) -> bytes:
    renamed = [
        {name.replace("(", "_").replace(")", "").replace("-", "_").lower(): text for name, text in each.items()}
        for each in records
    ]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(renamed), file)
    return file.getvalue()


FORMATS = {"text": as_text, "json": as_json, "parquet": as_parquet}
each_format = pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
Write = Callable[[list[dict[str, str]]], bytes]


def parse(*files: bytes) -> Parsed:
    """The files as one batch, each in a line of its own, as workers read them."""
    starts = np.cumsum([0, *(len(file) + 1 for file in files)])[:-1]
    return parse_cloudfront_log(b"".join(file + b"\n" for file in files), starts)


def values(parsed: Parsed) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in parsed.rows.to_pylist()]


@each_format
def test_each_format_gives_the_same_typed_row(write: Write) -> None:
    parsed = parse(write([FIELDS]))
    assert (parsed.records, parsed.rejected) == (1, [])
    assert values(parsed) == [ROW]


@pytest.mark.parametrize("absent", ["date", "time"])
def test_a_timestamp_stands_for_an_absent_date_or_time_whatever_the_records_beside_it_have(absent: str) -> None:
    stamped = {name: text for name, text in FIELDS.items() if name != absent} | {"timestamp(ms)": "1715069350123"}
    alone, beside = parse(as_json([stamped])), parse(as_json([FIELDS]), as_json([stamped]))
    assert [row["event_time"] for row in values(alone) + values(beside)] == [ROW["event_time"]] * 3


@each_format
def test_real_time_logs_have_a_timestamp_in_seconds_and_names_without_brackets(write: Write) -> None:
    record = {"timestamp": "1731620046.814", "cs-host": "d1.cloudfront.net", "cs-user-agent": "curl/8%20x"}
    assert values(parse(write([record, record | {"timestamp": "soon"}]))) == [
        {
            "event_time": datetime(2024, 11, 14, 21, 34, 6),
            "cs_host": "d1.cloudfront.net",
            "cs_user_agent": "curl/8 x",
            "extra_fields": ["timestamp=1731620046.814"],
        }
    ]


@each_format
def test_any_fields_in_any_order_and_unknown_ones_are_kept(write: Write) -> None:
    record = {"more": "a=1", "sc-status": "000", "timestamp(ms)": "1731620046814", "other": "-", "last": "x"}
    (row,) = values(parse(write([record])))
    assert row == {
        "event_time": datetime(2024, 11, 14, 21, 34, 6),
        "timestamp_ms": 1731620046814,
        "sc_status": 0,
        "extra_fields": ["more=a=1", "last=x"],
    }


def test_files_with_other_headers_share_a_batch_and_rows_know_their_file() -> None:
    small = {"time": "01:00:00", "date": "2024-05-08", "c-ip": "2001:db8::1"}
    files = [as_text([FIELDS]), as_json([FIELDS]), as_text([small]), as_parquet([FIELDS, FIELDS]), as_text([FIELDS])]
    parsed = parse(*files)
    edges = np.cumsum([0, *(len(file) + 1 for file in files)])
    owners = sorted((np.searchsorted(edges, parsed.positions, side="right") - 1).tolist())
    assert owners == [0, 1, 2, 3, 3, 4]
    assert sorted(row["c_ip"] for row in values(parsed)) == ["192.0.2.100"] * 5 + ["2001:db8::1"]


@pytest.mark.parametrize("write", [as_text, as_json])
def test_a_byte_order_mark_is_ignored(write: Write) -> None:
    parsed = parse(b"\xef\xbb\xbf" + write([FIELDS]))
    assert (values(parsed), parsed.rejected) == ([ROW], [])


def test_a_header_in_the_middle_of_a_file_names_the_fields_of_what_follows() -> None:
    parsed = parse(as_text([FIELDS]) + b"\r\n#Fields: time date\r\n01:02:03\t2024-05-07\r\n")
    assert [row["event_time"].hour for row in values(parsed)] == [8, 1]


def test_fields_may_be_separated_by_blanks() -> None:
    assert values(parse(as_text([FIELDS]).replace(b"\t", b" "))) == [ROW]


AGENTS = {
    "encoded once": ("Mozilla/5.0%20(X11)", "Mozilla/5.0 (X11)"),
    "encoded twice": ("Mozilla/5.0%2520(X11;%2520U)", "Mozilla/5.0 (X11; U)"),
    "an app's name, encoded once": ("Tide%2520Map/7%20CFNetwork/1", "Tide%20Map/7 CFNetwork/1"),
    "an app's name, encoded twice": ("Tide%252520Map/7%2520CFNetwork/1", "Tide%20Map/7 CFNetwork/1"),
    "without a blank": ("curl/8.5.0%2541", "curl/8.5.0%41"),
}


@each_format
@pytest.mark.parametrize(("logged", "agent"), AGENTS.values(), ids=AGENTS)
def test_a_user_agent_is_as_the_viewer_sent_it_also_where_the_log_encoded_it_twice(
    write: Write, logged: str, agent: str
) -> None:
    (row,) = values(parse(write([FIELDS | {"cs(User-Agent)": logged}])))
    assert row == ROW | {"cs_user_agent": agent}


WRONG = {
    "too few fields": ("time", None, "the line has 15 fields, and its #Fields line names 16"),
    "no number": ("sc-bytes", "12x", "sc_bytes is no number: 12x"),
    "a negative number": ("sc-status", "-1", "sc_status is no number: -1"),
    "a number that is too large": ("sc-bytes", "9" * 19, f"sc_bytes is no number: {'9' * 19}"),
    "no day of the calendar": ("date", "2024-02-30", "the record has no date and time of the years 2008 to 2199"),
    "a day of another age": ("date", "1999-01-01", "the record has no date and time of the years 2008 to 2199"),
    "no time": ("time", "24:00:00", "the record has no date and time of the years 2008 to 2199"),
    "bytes that are not encoded": ("cs-uri-stem", "/\u00e4", "the line has bytes that CloudFront encodes"),
    "a carriage return": ("cs-uri-stem", "/\r2024", "the line has bytes that CloudFront encodes"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_line_is_rejected_with_its_place_and_its_neighbours_are_rows(case: str) -> None:
    name, text, reason = WRONG[case]
    wrong = {key: (text or "") if key == name else value for key, value in FIELDS.items() if key != name or text}
    line = "\t".join(wrong.values()).encode()
    data = as_text([FIELDS, FIELDS]).replace(b"\n2024", b"\n" + line + b"\n2024", 1)
    parsed = parse(data)
    (rejected,) = parsed.rejected
    assert (rejected.position, rejected.reason, rejected.record) == (data.index(line), reason, line)
    assert (parsed.records, values(parsed)) == (3, [ROW, ROW])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2024-05-07\t08:09:10", "no #Fields line stands before the line; CloudFront writes one"),
        ('{"date": "2024-05-07", "time": ["08:09:10"]}', "JSON: Expected"),
        ('2024-05-07T08:09:10.000Z {"date": "2024-05-07"}', f"the line {FROM_LOG_GROUP}"),
        ('{"logGroup": "web", "logEvents": [{"message": "{}"}]}', f"the line {FROM_LOG_GROUP}"),
        ('{"date": "2024-05-07"', "JSON: Input data was truncated"),
        ("{" * 5_000, "JSON: "),
    ],
)
def test_lines_that_nothing_explains_are_rejected(line: str, reason: str) -> None:
    parsed = parse(as_json([FIELDS]) + line.encode())
    assert [each.reason.startswith(reason) for each in parsed.rejected] == [True]
    assert (parsed.records, values(parsed)) == (2, [ROW])


def test_lines_of_any_length_stand_side_by_side() -> None:
    paths = [
        "/" + letter * length for letter, length in zip("abcde", [9, 5_000_000, 9, 3_000_000, 2_100_000], strict=True)
    ]
    parsed = parse(as_text([{**FIELDS, "cs-uri-stem": path} for path in paths]))
    assert (parsed.rows["cs_uri_stem"].to_pylist(), parsed.rejected) == (paths, [])


def test_a_header_that_names_a_field_twice_explains_nothing() -> None:
    parsed = parse(b"#Fields: date time cs(Host) cs-host\n2024-05-07\t08:09:10\ta\tb\n")
    assert [each.reason for each in parsed.rejected] == ["the #Fields line names a field twice"]


def test_a_wrong_row_of_a_parquet_file_is_rejected_with_its_number() -> None:
    parsed = parse(as_json([FIELDS]), as_parquet([FIELDS, {**FIELDS, "sc-bytes": "many"}]))
    (rejected,) = parsed.rejected
    assert (rejected.index, rejected.reason) == (1, "sc_bytes is no number: many")
    assert json.loads(rejected.record)["sc_bytes"] == "many"
    assert parsed.records == 3


def test_a_parquet_file_that_cannot_be_read_is_one_rejected_record(monkeypatch: pytest.MonkeyPatch) -> None:
    file = as_parquet([FIELDS])
    nested = io.BytesIO()
    pq.write_table(pa.table({"date": [["2024-05-07"]]}), nested)
    monkeypatch.setattr(parquet_rows, "MAX_ROWS", 2)
    for bad in (file[:200], b"PAR1", nested.getvalue(), as_parquet([FIELDS] * 3)):
        parsed = parse(file, bad, as_text([FIELDS]))
        (rejected,) = parsed.rejected
        assert rejected.reason.startswith(("the Parquet file cannot be read: ", "the Parquet file has other columns"))
        assert (rejected.position, parsed.records) == (len(file) + 1, 3)


def test_of_files_with_the_same_columns_only_one_with_wrong_values_is_rejected() -> None:
    def with_agent(agent: bytes) -> bytes:
        columns = {column_name(name): pa.array([value]) for name, value in FIELDS.items()}
        file = io.BytesIO()
        pq.write_table(pa.table({**columns, "cs_user_agent": pa.array([agent], pa.binary())}), file)
        return file.getvalue()

    files = with_agent(b"curl"), with_agent(b"\xff"), with_agent(b"curl")
    parsed = parse(*files)
    assert parsed.rows["cs_user_agent"].to_pylist() == ["curl", "curl"]
    assert [each.position for each in parsed.rejected] == [len(files[0]) + 1]


def test_derived_columns_come_from_the_path_and_the_viewer() -> None:
    given_rules = {
        "datasets": [{"prefix": "ana/", "bucket": "d111111abcdef8.cloudfront.net", "account": "a", "repository": "b"}],
        "own_traffic": {"cidrs": ["192.0.2.0/24"]},
    }
    other = {**FIELDS, "cs(Host)": "d222222abcdef8.cloudfront.net"}
    other |= {"c-ip": "198.51.100.1", "cs(User-Agent)": "Googlebot/2.1"}
    parsed = parse(as_text([FIELDS, other, {**FIELDS, "cs-uri-stem": "-", "c-ip": "-"}]))
    config = Config.model_validate(given_rules)
    rows = enrich_cloudfront(parsed.rows, config, BY_NAME["cloudfront_log"].reference_data(config))
    derived = rows.select(["key", "account", "repository", "is_own", "is_robot", "month"]).to_pylist()
    assert [tuple(row.values()) for row in derived] == [
        ("ana/tides/a b.csv", "a", "b", True, False, "05"),
        ("ana/tides/a b.csv", None, None, False, True, "05"),
        (None, None, None, False, False, "05"),
    ]


def test_a_distribution_in_the_configuration_has_the_bucket_and_the_keys_of_its_origin() -> None:
    hosts = ["d111111abcdef8.cloudfront.net", "d222222abcdef8.cloudfront.net", "d333333abcdef8.cloudfront.net", "-"]
    rules = [{"prefix": "", "bucket": bucket, "account": bucket} for bucket in ("open-data", "maps", hosts[2])]
    given = {"datasets": rules, "distributions": {hosts[0]: "open-data", hosts[1]: "maps/public/v 2"}}
    config = Config.model_validate(given)
    parsed = parse(as_text([{**FIELDS, "cs(Host)": host} for host in hosts]))
    rows = enrich_cloudfront(parsed.rows, config, BY_NAME["cloudfront_log"].reference_data(config))
    found = [tuple(row.values()) for row in rows.select(["bucket", "key", "account"]).to_pylist()]
    assert found == [
        ("open-data", "ana/tides/a b.csv", "open-data"),
        ("maps", "public/v 2/ana/tides/a b.csv", "maps"),
        (None, "ana/tides/a b.csv", hosts[2]),
        (None, "ana/tides/a b.csv", None),
    ]
    assert "names the bucket of no distribution" in distribution_advice(Config())
    assert not distribution_advice(config)


def test_folders_of_a_distribution_may_have_buckets_of_their_own() -> None:
    host, other = "d111111abcdef8.cloudfront.net", "d222222abcdef8.cloudfront.net"
    config = Config.model_validate(
        {
            "distributions": {
                host: "site",
                f"{host}/tiles/": "maps",
                f"{host}/tiles/v 2/": "new-maps/public",
                f"{other}/data/": "open-data",
            }
        }
    )
    expected = [
        (host, "/index.html", "site", "index.html"),
        (host, "/tiles/0.png", "maps", "tiles/0.png"),
        (host, "/tiles/v%202/0.png", "new-maps", "public/tiles/v 2/0.png"),
        (host, "/tiles.html", "site", "tiles.html"),
        (other, "/data/a.csv", "open-data", "data/a.csv"),
        (other, "/api/search", None, "api/search"),
        (other, "-", None, None),
        ("-", "/tiles/0.png", None, "tiles/0.png"),
    ]
    parsed = parse(as_text([{**FIELDS, "cs(Host)": domain, "cs-uri-stem": path} for domain, path, _, _ in expected]))
    rows = enrich_cloudfront(parsed.rows, config, BY_NAME["cloudfront_log"].reference_data(config))
    assert [*zip(rows["bucket"].to_pylist(), rows["key"].to_pylist(), strict=True)] == [each[2:] for each in expected]


def test_a_plus_in_a_path_is_a_blank_in_the_key_as_s3_reads_it() -> None:
    paths = {"/ana/n+x.csv": "ana/n x.csv", "/ana/n%252Bx.csv": "ana/n+x.csv", "/ana/n%2520x.csv": "ana/n x.csv"}
    parsed = parse(as_text([{**FIELDS, "cs-uri-stem": path} for path in paths]))
    rows = enrich_cloudfront(parsed.rows, Config(), BY_NAME["cloudfront_log"].reference_data(Config()))
    assert rows["key"].to_pylist() == list(paths.values())


def test_the_logged_country_decides_and_networks_stay_the_place(tmp_path: Path) -> None:
    write_database(
        tmp_path / "a.mmdb", {"198.51.100.0/24": {"country": {"iso_code": "US"}}}, "DBIP-Country-Lite", TODAY
    )
    (tmp_path / "vpn.txt").write_text("203.0.113.0/24")
    places = {
        "networks": [{"label": "VPN", "file": str(tmp_path / "vpn.txt")}],
        "addresses": [str(tmp_path / "a.mmdb")],
    }
    config = Config.model_validate({"places": places})
    expected = [
        ("198.51.100.1", "NZ", ("NZ", "NZ", "other")),
        ("198.51.100.1", "US", ("US", "US", "other")),
        ("198.51.100.1", "-", ("US", "US", "other")),
        ("198.51.100.1", "usa", ("US", "US", "other")),
        ("203.0.113.1", "NZ", ("NZ", "VPN", "vpn")),
        ("192.0.2.1", "NZ", ("NZ", "NZ", "other")),
        ("-", "-", (None, None, None)),
    ]
    parsed = parse(as_text([{**FIELDS, "c-ip": address, "c-country": country} for address, country, _ in expected]))
    rows = enrich_cloudfront(parsed.rows, config, BY_NAME["cloudfront_log"].reference_data(config))
    found = [tuple(row.values()) for row in rows.select(["country", "place", "network"]).to_pylist()]
    assert found == [place for _, _, place in expected]


snippets = st.sampled_from(
    [
        b"#Fields: date time sc-bytes\n",
        b"2024-05-07\t08:09:10\t5\n",
        b"2024-05-07\t08:09:10\tx\n",
        b'{"date":"2024-05-07","time":"08:09:10"}\n',
        *(b"#\n", b"\n", b"\r\n", b"{\n", b"PAR1", b"\xff\xfe", b"\0", b"\t", b"-", b" \n"),
        as_parquet([FIELDS]),
    ]
)


CHANGES = st.dictionaries(
    st.sampled_from([*FIELDS, "cs_host", "added", "another"]),
    st.none() | st.sampled_from(["-", "", "7", "a%20b", "x\U0001f40b"]) | st.integers(-1, 2**70) | st.booleans(),
    max_size=4,
)


@given(st.lists(CHANGES, min_size=1, max_size=4))
def test_json_records_of_a_crowd_have_the_rows_that_they_have_alone(changes: list[dict[str, Any]]) -> None:
    records = [{**FIELDS, **change} for change in changes]
    alone = [parse(as_json([each])) for each in records]
    together = parse(as_json(records * (FEW_LINES + 1)))
    kinds = [[sorted(each["extra_fields"] or ()) for each in parsed.rows.to_pylist()] for parsed in alone]
    assert {repr(sorted(row.pop("extra_fields") or ())) for row in together.rows.to_pylist()} == {
        repr(each) for parsed in kinds for each in parsed
    }
    drop = [parsed.rows.drop_columns(["extra_fields"]).to_pylist() for parsed in [together, *alone]]
    assert {repr(row) for row in drop[0]} == {repr(row) for rows in drop[1:] for row in rows}
    assert together.rows.num_rows == sum(parsed.rows.num_rows for parsed in alone) * (FEW_LINES + 1)
    assert {each.reason for each in together.rejected} == {each.reason for one in alone for each in one.rejected}


@given(st.lists(st.lists(snippets, max_size=8).map(b"".join), max_size=5))
def test_no_bytes_raise_and_each_record_is_counted(files: list[bytes]) -> None:
    parsed = parse(*files)
    assert parsed.records == parsed.rows.num_rows + len(parsed.rejected) == len(parsed.positions) + len(parsed.rejected)
    starts = np.cumsum([0, *(len(file) + 1 for file in files)])
    for file, (start, _) in zip(files, pairwise(starts), strict=True):
        if not file.startswith(b"PAR1"):
            lines = [line for line in file.split(b"\n") if line.strip() and not line.startswith(b"#")]
            inside = (parsed.positions >= start) & (parsed.positions <= start + len(file))
            rejected = sum(start <= each.position <= start + len(file) for each in parsed.rejected)
            assert inside.sum() + rejected == len(lines)
