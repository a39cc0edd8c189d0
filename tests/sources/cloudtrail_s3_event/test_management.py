"""Management events can be filtered; the counts still account for every record."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from glue_jobs.sources.cloudtrail_s3_event.source import parse_cloudtrail, parse_data_events


def document(*some: dict[str, Any]) -> bytes:
    common = {"eventTime": "2024-05-07T08:00:00Z", "eventSource": "s3.amazonaws.com"}
    return json.dumps({"Records": [common | fields for fields in some]}).encode()


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"managementEvent": True, "eventCategory": "Management"}, False),
        ({"managementEvent": True}, False),
        ({"managementEvent": "true"}, False),
        ({"eventCategory": "Management"}, False),
        ({"managementEvent": False, "eventCategory": "Data"}, True),
        ({"managementEvent": False, "eventCategory": "Management"}, True),
        ({"eventCategory": "Data"}, True),
        ({"eventCategory": "Data", "eventName": "GetBucketAcl"}, True),
        ({"eventName": "GetBucketAcl"}, False),
        ({"eventName": "ListBuckets"}, False),
        ({"eventName": "GetBucketObjectLockConfiguration"}, False),
        ({"eventName": "GetObjectAcl"}, True),
        ({"eventName": "ListObjects"}, True),
        ({"eventName": "UploadPartCopy"}, True),
        ({"eventName": "ListMultipartUploads"}, True),
        ({"eventName": "HeadBucket"}, True),
        ({}, True),
    ],
)
def test_management_events_are_filtered_by_what_they_say_or_else_by_name(fields: dict[str, Any], kept: bool) -> None:
    parsed = parse_data_events(document(fields), np.array([0]))
    assert (parsed.records, parsed.rows.num_rows, len(parsed.filtered)) == (1, int(kept), int(not kept))
    rows = parse_cloudtrail(document(fields), np.array([0])).rows
    assert rows["management_event"].to_pylist() in ([not kept], [None])


def test_the_other_events_keep_their_object() -> None:
    management, data = {"managementEvent": True}, {"managementEvent": False, "eventID": "e1"}
    first = document(management, {"eventSource": "sts.amazonaws.com"}, {"eventTime": "yesterday"})
    second = document(management, data)
    parsed = parse_data_events(first + second, np.array([0, len(first)]))
    assert parsed.rows["event_id"].to_pylist() == ["e1"]
    assert parsed.positions.tolist() == [len(first)]
    assert sorted(parsed.filtered.tolist()) == [0, 0, len(first)]
    assert [each.position for each in parsed.rejected] == [0]
    assert parsed.records == 5
