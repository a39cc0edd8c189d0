"""Derived columns of access logs that are not those of all sources."""

from __future__ import annotations

from typing import Any

import pytest

from glue_jobs.config import Config
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.s3_access_log.source import enrich_access_log, parse_access_log

OWNER, HOST = "0123456789abcdef" * 4, "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234="
SIGNER = "arn:aws:iam::111122223333:user/portal"
CONFIG = Config.model_validate({"own_traffic": {"accounts": ["111122223333"]}})
REFERENCE = BY_NAME["s3_access_log"].reference_data(Config())
SIGNED_2 = "?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1175139620&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D"
SIGNED_4 = "?versionId=3&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=4c6e"
TAIL = f" {HOST} SigV2 - {{}} example-data.s3.amazonaws.com -"


def row(query: str = "", requester: str = SIGNER, tail: str = "", year: int = 2018) -> dict[str, Any]:
    line = (
        f"{OWNER} example-data [06/Feb/{year}:00:00:38 +0000] 192.0.2.3 {requester} 3E57427F3EXAMPLE REST.GET.OBJECT "
        f'a/b.csv "GET /a/b.csv{query} HTTP/1.1" 200 - 1024 1024 70 12 "-" "curl/7" -{tail}'
    )
    rows = parse_access_log(f"{line}\n".encode()).rows
    found: dict[str, Any] = enrich_access_log(rows, CONFIG, REFERENCE).to_pylist()[0]
    return found


@pytest.mark.parametrize("query", [SIGNED_2, SIGNED_4])
def test_a_presigned_url_is_known_by_its_signature_in_lines_that_are_older_than_the_field(query: str) -> None:
    found = row(query)
    assert (found["authentication_type"], found["is_own"]) == ("QueryString", False)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, None),
        ({"query": "?x-note=Signature"}, None),
        ({"query": SIGNED_2, "requester": "-"}, None),
        ({"query": SIGNED_2, "tail": TAIL.format("AuthHeader"), "year": 2019}, "AuthHeader"),
        ({"query": SIGNED_2, "tail": TAIL.format("-"), "year": 2019}, None),
    ],
)
def test_other_requests_keep_the_authentication_of_their_line(columns: dict[str, Any], expected: str | None) -> None:
    assert row(**columns)["authentication_type"] == expected
