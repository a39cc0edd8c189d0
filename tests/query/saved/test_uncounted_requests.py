"""Distributions whose bucket the configuration did not name are told beside numbers on access, which lack them."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs import Lake
from tests.query.saved.inventory_notes import notes, page

LISTED, OTHER = "d111111abcdef8.cloudfront.net", "d222222abcdef8.cloudfront.net"
FIELDS = "date time cs(Host) cs-method cs-uri-stem sc-status x-edge-request-id"


def ingested(
    folder: Path, *hosts: str, config: str = f"distributions: {{{LISTED}: example-data}}\n", answer: str = "GET 200"
) -> Path:
    """A lake with a request to each distribution; ``-`` is a log that does not name it."""
    (folder / "raw").mkdir()
    method, status = answer.split()
    lines = [
        f"2026-03-02 10:00:00 {host} {method} /ana/tides/a.csv {status} r{number}" for number, host in enumerate(hosts)
    ]
    text = "\n".join([f"#Fields: {FIELDS}", *(line.replace(" ", "\t") for line in lines), ""])
    (folder / "raw" / "file").write_text(text)
    (folder / "usage.yaml").write_text(config)
    Lake(folder / "lake").ingest("cloudfront_log", folder / "raw", any_name=True, config=folder / "usage.yaml")
    return folder / "lake"


def told(requests: str, names: str) -> str:
    return (
        f"No number includes {requests} that CloudFront logged for {names}, because the bucket behind it is unknown."
        " The configuration can name it for new requests (distributions, by cs(Host))."
    )


def test_queries_on_access_and_the_page_name_distributions_without_a_bucket(tmp_path: Path) -> None:
    lake = ingested(tmp_path, LISTED, OTHER, OTHER, "-")
    sentence = told("3 requests", f"{OTHER}, (logs without cs(Host))")
    for query in ("access/downloads_by_month", "together/kept_but_never_read"):
        assert sentence in notes(lake, query, "2026-03-15")
    assert sentence in page(lake, tmp_path / "page", "20260315", "access")


def test_an_empty_answer_has_the_sentence_too(tmp_path: Path) -> None:
    lake = ingested(tmp_path, OTHER, config="")
    assert told("1 request", OTHER) in notes(lake, "access/top_objects", "2026-03-15")


@pytest.mark.parametrize("answer", ["- 200", "GET -", "- -"])
@pytest.mark.parametrize("query", ["access/downloads_by_month", "cloudfront/downloads_by_month"])
def test_requests_without_method_or_status_are_told(query: str, answer: str, tmp_path: Path) -> None:
    sentence = (
        f"No number includes 2 requests that CloudFront logged for {LISTED}, because they have no cs-method or no"
        " sc-status. The distribution's logging can include both fields for new requests."
    )
    assert sentence in notes(ingested(tmp_path, LISTED, LISTED, answer=answer), query, "2026-03-15")


def test_a_refused_request_without_method_is_not_told(tmp_path: Path) -> None:
    lake = ingested(tmp_path, LISTED, answer="- 400")
    assert not [note for note in notes(lake, "access/errors", "2026-03-15") if "that CloudFront logged for" in note]


@pytest.mark.parametrize(
    ("query", "day"),
    [
        ("cloudfront/downloads_by_month", "2026-03-15"),
        ("access/latency", "2026-03-15"),
        ("access/errors", "2026-06-15"),
    ],
)
def test_other_queries_and_periods_have_no_such_sentence(tmp_path: Path, query: str, day: str) -> None:
    lake = ingested(tmp_path, LISTED, OTHER)
    assert not [note for note in notes(lake, query, day) if "that CloudFront logged for" in note]
