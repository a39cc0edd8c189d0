"""The wheel in an empty environment: its commands work, and its demonstration as a whole says what was generated."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from glue_jobs import Lake
from glue_jobs.cli.commands.demo import demonstrate, print_checks
from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.report_job import report, report_request
from glue_jobs.progress import SilentReporter
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sample import Truth
from glue_jobs.sample.scenario.clients.requesters import ANONYMOUS, make_requesters
from glue_jobs.sample.truth.checks import Check

ROOT = Path(__file__).parents[2]

QUIET = SilentReporter()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and the packages it depends on, and without this repository."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    # A copy, because a build leaves files in the folder it is given.
    source = folder / "source"
    for name in ("glue_jobs", "queries"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [*pip, "wheel", "--no-deps", "-w", str(wheels), str(source)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (wheel,) = wheels.glob("*.whl")
    python = folder / "env/bin/python"
    install = [*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, cwd=folder)
    (packages,) = (folder / "env/lib").glob("python*/site-packages")
    # Only a path: what makes this repository importable in the outer environment is not followed from here.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return folder / "env"


def run(environment: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    return subprocess.run(
        [str(environment / "bin" / program), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd), "COLUMNS": "80"},
    )


@pytest.fixture(scope="module")
def demo(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a demonstration, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = run(environment, "usage-lake", "demo", "--dir", str(folder), "--scale", "0.05", cwd=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def truth(demo: tuple[Path, str]) -> Truth:
    return Truth(**json.loads((demo[0] / "truth.json").read_text(encoding="utf-8")))


def test_the_library_is_that_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "python", "-c", "import glue_jobs; print(glue_jobs.__file__)", cwd=tmp_path)
    assert done.stdout.startswith(str(environment)), done.stderr


def test_every_saved_query_is_listed(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "usage-lake", "queries", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for query in SavedQuery.all():
        assert query.name in done.stdout


def test_every_measure_of_every_source_is_equal(demo: tuple[Path, str]) -> None:
    _, printed = demo
    assert "The lake counts exactly what was generated." in printed
    compared = re.findall(r"(?m)^(\w.*?) +(\d+) of (\d+) equal$", printed)
    sources = ["S3 access logs", "CloudTrail", "CloudFront logs", "S3 Inventory"]
    assert [title for title, *_ in compared] == [*sources, "Published reports", "Public tier"]
    assert all(equal == total for _, equal, total in compared)
    assert sum(int(equal) for _, equal, _ in compared) > 50


def test_it_says_what_it_made_answers_eight_questions_and_ends_with_the_page(demo: tuple[Path, str]) -> None:
    folder, printed = demo
    sampled = [path.name for path in folder.glob("raw/*")]
    assert len(
        re.findall(r"(?m)^(?:S3 access logs|CloudTrail|CloudFront logs|S3 Inventory)(?: +[\d,]+){6}$", printed)
    ) == len(sampled)
    assert "the second run found nothing new" in printed
    assert len(re.findall(r"(?m)^\$ usage-lake query \w+/\w+$", printed)) == 8
    assert f"page     {(folder / 'reports/index.html').as_uri()}\n" in printed
    assert (folder / "reports/index.html").exists()
    assert printed.splitlines()[-1].endswith(f"/bin/usage-lake open {folder}/reports")
    # Paths have any length.
    lines = [line for line in printed.splitlines() if str(folder) not in line and "/bin/usage-lake " not in line]
    assert all(len(line) <= 80 for line in lines if "SELECT" not in line)


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


def test_the_public_tier_hides_what_few_readers_did_and_says_so(demo: tuple[Path, str]) -> None:
    folder, printed = demo
    said = re.search(
        r"for everybody: (\d+) months? (?:is|are) public, (\d+) numbers of few readers hidden",
        " ".join(printed.split()),
    )
    assert said and int(said[1]) >= 1 and int(said[2]) >= 6
    assert f"public   {(folder / 'public/index.html').as_uri()}\n" in printed
    assert re.search(r"dandi    \d{2,} summaries like those of the DANDI archive in ", printed)
    assert (folder / "dandi/archive_totals.json").exists()


def test_no_public_file_says_who_somebody_is(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    asked = {each for one in make_requesters(7, 0.05) for each in (one.address, one.name, one.user_agent, one.account)}
    uris = Lake(folder / "lake").sql("SELECT DISTINCT request_uri FROM s3_access_log WHERE request_uri IS NOT NULL")
    asked |= {*uris["request_uri"].to_pylist()}
    values = [value for value in asked if len(value) > 6 and value != ANONYMOUS]
    assert len(values) > 500
    public = b"".join(path.read_bytes() for path in sorted((folder / "public").rglob("*")) if path.is_file()).decode()
    assert len(public) > 100_000
    assert [value for value in values if value in public] == []
    assert re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|\barn:", public) == []


def test_source_stats_are_published_as_they_are_true(demo: tuple[Path, str], truth: Truth) -> None:
    (summary,) = demo[0].glob("reports/source/source-stats-summary-*.csv")
    with summary.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["metric", "value"],
            *([row["metric"], row["value"]] for row in truth.rows("s3_inventory_object/summary")),
        ]
    assert str(demo[0] / "reports") in demo[1]


def test_reports_are_the_same_bytes_when_made_again(demo: tuple[Path, str], tmp_path: Path) -> None:
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


def test_a_missing_extra_is_one_sentence(environment: Path, tmp_path: Path) -> None:
    program = "import sys; sys.modules['click'] = None\nfrom glue_jobs.cli import main\nmain()"
    done = run(environment, "python", "-c", program, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "error: the command line needs the extra local: pip install 's3-usage-lake[local]'\n"
    program = (
        "import sys; sys.modules['duckdb'] = None\nfrom glue_jobs import Lake\n"
        f"Lake({str(tmp_path)!r}).ingest('s3_access_log', {str(tmp_path)!r}, engine='nobody')"
    )
    done = run(environment, "python", "-c", program, cwd=tmp_path)
    assert "ArgumentError: engine is processes or spark, not 'nobody'" in done.stderr
