"""The demonstration as a whole: three sources, reports, and a lake that says exactly what was generated."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from glue_jobs import Lake
from glue_jobs.cli.demo import demonstrate, print_checks
from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.report_job import report, report_request
from glue_jobs.progress import PlainReporter
from glue_jobs.sample import Truth
from glue_jobs.sample.checks import Check
from glue_jobs.sample.requesters import ANONYMOUS, make_requesters

# Sources that the sample publisher has no raw objects of: it sequences nothing, and nobody uploads files.
NOT_IN_THE_SAMPLE = {"run_summary", "upload"}

QUIET = PlainReporter(io.StringIO())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bool, str]:
    folder = tmp_path_factory.mktemp("demo")
    with redirect_stdout(io.StringIO()) as printed, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        is_true = demonstrate(folder, 0.05, QUIET)
    return folder, is_true, printed.getvalue()


@pytest.fixture(scope="module")
def truth(demo: tuple[Path, bool, str]) -> Truth:
    return Truth(**json.loads((demo[0] / "truth.json").read_text(encoding="utf-8")))


def test_every_measure_of_every_source_is_equal(demo: tuple[Path, bool, str]) -> None:
    _, is_true, printed = demo
    assert is_true, printed
    compared = re.findall(r"(?m)^(\w.*?) +(\d+) of (\d+) equal$", printed)
    sources = ["S3 access logs", "CloudTrail", "CloudFront logs", "S3 Inventory"]
    assert [title for title, *_ in compared] == [*sources, "Published reports", "Public tier"]
    assert all(equal == total for _, equal, total in compared)
    assert sum(int(equal) for _, equal, _ in compared) > 50


def test_it_says_what_it_made_answers_eight_questions_and_ends_with_the_page(demo: tuple[Path, bool, str]) -> None:
    folder, _, printed = demo
    sampled = [path.name for path in folder.glob("raw/*")]
    assert len(
        re.findall(r"(?m)^(?:S3 access logs|CloudTrail|CloudFront logs|S3 Inventory)(?: +[\d,]+){6}$", printed)
    ) == len(sampled)
    assert "the second run found nothing new" in printed
    assert len(re.findall(r"(?m)^\$ usage-lake query \w+/\w+$", printed)) == 8
    assert f"page     {(folder / 'reports/index.html').as_uri()}\n" in printed
    assert (folder / "reports/index.html").exists()
    assert printed.splitlines()[-1] == f"  usage-lake open {folder}/reports"
    paths = str(folder)
    assert all(len(line) <= 80 for line in printed.splitlines() if paths not in line and "SELECT" not in line)


def test_a_difference_is_printed_with_the_group_it_is_in(capsys: pytest.CaptureFixture[str]) -> None:
    checks = [
        Check("requests", {("a",): 1, ("b",): 2}, {("a",): 1, ("b",): 3}),
        Check("bytes", {(): 4}, {(): 4}),
    ]
    assert not print_checks("CloudTrail", checks, verbose=False)
    verdict, difference, place = capsys.readouterr().out.splitlines()
    assert verdict.split() == ["CloudTrail", "1", "of", "2", "equal"]
    assert difference.split() == ["requests", "3", "4", "DIFFERENT"]
    assert place.split() == ["first", "in", "b:", "2", "and", "3"]
    assert print_checks("CloudTrail", checks[1:], verbose=True)
    assert capsys.readouterr().out.split() == ["CloudTrail", "1", "of", "1", "equal", "bytes", "4", "4", "equal"]


def test_the_public_tier_hides_what_few_readers_did_and_says_so(demo: tuple[Path, bool, str]) -> None:
    folder, _, printed = demo
    said = re.search(
        r"for everybody: (\d+) months? (?:is|are) public, (\d+) numbers of few readers hidden",
        " ".join(printed.split()),
    )
    assert said and int(said[1]) >= 1 and int(said[2]) >= 6
    assert f"public   {(folder / 'public/index.html').as_uri()}\n" in printed
    assert re.search(r"dandi    \d{2,} summaries like those of the DANDI archive in ", printed)
    assert (folder / "dandi/archive_totals.json").exists()


def test_no_public_file_says_who_somebody_is(demo: tuple[Path, bool, str]) -> None:
    folder, _, _ = demo
    asked = {
        each for one in make_requesters(7, 0.05).all for each in (one.address, one.name, one.user_agent, one.account)
    }
    uris = Lake(folder / "lake").sql("SELECT DISTINCT request_uri FROM s3_access_log WHERE request_uri IS NOT NULL")
    asked |= {*uris["request_uri"].to_pylist()}
    values = [value for value in asked if len(value) > 6 and value != ANONYMOUS]
    assert len(values) > 500
    public = b"".join(path.read_bytes() for path in sorted((folder / "public").rglob("*")) if path.is_file()).decode()
    assert len(public) > 100_000
    assert [value for value in values if value in public] == []
    assert re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|\barn:", public) == []


def test_source_stats_are_published_as_they_are_true(demo: tuple[Path, bool, str], truth: Truth) -> None:
    (summary,) = demo[0].glob("reports/source/source-stats-summary-*.csv")
    with summary.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["metric", "value"],
            *([row["metric"], row["value"]] for row in truth.rows("s3_inventory_object/summary")),
        ]
    assert str(demo[0] / "reports") in demo[2]


def test_reports_are_the_same_bytes_when_made_again(demo: tuple[Path, bool, str], tmp_path: Path) -> None:
    first = demo[0] / "reports"
    day = next(first.glob("manifest-*.json")).stem.removeprefix("manifest-")
    values = {"lake_path": str(demo[0] / "lake"), "report_path": str(tmp_path), "date": day}
    report(report_request(values), QUIET)
    files = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (first, tmp_path)
    ]
    assert len(files[0]) > 30
    assert files[0] == files[1]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(ArgumentError, match="holds something else already"):
        demonstrate(tmp_path, 0.05, QUIET)
    assert (tmp_path / "thesis.txt").read_text() == "irreplaceable"
