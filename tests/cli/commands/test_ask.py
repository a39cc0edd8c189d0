"""Finding one's way at the prompt: what a lake holds, what it means, and names that are nearly right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from glue_jobs.cli.main import main
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.tables import TABLES


@pytest.fixture(autouse=True)
def lake(demo_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USAGE_LAKE", demo_lake)
    monkeypatch.setenv("COLUMNS", "80")


def asked(*arguments: str, text: str | bytes = "") -> Result:
    return CliRunner().invoke(main, arguments, input=text)


def test_tables_are_listed_with_their_rows_and_views() -> None:
    rows = asked("sql", "SELECT count(*) AS n FROM s3_access_log", "--format", "csv").stdout.split()[1]
    lines = asked("tables").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["table", "rows", "what", "it", "holds"]
    assert re.match(rf"s3_access_log +{int(rows):,}  One row per request", lines[1])
    assert any(line.startswith("access_request ") and " view  " in line for line in lines)
    listed = asked("tables", "--format", "csv").stdout.splitlines()
    assert listed[0] == "database,table,kind,rows,one_row_is"
    assert len(listed) - 1 == len(TABLES) + len(SavedView.all())
    assert listed[1].startswith(f"usage_lake,s3_access_log,table,{rows},")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("s3_access_log", "bytes_sent bigint"),
        ("usage_lake.subscriber", "account_id string"),
        ("access_request", "operation string"),
        ("access/top_objects_of_repository", "repository=rainfall The data set"),
    ],
)
def test_a_table_a_view_and_a_query_are_described_without_a_lake(
    monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.delenv("USAGE_LAKE")
    assert "no table and no query 'nothing'" in asked("describe", "nothing").output
    result = asked("describe", name)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert words in " ".join(result.stdout.split())


def test_a_description_can_be_written_as_csv() -> None:
    lines = asked("describe", "subscriber", "--format", "csv").stdout.splitlines()
    assert lines[0] == "column_name,data_type,comment"
    assert lines[1].startswith("account_id,string,")


def test_a_statement_comes_from_standard_input_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "question.sql"
    file.write_text("-- one\nSELECT 1 AS n;\n")
    for arguments, text in ((("-",), file.read_text()), (("-f", str(file)), ""), (("-f", "-"), file.read_text())):
        assert asked("sql", *arguments, "--format", "csv", text=text).stdout == "n\n1\n"


@pytest.mark.parametrize("statement", ["-- one\nSELECT 1 AS n", "/* one */ SELECT 1 AS n", "--\n--two\nSELECT 1 AS n"])
def test_a_statement_may_begin_with_a_comment(statement: str) -> None:
    result = asked("sql", statement, "--format", "csv")
    assert (result.exit_code, result.output) == (0, "n\n1\n")


@pytest.mark.parametrize(
    ("arguments", "text", "code", "sentence"),
    [
        (("sql",), "", 2, "give a statement, - for standard input, or -f FILE; main sql --help explains"),
        (("sql", "SELECT 1", "-f", "x"), "", 2, "give a statement, - for standard input, or -f FILE; "),
        (("sql", "-f", "none.sql"), "", 2, "cannot read the statement from none.sql: No such file or directory"),
        (("sql", "SELECT 1", "--output", "x.csv", "--format", "json"), "", 2, "--format json is for the terminal; the"),
        (("query", "nothing"), "", 2, ", see usage-lake queries"),
        (("describe", "nothing"), "", 2, "see usage-lake tables and usage-lake queries"),
        (
            ("query", "access/top_objects_of_repository", "--param", "account=x", "--param", "account=y"),
            "",
            2,
            "the parameter 'account' is given twice: 'x' and 'y'",
        ),
        (("sql", "-"), b"SELECT '\xff'", 2, "standard input is not UTF-8 text at byte 8"),
        (("sql", "SELECT byte_sent FROM s3_access_log"), "", 1, "no column 'byte_sent'; did you mean 'bytes_sent'"),
        (("sql", "SELECT l.byte_sent FROM s3_access_log l"), "", 1, "no column 'byte_sent'; did you mean 'bytes_sent'"),
        (("sql", "SELECT 1 FROM s3_acces_log"), "", 1, "no table 's3_acces_log'; did you mean 's3_access_log'"),
        (("sql", "DESCRIBE s3_acces_log"), "", 1, "no table 's3_acces_log'; did you mean 's3_access_log'"),
        (("sql", "SELECT 1 FROM other.subscriber"), "", 1, "there are no tables in database other of "),
        (("describe", "s3_acces_log"), "", 2, "no table and no query 's3_acces_log'; did you mean 's3_access_log'"),
        (("describe", "S3_ACCESS_LOG"), "", 2, "no query 'S3_ACCESS_LOG'; did you mean 's3_access_log'"),
        (("query", "top_objects"), "", 2, "no saved query 'top_objects'; did you mean 'access/top_objects'"),
        (
            ("query", "access/top_objects_of_repository", "--param", "acount=x"),
            "",
            2,
            "no parameter 'acount': access/top_objects_of_repository takes account, repository; did you mean 'account'",
        ),
        (
            ("ingest", "s3_access_logs", "--from", "x"),
            "",
            2,
            "there is no pipeline 's3_access_logs'; did you mean 's3_access_log'",
        ),
    ],
)
def test_a_wrong_name_is_one_sentence_with_the_right_one(
    arguments: tuple[str, ...], text: str | bytes, code: int, sentence: str
) -> None:
    result = asked(*arguments, text=text)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("error: ") and sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_answer_is_written_among_the_lake_s_data(demo_lake: str) -> None:
    for command in (("status",), ("query", "access/tools"), ("sql", "SELECT 1 AS n")):
        result = asked(*command, "--output", f"{demo_lake}/usage_lake/s3_access_log/data/x.csv")
        assert (result.exit_code, result.stderr.count("data/x.csv belongs to the lake; write to another folder")) == (
            2,
            1,
        )


@pytest.mark.parametrize(("variable", "value"), [("TERM", "dumb"), ("NO_COLOR", "1")])
def test_a_terminal_that_wants_no_escape_sequences_gets_none(variable: str, value: str) -> None:
    arguments = ["sql", "SELECT 1 AS n"]
    assert "\x1b[1m" in CliRunner(env={"TERM": "xterm", "NO_COLOR": ""}).invoke(main, arguments, color=True).stdout
    plain = CliRunner(env={"TERM": "xterm", "NO_COLOR": ""} | {variable: value}).invoke(main, arguments, color=True)
    assert plain.stdout.split() == ["n", "1"]


def completed(*words: str) -> list[str]:
    *before, last = words
    return [item.value for item in ShellComplete(main, {}, "usage-lake", "").get_completions([*before], last)]


def test_a_shell_completes_commands_queries_and_tables() -> None:
    assert "describe" in completed("de")
    assert completed("query", "storage/acc") == ["storage/accounts"]
    assert completed("query", "") == [*SavedQuery.names()]
    assert completed("describe", "s3_") == ["s3_access_log", "s3_inventory_object"]
    assert completed("ingest", "cloudt") == ["cloudtrail_s3_event"]
