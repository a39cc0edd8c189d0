"""Accounts that read their own buckets and are not configured as own traffic are named: they count as readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from glue_jobs import Lake
from tests.query.saved.inventory_notes import notes, page

TOLD = (
    "Requests of 111122223333 for buckets of the same account count as those of readers; own_traffic.accounts in the"
    " configuration makes new ones own traffic."
)


def event(caller: str, **fields: Any) -> dict[str, Any]:
    """A GetObject by an account, of a bucket of the account 111122223333."""
    bucket = {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-data", "accountId": "111122223333"}
    return {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "eventTime": "2026-03-02T10:00:00Z",
        "userIdentity": {"type": "AssumedRole", "accountId": caller, "arn": f"arn:aws:sts::{caller}:assumed-role/a/b"},
        "recipientAccountId": "111122223333",
        "resources": [bucket],
        **fields,
    }


def ingested(folder: Path, *events: dict[str, Any], config: str = "") -> Path:
    """A lake with these events."""
    (folder / "raw").mkdir()
    (folder / "raw" / "file").write_text(json.dumps({"Records": events}))
    (folder / "usage.yaml").write_text(config)
    Lake(folder / "lake").ingest(
        "cloudtrail_s3_event", folder / "raw", any_name=True, config=folder / "usage.yaml" if config else None
    )
    return folder / "lake"


def test_a_query_on_subscribers_and_the_page_name_the_owner_of_the_buckets(tmp_path: Path) -> None:
    lake = ingested(tmp_path, event("111122223333"), event("123456789012", requestID="2"))
    assert notes(lake, "subscriber/unique_subscribers", "2026-03-15") == [TOLD]
    assert notes(lake, "subscriber/usage_by_month", "2028-03-15")[-1] != TOLD
    assert f'class="about">{TOLD}' in page(lake, tmp_path / "page", "20260315", "subscriber")


@pytest.mark.parametrize(
    ("caller", "fields", "config"),
    [
        ("123456789012", {}, ""),
        ("111122223333", {}, "own_traffic: {accounts: ['111122223333']}\n"),
        ("111122223333", {"managementEvent": True}, ""),
        # Lake Formation reads for another account.
        (
            "111122223333",
            {
                "userIdentity": {
                    "type": "AssumedRole",
                    "accountId": "111122223333",
                    "arn": "arn:aws:sts::111122223333:assumed-role/lake/AWSLF-00-AT-123456789012-K7FUMxovuq",
                }
            },
            "",
        ),
        # Anybody may use a URL that the owner signed.
        ("111122223333", {"additionalEventData": {"AuthenticationMethod": "QueryString"}}, ""),
    ],
)
def test_nobody_else_is_named(tmp_path: Path, caller: str, fields: dict[str, Any], config: str) -> None:
    lake = ingested(tmp_path, event(caller, **fields), config=config)
    assert TOLD not in notes(lake, "subscriber/unique_subscribers", "2026-03-15")
