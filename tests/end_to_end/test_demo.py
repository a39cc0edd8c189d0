"""The demonstration as a whole: three sources, reports, and a lake that says exactly what was generated."""

from __future__ import annotations

import csv
import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from glue_jobs.cli.demo import demonstrate
from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.report_job import report, report_request
from glue_jobs.progress import PlainReporter
from glue_jobs.sample import Truth
from glue_jobs.sources.pipelines import BY_NAME

# Sources that the sample publisher has no raw objects of: it does not use CloudFront.
NOT_IN_THE_SAMPLE = {"cloudfront_log"}

QUIET = PlainReporter(io.StringIO())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bool, str]:
    folder = tmp_path_factory.mktemp("demo")
    with redirect_stdout(io.StringIO()) as printed:
        is_true = demonstrate(folder, 0.05, QUIET)
    return folder, is_true, printed.getvalue()


@pytest.fixture(scope="module")
def truth(demo: tuple[Path, bool, str]) -> Truth:
    return Truth.from_json((demo[0] / "truth.json").read_text(encoding="utf-8"))


def test_every_measure_of_every_source_is_equal(demo: tuple[Path, bool, str]) -> None:
    _, is_true, printed = demo
    assert is_true, printed
    compared = re.findall(r"(?m)^(\S.*?) +([\d,]+) +([\d,]+) (equal|DIFFERENT)$", printed)
    assert len(compared) > 50
    assert {verdict for *_, verdict in compared} == {"equal"}
    assert all(generated == counted for _, generated, counted, _ in compared)


def test_each_source_is_ingested_once_and_then_nothing_is_new(demo: tuple[Path, bool, str]) -> None:
    folder, _, printed = demo
    sampled = [path.name for path in folder.glob("raw/*")]
    absent = set(BY_NAME) - {*sampled, *NOT_IN_THE_SAMPLE}
    assert not absent, f"write raw objects of {absent} in glue_jobs/sample, or name them in NOT_IN_THE_SAMPLE"
    assert NOT_IN_THE_SAMPLE.isdisjoint(sampled)
    assert len(re.findall(r"(?m)^.*ingested [\d,]+ objects", printed)) == len(sampled)


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
