"""Answers written to files, by the ending of the file's name."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from glue_jobs.cli.answers.file import MAX_EXCEL_TEXT, write_rows
from glue_jobs.cli.answers.show import View
from glue_jobs.cli.main import main
from glue_jobs.errors import ArgumentError
from glue_jobs.query.answer import Answer

ROWS = pa.table(
    {
        "key": ["=1+1", "a|b_c", None],
        "bytes": [1500, 10**15, None],
        "day": [date(2024, 5, 7), date(1899, 1, 1), None],
        "time": pa.array([datetime(2024, 5, 7, 12), None, None], pa.timestamp("us")),
        "is_own": [True, False, None],
    }
)


def written(name: str, rows: pa.Table = ROWS, **view: object) -> bytes:
    with TemporaryDirectory() as folder:
        write_rows(Answer.of(rows), f"{folder}/{name}", View(**{"limit": None, **view}))  # type: ignore[arg-type]
        return Path(folder, name).read_bytes()


def test_what_a_killed_program_left_half_written_is_removed_a_day_later(tmp_path: Path) -> None:
    half = tmp_path / f"x.csv.unfinished-{'a' * 32}"
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    write_rows(Answer.of(ROWS), str(tmp_path / "x.csv"), View(limit=None))
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_csv_guards_formulas() -> None:
    first, *_ = csv.DictReader(io.StringIO(written("x.csv").decode()))
    assert (first["key"], first["bytes"]) == ("'=1+1", "1500")


def test_json_and_parquet_have_every_column_and_digit() -> None:
    view = {"show": ("key",)}
    assert json.loads(written("x.json", **view))[0]["bytes"] == 1500
    assert pq.read_table(io.BytesIO(written("x.PARQUET", **view))).equals(ROWS)


def test_parquet_has_no_two_columns_of_one_name() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    assert pq.read_table(io.BytesIO(written("x.parquet", twice))).to_pylist() == [{"x": 1, "x_2": 2}]


def test_markdown_is_the_table_of_the_terminal_and_no_text_has_a_meaning() -> None:
    assert written("x.md", show=("key", "bytes"), totals=("bytes",)).decode().splitlines() == [
        "| key | bytes |",
        "| --- | ---: |",
        "| =1+1 | 1.50 kB |",
        r"| a\|b\_c | 1.00 PB |",
        "| - | - |",
        "| total | - |",
    ]


def cells(workbook: bytes) -> str:
    with ZipFile(io.BytesIO(workbook)) as parts:
        return parts.read("xl/worksheets/sheet1.xml").decode() + parts.read("xl/sharedStrings.xml").decode()


def test_a_workbook_has_numbers_days_and_texts_and_no_formula() -> None:
    text = cells(written("x.xlsx"))
    assert "<v>1500</v>" in text and "<v>45419</v>" in text and "<v>45419.5</v>" in text
    assert "<f>" not in text and "<t>=1+1</t>" in text
    assert "<t>1000000000000000</t>" in text, "more digits than a number of Excel has"
    assert "<t>1899-01-01</t>" in text, "before the first day of Excel"
    assert '<c r="E2" t="b"><v>1</v></c>' in text


def test_a_workbook_has_times_of_a_zone_in_utc_and_spans_as_text() -> None:
    text = cells(
        written("x.xlsx", pa.table({"time": [datetime(2024, 5, 7, 12, tzinfo=UTC)], "span": [timedelta(hours=1)]}))
    )
    assert "<v>45419.5</v>" in text and "<t>0 01:00:00.000</t>" in text


def test_a_text_that_no_workbook_holds_is_an_error() -> None:
    with pytest.raises(ArgumentError, match=r"a cell holds 32,767 characters, not 32,768; write .parquet"):
        written("x.xlsx", pa.table({"key": ["k" * (MAX_EXCEL_TEXT + 1)]}))


def ask(lake: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["sql", "SELECT * FROM (VALUES 1, 2, 3) AS t (n)", "--lake", lake, *options])


def test_an_answer_is_written_whole_or_up_to_the_limit(demo_lake: str, tmp_path: Path) -> None:
    name = str(tmp_path / "answers" / "n.csv")
    result = ask(demo_lake, "--output", name)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"3 rows are in {name}\n")
    assert Path(name).read_text() == "n\n1\n2\n3\n"
    assert ask(demo_lake, "--output", name, "--limit", "1").stderr == f"1 row is in {name}\n"
    assert Path(name).read_text() == "n\n1\n"


def test_a_file_may_have_only_an_ending_for_its_name(demo_lake: str, tmp_path: Path) -> None:
    assert ask(demo_lake, "--output", str(tmp_path / ".csv"), "--limit", "1").exit_code == 0
    assert (tmp_path / ".csv").read_text() == "n\n1\n"


def test_an_answer_is_written_to_s3(demo_lake: str, bucket: str) -> None:
    from glue_jobs.storage import storage_for

    assert ask(demo_lake, "--output", f"{bucket}/n.csv").exit_code == 0
    assert storage_for(bucket).get(f"{bucket}/n.csv") == b"n\n1\n2\n3\n"


def test_a_file_of_another_kind_is_wrong_usage_and_asks_nothing(tmp_path: Path) -> None:
    result = ask(str(tmp_path / "no-lake"), "--output", str(tmp_path / "n.txt"))
    endings = ".csv, .json, .parquet, .xlsx, .md"
    sentence = f"error: an answer is written to a file that ends with {endings}, not to '{tmp_path}/n.txt'\n"
    assert (result.exit_code, result.output) == (2, sentence)
