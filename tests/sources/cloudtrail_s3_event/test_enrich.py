"""Derived columns of CloudTrail events: data sets, own traffic, robots, days."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from glue_jobs.config import Config
from glue_jobs.sources.cloudtrail_s3_event.source import enrich_cloudtrail, parse_cloudtrail
from glue_jobs.sources.pipelines import BY_NAME

POINT = "arn:aws:s3:us-east-1:123456789012:accesspoint/readers"
CONFIG = Config.model_validate(
    {
        "access_points": {"readers": {"repository": "shared"}},
        "own_traffic": {
            "accounts": ["123456789012"],
            "principals": ["arn:aws:iam::111122223333:role/Loader"],
            "cidrs": ["192.0.2.0/28"],
        },
    }
)

REFERENCE = BY_NAME["cloudtrail_s3_event"].reference_data(Config())


def row(config: Config = CONFIG, **fields: Any) -> dict[str, Any]:
    event = {"eventTime": "2024-05-07T23:59:59Z", "eventSource": "s3.amazonaws.com", **fields}
    rows = parse_cloudtrail(json.dumps({"Records": [event]}).encode(), np.array([0])).rows
    found: dict[str, Any] = enrich_cloudtrail(rows, config, REFERENCE).to_pylist()[0]
    return found


def test_the_data_set_comes_from_the_key_or_the_access_point() -> None:
    found = row(requestParameters={"bucketName": "b", "key": "ana/tides/a.csv"})
    assert (found["account"], found["repository"]) == ("ana", "tides")
    found = row(requestParameters={"bucketName": POINT, "key": "ana/tides/a.csv"})
    assert (found["account"], found["repository"]) == ("ana", "shared")


def test_own_traffic_is_matched_by_arn_account_or_address() -> None:
    session = "arn:aws:sts::111122223333:assumed-role/Loader/nightly"
    assert row(userIdentity={"type": "AssumedRole", "arn": session, "accountId": "111122223333"})["is_own"]
    assert row(userIdentity={"type": "AWSAccount", "accountId": "123456789012"})["is_own"]
    assert row(sourceIPAddress="192.0.2.7")["is_own"]
    assert not row(sourceIPAddress="athena.amazonaws.com", userIdentity={"accountId": "111122223333"})["is_own"]


def test_who_uses_an_application_of_the_publisher_by_way_of_cognito_is_not_the_publisher() -> None:
    guest = "arn:aws:sts::123456789012:assumed-role/App_Unauth/CognitoIdentityCredentials"
    assert not row(userIdentity={"type": "AssumedRole", "arn": guest, "accountId": "123456789012"})["is_own"]


def test_a_robot_is_known_by_how_its_user_agent_begins_or_ends_within_the_brackets_of_cloudtrail() -> None:
    assert row(userAgent="[Seekbot/1.0]")["is_robot"]
    assert row(userAgent="Seekbot/1.0")["is_robot"]
    assert not row(userAgent="[aws-cli/2.17.30 Seekbot/1.0]")["is_robot"]
    assert row(userAgent="[Seekbot/1.0]")["user_agent"] == "[Seekbot/1.0]"


def test_robots_and_days_are_derived() -> None:
    found = row(userAgent="[Googlebot/2.1 (+http://www.google.com/bot.html)]")
    assert found["is_robot"]
    assert (str(found["event_date"]), found["year"], found["month"], found["day"]) == ("2024-05-07", "2024", "05", "07")
