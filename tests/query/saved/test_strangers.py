"""Anybody can make requests that fail, for any key and under any name. They are errors and costs, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import cache
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables
from tests.query.engines import engine_on

TODAY = date(2026, 3, 15)
# What is denied is counted in these.
ERRORS = {"access/errors", "access/errors_by_object", "subscriber/denied_requests"}
COSTS = "together/cost_to_serve"
# Rows are data sets, their objects, the tools that read them, or the sites that readers came from.
REPORTS = [
    query
    for query in SavedQuery.all()
    if {"repository", "key", "tool", "site"} & {column.name for column in query.metadata.returns}
    and {"s3_access_log", "cloudtrail_s3_event", "cloudfront_log"} & base_tables(query.metadata.reads)
    and query.name not in ERRORS
]

Row = dict[str, Any]
RAINFALL = {"account": "university", "repository": "rainfall", "key": "university/rainfall/2025.nc"}
NOON = {"event_time": datetime(2026, 2, 20, 12), "event_date": date(2026, 2, 20)}
SNAPSHOT = {
    "source_bucket": "open-data",
    "inventory_id": "all",
    "snapshot_date": date(2026, 3, 14),
    "snapshot_time": datetime(2026, 3, 14),
}
SERVED: dict[str, Row] = {
    "s3_access_log": {
        **RAINFALL,
        **NOON,
        "bucket": "open-data",
        "operation": "REST.GET.OBJECT",
        "http_status": 200,
        "bytes_sent": 100,
        "object_size": 100,
        "requester": "alice",
    },
    "cloudtrail_s3_event": {
        **RAINFALL,
        **NOON,
        "bucket": "open-data",
        "event_name": "GetObject",
        "subscriber_account_id": "111122223333",
        "bytes_out": 100,
    },
    "cloudfront_log": {
        "account": "university",
        "repository": "rainfall",
        **NOON,
        "bucket": "open-data",
        "cs_method": "GET",
        "sc_status": 200,
        "sc_bytes": 100,
        "c_ip": "192.0.2.1",
        "x_edge_result_type": "Hit",
    },
    "s3_inventory_object": {**RAINFALL, **SNAPSHOT, "size": 100, "storage_class": "STANDARD"},
    "daily_storage": {
        **{name: RAINFALL[name] for name in ("account", "repository")},
        **SNAPSHOT,
        "storage_class": "STANDARD",
        "objects": 1,
        "bytes": 100,
        "noncurrent_objects": 0,
        "noncurrent_bytes": 0,
        "delete_markers": 0,
    },
}
NAMES = {
    "account": st.sampled_from(["university", "zoo", "buy-pills", None]),
    "repository": st.sampled_from(["rainfall", "snow", "wp-content", None]),
    "bucket": st.just("open-data"),
    "key": st.sampled_from([RAINFALL["key"], "x", "?prefix=y/", None]),
    "user_agent": st.sampled_from([None, "curl/8.5.0", "Mozilla/5.0 zgrab/0.x"]),
    "is_robot": st.booleans(),
    "day": st.dates(date(2026, 2, 14), TODAY),
}
REQUESTS = st.fixed_dictionaries(
    {
        **NAMES,
        "operation": st.sampled_from(["REST.GET.OBJECT", "REST.HEAD.OBJECT", "WEBSITE.GET.OBJECT", "REST.PUT.OBJECT"]),
        "http_status": st.sampled_from([301, 400, 403, 404, 416, 503]),
        "error_code": st.sampled_from(["PermanentRedirect", "AccessDenied", "NoSuchKey", "SlowDown"]),
        "bytes_sent": st.integers(0, 300),
        "requester": st.sampled_from([None, "mallory", "alice"]),
        "remote_ip": st.just("192.0.2.66"),
    }
)
EVENTS = st.fixed_dictionaries(
    {
        **NAMES,
        "event_name": st.sampled_from(["GetObject", "HeadObject", "CopyObject", "PutObject"]),
        "error_code": st.sampled_from(["AccessDenied", "NoSuchKey"]),
        "bytes_out": st.integers(0, 300),
        "subscriber_account_id": st.sampled_from(["anonymous", "123456789012", "111122223333"]),
        "is_copy_source": st.sampled_from([None, True]),
    }
)
VIEWERS = st.fixed_dictionaries(
    {
        **{name: NAMES[name] for name in ("account", "repository", "is_robot", "day")},
        "bucket": st.sampled_from([None, "open-data"]),
        "cs_method": st.sampled_from(["GET", "HEAD", "POST"]),
        "sc_status": st.sampled_from([301, 403, 404, 503]),
        "sc_bytes": st.integers(0, 300),
        "c_ip": st.sampled_from(["192.0.2.1", "192.0.2.66"]),
        "x_edge_result_type": st.sampled_from(["Error", "Redirect", "Hit"]),
    }
) | st.fixed_dictionaries(
    {
        **{name: NAMES[name] for name in ("account", "repository", "is_robot", "day")},
        "bucket": st.sampled_from([None, "open-data"]),
        "cs_method": st.sampled_from(["GET", "HEAD", "POST"]),
        # The page that a distribution shows instead of an error.
        "sc_status": st.sampled_from([200, 206, 304]),
        "x_edge_result_type": st.just("Error"),
        "x_edge_response_result_type": st.just("Error"),
        "x_edge_detailed_result_type": st.sampled_from(["Error", "ClientGeoBlocked", "OriginDnsError", None]),
    }
)


def reports(strangers: Mapping[str, Sequence[Row]]) -> dict[str, list[Row]]:
    """Every report on a small lake, to which the rows of strangers are added."""
    values = {"account": "university", "repository": "rainfall"}
    answers = {}
    with engine_on({name: [row, *strangers.get(name, ())] for name, row in SERVED.items()}) as engine:
        for query in REPORTS:
            asked = {each.name: values[each.name] for each in query.metadata.parameters if each.default is None}
            answers[query.name] = engine.run(query.sql, query.bind(asked), TODAY).to_pylist()
    return answers


@cache
def undisturbed() -> dict[str, list[Row]]:
    return reports({})


def data_sets(rows: list[Row]) -> set[tuple[str, str]]:
    return {(row["account"], row["repository"]) for row in rows}


def on_a_day(row: Row) -> Row:
    day = row.pop("day")
    return {**row, "event_time": datetime.combine(day, time(12)), "event_date": day}


def test_the_reports_have_rows() -> None:
    assert len(REPORTS) >= 11
    # A surge needs usual days before it.
    assert [name for name, rows in undisturbed().items() if not rows] == ["access/surges"]


# The questions take longer than their rows: a few examples with many strangers, and the first that fails is reported as
# it is.
@settings(max_examples=4, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.lists(REQUESTS.map(on_a_day), min_size=1, max_size=20),
    st.lists(EVENTS.map(on_a_day), max_size=20),
    st.lists(VIEWERS.map(on_a_day), max_size=20),
)
def test_failed_requests_of_strangers_change_no_report_but_those_on_errors_and_name_nothing_in_costs(
    requests: list[Row], events: list[Row], viewers: list[Row]
) -> None:
    disturbed = reports({"s3_access_log": requests, "cloudtrail_s3_event": events, "cloudfront_log": viewers})
    assert data_sets(disturbed[COSTS]) <= data_sets(undisturbed()[COSTS]) | {("(nothing there)", "(nothing there)")}
    for name, rows in undisturbed().items():
        assert name == COSTS or disturbed[name] == rows, name
