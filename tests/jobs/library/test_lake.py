"""What a notebook hands to `Lake`: moments for days, lists for names, variables that are not set."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from glue_jobs import Lake
from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments.values import day_argument
from glue_jobs.sources.tables import TABLES

HERE = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    ("given", "day"),
    [
        (datetime(2026, 11, 15, 3, 4), date(2026, 11, 15)),
        (datetime(2026, 11, 15, 23, tzinfo=HERE), date(2026, 11, 16)),
        (pd.Timestamp("2026-11-15"), date(2026, 11, 15)),
        (date(2026, 11, 15), date(2026, 11, 15)),
    ],
)
def test_a_moment_is_its_day_in_utc(given: Any, day: date) -> None:
    found = day_argument("since", given)
    assert (found, type(found)) == (day, date)


@pytest.mark.parametrize("given", [20261115, pd.NaT, b"2026-11-15"])
def test_what_is_no_day_is_told(given: Any) -> None:
    with pytest.raises(ArgumentError, match="since is a day such as 2024-05-07 or 20240507, not "):
        day_argument("since", given)


def test_a_scan_takes_the_same_days_as_a_query(tmp_path: Path) -> None:
    scan = Lake(tmp_path).table("s3_access_log").days(since=pd.Timestamp("2026-11-15"), until="20261116")
    assert (scan.since, scan.until) == (date(2026, 11, 15), date(2026, 11, 16))


def test_a_run_and_a_report_take_a_moment(tmp_path: Path) -> None:
    raw, lake = tmp_path / "raw", Lake(tmp_path / "lake")
    raw.mkdir()
    (raw / "2026-06-01-00-00-00-0123456789ABCDEF").write_text("")
    moment = datetime(2026, 6, 2, 12, tzinfo=UTC)
    lake.ingest("s3_access_log", raw, since=moment - timedelta(2))
    published = lake.publish(tmp_path / "reports", subjects="storage", date=moment)
    assert published is not None and (tmp_path / "reports/manifest-20260602.json").exists()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda lake: lake.ingest("s3_access_log", "raw", confg="a.yaml"),
            "there is no argument 'confg'; did you",
        ),
        (lambda lake: lake.ingest("report", "raw"), "report ingests nothing; lake.publish writes reports"),
        (lambda lake: lake.publish("to", subject="access"), "there is no argument 'subject'; did you mean 'subjects'"),
        (lambda lake: lake.publish("to", subjects=[]), "subjects is an empty list; leave it out for the default"),
        (lambda lake: lake.publish("to", look_back_days=3), "there is no argument 'look_back_days'; there are "),
        (
            lambda lake: lake.ingest("s3_access_log", "raw", lake_path="b"),
            "there is no argument 'lake_path'; there are ",
        ),
        (lambda lake: lake.ingest("s3_access_log", "raw", database="b"), "there is no argument 'database'; there are "),
        (lambda lake: lake.ingest("s3_access_log", "raw", raw_path="b"), "there is no argument 'raw_path'; there are "),
        (lambda lake: lake.publish("to", report_path="b"), "there is no argument 'report_path'; there are "),
        (lambda lake: lake.publish("to", public_path="b"), "there is no argument 'public_path'; there are "),
        (lambda lake: lake.publish("to", pipeline="upload"), "there is no argument 'pipeline'; there are "),
        (lambda lake: lake.sql("SELECT ?", "GET"), "parameters are a list of values, not 'GET'"),
        (lambda lake: lake.sql("SELECT ?", 1), "parameters are a list of values, not 1"),
        (lambda lake: lake.sql("SELECT ?", {"status": 200}), "parameters are a list of values, not {'status': 200}"),
        (lambda lake: lake.ingest("s3_access_log", None), "raw is a folder or an s3:// address, not None"),
        (lambda lake: lake.publish(None), "to is a folder or an s3:// address, not None"),
        (lambda lake: Lake(None), "lake is a folder or an s3:// address, not None"),
        (
            lambda lake: Lake(Path("s3://example-lake/x")),
            "'s3:/example-lake/x' is neither a folder nor an s3:// address",
        ),
        (lambda lake: lake.table("subscriber").select(["name"]), r"subscriber has no column \['name'\]"),
        (lambda lake: lake.table(None), "there is no table None; there are "),
        (lambda lake: lake.table("access_request"), "access_request is a view, and only tables are scanned; lake.sql"),
        (
            lambda lake: lake.table("s3_access_log").days("2026-11-20", "2026-11-10"),
            "the period ends before it begins: since 2026-11-20, until 2026-11-10",
        ),
        (
            lambda lake: lake.table("s3_access_log").days("2026-11-20").days(until="2026-11-10"),
            "the period ends before it begins: since 2026-11-20, until 2026-11-10",
        ),
        (lambda lake: lake.sql(None), "a statement is a text, not None"),
        (lambda lake: Lake("lake", database=None), "the name of a database has lower-case letters.*; it is 'None'"),
        (
            lambda lake: lake.query("access/top_objects_of_repository", account=["a", "b"], repository="snow"),
            r"parameter 'account' is one value, not \['a', 'b'\]",
        ),
        (
            lambda lake: lake.query("access/top_objects_of_repository", account=None, repository="snow"),
            "parameter 'account' is missing",
        ),
        (
            lambda lake: lake.publish("to", subjects=["acces", "storage"]),
            "no reports on 'acces'; did you mean 'access'",
        ),
        (
            lambda lake: lake.query("access/tools", as_of="0206-03-14"),
            "as-of is a day since 1900-01-01",
        ),
        (
            lambda lake: lake.query("access/tools", until=date(1, 1, 1)),
            "until is a day since 1900-01-01",
        ),
        (lambda lake: lake.sql("SELECT 1", as_of=20261115), "as_of is a day such as 2024-05-07 or 20240507, not 2026"),
        (lambda lake: lake.publish("to", date="0001-01-01"), "date is a day since 1900-01-01, not 0001-01-01"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, call: Callable[[Lake], object], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        call(Lake(tmp_path))


def test_parameters_of_sql_may_be_numbers_of_numpy(demo_lake: str) -> None:
    frame = pd.DataFrame({"n": [3], "x": [1.5], "own": [True], "key": ["a"]})
    answer = Lake(demo_lake).sql("SELECT ? AS n, ? AS x, ? AS own, ? AS key", [frame[name][0] for name in frame])
    assert answer.to_pylist() == [{"n": 3, "x": 1.5, "own": True, "key": "a"}]
    assert Lake(demo_lake).sql("SELECT ? AS n", frame["n"]).to_pylist() == [{"n": 3}]


def test_a_lake_that_was_read_travels_to_another_process(demo_lake: str) -> None:
    lake = Lake(demo_lake)
    scan = lake.table("s3_access_log").select("key")
    rows = scan.to_arrow().num_rows
    assert pickle.loads(pickle.dumps(scan)).to_arrow().num_rows == rows
    assert pickle.loads(pickle.dumps(lake)).query("access/tools") == lake.query("access/tools")


def test_a_scan_has_the_declared_types_so_that_scans_of_several_days_can_be_put_together(demo_lake: str) -> None:
    lake = Lake(demo_lake)
    for table in TABLES:
        assert lake.table(table.name).to_arrow().schema.equals(table.arrow_schema), table.name
    requests = lake.table("s3_access_log")
    days = {day for day in requests.select("event_date").to_arrow()["event_date"].to_pylist() if day}
    together = pa.concat_tables([requests.days(day, day).to_arrow() for day in days])
    assert together.num_rows == requests.to_arrow().num_rows


def test_a_notebook_shows_what_a_scan_reads(tmp_path: Path) -> None:
    scan = Lake(tmp_path).table("s3_access_log")
    assert repr(scan) == "TableScan('s3_access_log')"
    chosen = scan.select("key", "bytes_sent").days("2026-11-01")
    assert repr(chosen) == "TableScan('s3_access_log', columns=('key', 'bytes_sent'), since=2026-11-01)"


def test_days_chosen_later_narrow_those_chosen_before(tmp_path: Path) -> None:
    scan = Lake(tmp_path).table("s3_access_log").days("2026-11-05", "2026-11-20")
    narrower = scan.days("2026-11-05", "2026-11-10")
    assert scan.days(until="2026-11-10") == scan.days("2026-11-01", "2026-11-10") == narrower
    assert (narrower.since, narrower.until) == (date(2026, 11, 5), date(2026, 11, 10))


@pytest.mark.parametrize("given", ["192.0.2.77", [ip_address("192.0.2.77")], ("192.0.2.77",)])
def test_one_address_may_be_given_alone_or_as_an_object(demo_lake: str, given: Any) -> None:
    lake = Lake(demo_lake)
    assert lake.forget(addresses=given, dry_run=True) == lake.forget(addresses=["192.0.2.77"], dry_run=True)
