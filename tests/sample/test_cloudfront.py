"""The sample's CloudFront logs: both versions, with every kind of view, and counted by the truth."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glue_jobs.sample import Truth
from tests.sample.views import View, records, views

VERSION_1 = re.compile(r"cdn/E2EXAMPLE1ABCD[.](\d{4}-\d\d-\d\d)-\d\d[.][0-9a-f]{8}[.]gz")
VERSION_2 = re.compile(
    r"AWSLogs/111122223333/CloudFront/(\d{4})/(\d\d)/(\d\d)/E2EXAMPLE1ABCD[.]\1-\2-\3-\d\d[.][0-9a-f]{8}[.]gz"
)


@pytest.fixture(scope="module")
def files(folder: Path, truth: Truth) -> dict[str, list[View | None]]:
    raw = folder / "raw" / "cloudfront_log"
    return {row["path"]: list(records(raw / row["path"])) for row in truth.rows("cloudfront_log/files")}


@pytest.fixture(scope="module")
def viewed(folder: Path) -> list[View]:
    return [*views(folder).values()]


def test_logs_of_both_versions_lie_where_cloudfront_writes_them(files: dict[str, list[View | None]]) -> None:
    first, second = ({name for name in files if kind.fullmatch(name)} for kind in (VERSION_1, VERSION_2))
    assert first | second == files.keys() and min(len(first), len(second)) > 24
    seen = defaultdict(set)
    for name, found in files.items():
        for view in filter(None, found):
            seen[view["x-edge-request-id"]].add(name in first)
    assert {len(versions) for versions in seen.values()} == {1, 2}


def test_every_record_is_counted(truth: Truth, files: dict[str, list[View | None]], viewed: list[View]) -> None:
    for row in truth.rows("cloudfront_log/files"):
        found = files[row["path"]]
        assert (row["records"], row["rejected"], row["filtered"]) == (len(found), found.count(None), 0)
    found = [each for each_file in files.values() for each in each_file]
    ledger = truth.row("cloudfront_log/ledger")
    assert ledger == {
        "records": len(found),
        "rows": len(viewed),
        "duplicates": len(found) - found.count(None) - len(viewed),
        "rejected": found.count(None),
        "filtered": 0,
    }
    assert min(ledger["duplicates"], ledger["rejected"]) > 5


def test_s3_was_asked_for_what_the_cache_did_not_have(folder: Path, viewed: list[View]) -> None:
    logs = (folder / "raw" / "s3_access_log" / "partitioned").rglob("*-00-00-00-*")
    lines = {line for path in logs for line in path.read_bytes().splitlines() if b'"Amazon CloudFront"' in line}
    asked = re.compile(rb"\[(.*?) \+0000\] .* REST.GET.OBJECT (\S+) ")
    fetches = {match.groups() for match in map(asked.search, lines) if match}
    missed = [view for view in viewed if view["x-edge-result-type"] != "Hit"]
    keys = {key.decode() for _, key in fetches}
    assert keys <= {view["cs-uri-stem"][1:] for view in missed}
    moments = {datetime.strptime(text.decode(), "%d/%b/%Y:%H:%M:%S").replace(tzinfo=UTC) for text, _ in fetches}
    assert moments <= {datetime.fromisoformat(f"{view['date']}T{view['time']}Z") for view in missed}
    assert {view["sc-status"] for view in missed} == {"200", "206", "403"}
