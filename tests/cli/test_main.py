"""The command line: what it imports, its messages and its exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from glue_jobs.cli.main import main
from glue_jobs.cli.options import FORMATS
from glue_jobs.lake import Lake
from glue_jobs.sources import SOURCES
from glue_jobs.tables.subscriber import SUBSCRIBER

ROOT = Path(__file__).parents[2]

# Importing each takes a tenth of a second or more, all of them over two seconds.
HEAVY = ["boto3", "numpy", "pandas", "pyarrow", "pyiceberg", "pyspark", "rich.console", "sqlalchemy"]
OF_QUESTIONS = ["duckdb", "sqlglot"]

RUN = f"""
import json, sys
from glue_jobs.cli.main import main
try:
    main()
finally:
    print(json.dumps([name for name in {HEAVY + OF_QUESTIONS} if name in sys.modules]), file=sys.stderr)
"""


def loaded(folder: Path, *arguments: str) -> list[str]:
    """The heavy packages that a command imports."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return names


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "--version",
        "queries",
        "ingest --help",
        "ingest s3_access_logs --from raw --lake lake",
        "report --lake lake",
        "query access/download --lake lake",
        "query access/tools --param tool --lake lake",
        "query access/tools --as-of yesterday --lake lake",
        "query access/tools --param tool=x --lake lake",
        "connect example",
    ],
)
def test_help_and_mistyped_arguments_import_no_heavy_package(tmp_path: Path, line: str) -> None:
    assert loaded(tmp_path, *line.split()) == []


@pytest.mark.parametrize("options", [[], ["--format", "csv"]])
def test_a_question_imports_only_what_answers_it(tmp_path: Path, options: list[str], demo_lake: str) -> None:
    question = ["query", "access/downloads_by_month", "--lake", demo_lake]
    assert loaded(tmp_path, *question, *options) == OF_QUESTIONS


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["ingest", "s3_access_log", "--lake", "lake"], "--from"),
        (["ingest", "s3_access_log", "--from", "raw"], "--lake"),
        (["report", "--lake", "lake"], "--to"),
        (["status"], "--lake"),
        (["connect", "example"], "--to"),
    ],
)
def test_a_missing_option_is_named(arguments: list[str], missing: str) -> None:
    result = CliRunner().invoke(main, arguments)
    name = arguments[0]
    variable = " (env var: 'USAGE_LAKE')" if missing == "--lake" else ""
    sentence = f"error: missing option '{missing}'{variable}; main {name} --help explains\n"
    assert (result.exit_code, result.output) == (2, sentence)


def test_the_lake_may_be_named_by_a_variable(old_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USAGE_LAKE", old_lake)
    result = CliRunner().invoke(main, ["sql", "SELECT count(*) AS n FROM s3_access_log", "--format", "csv"])
    assert (result.exit_code, result.stdout) == (0, "n\n1\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ingest"], "error: missing argument 'PIPELINE'; choose from cloudfront_log, cloudtrail_s3_event, "),
        (
            ["ingest", "s3_access_log", "--from", "a", "--from", "b", "--lake", "lake"],
            "error: --from takes one folder, with all that is below it, not 2",
        ),
        (
            ["report", "--subjects", "nope", "--subjects", "access", "--to", "to", "--lake", "lake"],
            "error: there are no reports on 'nope'",
        ),
        (["demo", "--scale=0"], "0.0 is not in the range 0<x<=1000"),
        (["status", "--lke", "lake"], "error: no such option '--lke'; did you mean '--lake'"),
        (["statuss"], "error: no such command 'statuss'; did you mean 'status'; main --help explains"),
        (["query", "access/tools", "--lake", "lake", "--limit", "few"], "'few' is neither a number of rows nor 'all'"),
        (["demo", "--scale=-1"], "-1.0 is not in the range 0<x<=1000"),
        (["demo", "--scale=nan"], "nan is not in the range 0<x<=1000"),
        (["demo", "--scale=inf"], "inf is not in the range 0<x<=1000"),
        (["status", "--lake", "lake", "--catalog", "hive"], "'hive' is not one of 'sqlite', 'glue'"),
        (
            ["ingest", "s3_access_log", "--from", "x", "--lake", "y", "--management-events", "no"],
            "not one of 'keep', 'drop'",
        ),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("demo").mkdir()
    Path("demo/.usage-lake-demo").touch()
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, message in done.output) == (2, True)
    assert Path("demo/.usage-lake-demo").exists()


def test_a_missing_lake_is_an_error_and_is_not_created(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--lake", f"{tmp_path}/lake"])
    sentence = f"error: there are no tables in database usage_lake of {tmp_path}/lake; ingest something first"
    assert (result.exit_code, result.output.startswith(sentence)) == (1, True)
    assert list(tmp_path.iterdir()) == []


def run(*arguments: str, stdout: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a separate process."""
    code = "from glue_jobs.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["queries", "describe access/errors", "--help", "--version", ""])
def test_the_error_for_a_full_disk_is_one_sentence(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        result = run(*command.split(), stdout=full, PYTHONUNBUFFERED="")
    assert (result.returncode, result.stderr) == (1, "error: [Errno 28] No space left on device\n")


def test_the_error_for_text_that_cannot_be_encoded_is_one_sentence(tmp_path: Path) -> None:
    Lake(str(tmp_path), "usage_lake").create(SUBSCRIBER)
    question = ("sql", "SELECT '日本' AS x", "--lake", str(tmp_path))
    result = run(*question, stdout=subprocess.PIPE, PYTHONIOENCODING="latin-1")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "error: latin-1 cannot encode '\\u65e5\\u672c'; set PYTHONIOENCODING=utf-8\n"


@pytest.mark.parametrize("form", FORMATS)
def test_a_closed_pipe_is_not_an_error(tmp_path: Path, form: str) -> None:
    Lake(str(tmp_path), "usage_lake").create(SUBSCRIBER)
    reading, writing = os.pipe()
    os.close(reading)
    result = run("sql", "SELECT 1 AS x", "--lake", str(tmp_path), "--format", form, stdout=writing)
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, "")


@pytest.mark.parametrize(("command", "hint"), [("ingest", "; the same command continues from here"), ("queries", "")])
def test_ctrl_c_stops_a_command_without_a_stack_trace(monkeypatch: pytest.MonkeyPatch, command: str, hint: str) -> None:
    def stop(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main.commands[command], "callback", stop)
    arguments = ["s3_access_log", "--from", "raw", "--lake", "lake"] if command == "ingest" else []
    result = CliRunner().invoke(main, [command, *arguments])
    assert (result.exit_code, result.output) == (130, f"\nstopped{hint}\n")


def test_ctrl_c_before_there_is_a_command_prints_no_stack_trace() -> None:
    program = """
import sys

class Stopped:
    def find_spec(self, name, *_):
        if name == "click":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Stopped())
from glue_jobs.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "\nstopped\n")


@pytest.mark.parametrize("failed", [True, False])
def test_a_run_with_a_failure_prints_its_summary_and_exits_with_1(
    failed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = SimpleNamespace(sentence="1 snapshot is invalid", failed=failed)
    monkeypatch.setattr("glue_jobs.jobs.run_job.run_job", lambda *_: summary)
    result = CliRunner().invoke(main, ["ingest", "s3_access_log", "--from", "raw", "--lake", "lake"])
    assert (result.exit_code, result.output) == (int(failed), "1 snapshot is invalid\n")


def test_status_has_a_row_of_zeros_for_a_source_of_which_nothing_is_ingested(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/2024-05-07-09-00-00-0123456789ABCDEF").write_bytes(b"no access log\n")
    lake = f"{tmp_path}/lake"
    ingest = ["ingest", "s3_access_log", "--from", f"{tmp_path}/raw", "--lake", lake]
    assert CliRunner().invoke(main, ingest).exit_code == 0
    result = CliRunner().invoke(main, ["status", "--lake", lake, "--format", "csv"])
    counts = {line.split(",")[0]: line.split(",")[1] for line in result.stdout.splitlines()[1:]}
    assert counts == {source: "1" if source == "s3_access_log" else "0" for source in sorted(SOURCES)}


OLD_LINE = (
    "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example-bucket [10/Jun/2025:10:00:00 +0000]"
    ' 192.0.2.10 - ABCDEF0000000001 REST.GET.OBJECT acme/rain/a.csv "GET /acme/rain/a.csv HTTP/1.1" 200 - 100 100 20 10'
    ' "-" "curl/8.5.0" - aGVsbG8= - TLS_AES_128_GCM_SHA256 - example-bucket.s3.us-east-1.amazonaws.com TLSv1.3 - -\n'
)


@pytest.fixture(scope="module")
def old_lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("old")
    (folder / "raw").mkdir()
    (folder / "raw" / "2025-06-10-13-00-00-ABCDEF0123456789").write_text(OLD_LINE)
    arguments = ["ingest", "s3_access_log", "--from", str(folder / "raw"), "--lake", str(folder / "lake")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return str(folder / "lake")


@pytest.mark.parametrize("option", ["--as-of", "--date"])
@pytest.mark.parametrize("day", ["20250620", "2025-06-20"])
def test_a_query_can_be_about_another_day(old_lake: str, option: str, day: str) -> None:
    arguments = ["query", "access/tools", "--lake", old_lake, "--format", "csv", option, day]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].startswith("curl,1,")


def test_an_empty_answer_says_what_the_lake_holds_and_what_the_query_looks_at(old_lake: str) -> None:
    arguments = ["query", "access/errors", "--lake", old_lake, "--format", "csv", "--as-of", "20260101"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr.splitlines() == [
        "cloudfront_log has no rows",
        "daily_storage has no rows",
        "s3_access_log has rows of 2025-06-10 to 2025-06-10",
        "access/errors looks at the days 2025-12-02 to 2026-01-01; --since DAY and --until DAY ask about others",
    ]


@pytest.mark.parametrize(
    ("query", "tables", "source"),
    [
        ("storage/growth", ["daily_change", "daily_storage"], "s3_inventory_object"),
        ("subscriber/usage_by_month", ["cloudtrail_s3_event"], "cloudtrail_s3_event"),
    ],
)
def test_an_empty_answer_names_the_source_that_was_never_ingested(
    old_lake: str, query: str, tables: list[str], source: str
) -> None:
    said = CliRunner().invoke(main, ["query", query, "--lake", old_lake]).stderr.splitlines()
    assert said == [
        *(f"{table} has no rows" for table in tables),
        f"{query} has an answer after usage-lake ingest {source}",
    ]


def test_a_query_can_be_about_another_period(old_lake: str) -> None:
    def ask(*period: str) -> Result:
        return CliRunner().invoke(main, ["query", "access/tools", "--lake", old_lake, "--format", "csv", *period])

    assert ask("--since", "20250610", "--until", "2025-12-31").stdout.splitlines()[1].startswith("curl,1,")
    late = ask("--since", "2025-06-11", "--until", "20251231")
    assert len(late.stdout.splitlines()) == 1
    assert "access/tools looks at the days 2025-06-11 to 2025-12-31;" in late.stderr
    for end in ("--until", "--as-of"):
        wrong = ask("--since", "2025-06-11", end, "20250610")
        assert (wrong.exit_code, "ends before it begins: since 2025-06-11, until 2025-06-10" in wrong.stderr) == (
            2,
            True,
        )


def test_the_rows_of_a_query_are_newest_first_and_those_of_a_day_in_its_order(demo_lake: str) -> None:
    arguments = ["query", "access/downloads_by_day", "--lake", demo_lake, "--format", "csv"]
    rows = [line.split(",")[:3] for line in CliRunner().invoke(main, arguments).stdout.splitlines()[1:]]
    days = [day for day, *_ in rows]
    assert len(set(days)) > 1 and days == sorted(days, reverse=True)
    for day in set(days):
        of_day = [row for row in rows if row[0] == day]
        assert of_day == sorted(of_day)


def test_prices_and_names_of_a_query_are_those_of_the_configuration(demo_lake: str, tmp_path: Path) -> None:
    arguments = ["query", "subscriber/estimated_transfer_cost", "--lake", demo_lake, "--format", "csv"]
    without = CliRunner().invoke(main, arguments).stdout
    config = tmp_path / "config.yaml"
    config.write_text('prices: {transfer_per_gb: 7.5}\nsubscribers: [{account: "111122223333", name: Nobody else}]\n')
    result = CliRunner().invoke(main, [*arguments, "--config", str(config)])
    assert (result.exit_code, result.stderr) == (0, "")
    assert ",7.5," in result.stdout and ",7.5," not in without
    assert "Nobody else" in result.stdout and "Coastal Analytics" in without and "Coastal" not in result.stdout


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_help_has_every_command_with_a_whole_sentence(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments, terminal_width=80)
    assert result.exit_code == 0
    listed = re.findall(r"(?m)^  (\w+) +(\S.*)$", result.stdout.partition("Begin:")[2])
    assert sorted(name for name, _ in listed) == sorted(main.commands)
    assert all(text.endswith(".") and not text.endswith("...") for _, text in listed)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed_is_no_error(tmp_path: Path, closed: str) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/2026-06-01-00-00-00-0123456789ABCDEF").write_text("no log\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    program = f'"{sys.executable}" -c "from glue_jobs.cli import main; main()"'
    for command in ("ingest s3_access_log --from raw", "status", "sql 'SELECT 1 AS one'"):
        line = f"{program} {command} --lake lake {closed}"
        assert subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment).returncode == 0, command
