"""Strategies of equal and nearly equal rows for tests of duplicates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from glue_jobs.tables.model import Column, Table

DAY = {"event_date": date(2024, 5, 7)}

EVENTS = Table(
    name="event",
    description="Few columns, one of every type that an event has.",
    columns=(
        Column(1, "request_id", "string", "Id."),
        Column(2, "event_time", "timestamp", "When."),
        Column(3, "bytes_sent", "bigint", "Bytes."),
        Column(4, "acl_required", "boolean", "Flag."),
        Column(5, "extra_fields", "array<string>", "More.", 9),
        Column(6, "key", "string", "Derived."),
        Column(7, "event_date", "date", "Day."),
        Column(8, "source_object", "string", "Object."),
    ),
    partitions=("event_date",),
    identity=("request_id", "event_time"),
    derived=("key", "event_date", "source_object"),
)

Row = dict[str, Any]

LINES = st.fixed_dictionaries(
    {
        "request_id": st.sampled_from([None, "", "A", "B"]),
        "event_time": st.sampled_from([datetime(2024, 5, 7), datetime(2024, 5, 7, 1)]),
        "bytes_sent": st.sampled_from([None, 0, 2**63 - 1]),
        "acl_required": st.sampled_from([None, True]),
        "extra_fields": st.sampled_from([None, [], [""], ["a", "b"], ["a\x1fb"], ["ab"], [None]]),
        "key": st.sampled_from(["k", "l"]),
        "source_object": st.sampled_from(["o1", "o2", "o3"]),
    }
)
# Few values, so that equal and nearly equal rows are common.
FILES = st.lists(LINES, min_size=1, max_size=6).flatmap(
    lambda lines: st.lists(st.lists(st.sampled_from(lines), min_size=1, max_size=8), min_size=1, max_size=5)
)

NAMED = replace(EVENTS, identity=("request_id", "acl_required"), same=("request_id", "acl_required"))


def identity(table: Table, row: Row) -> str:
    names = table.record if table.same and row[table.same[0]] is None else table.compared
    return repr([row.get(name) for name in names])
