"""Results are printed as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.cli.options import FORMATS
from glue_jobs.cli.show import MAX_RECORD_BYTES_SHOWN, print_rows, readable

ROWS = pa.table(
    {
        "name": ["a,b", None, ""],
        "count": [1234567, 0, None],
        "share": [0.5, None, float("nan")],
        "is_own": [True, False, None],
        "day": [date(2024, 5, 7), None, None],
        "time": pa.array([datetime(2024, 5, 7, 1, 2, 3), None, None], pa.timestamp("us")),
        "sum": [Decimal("1234.50"), None, None],
        "extra": [["x", "y,z"], [], None],
        "record": [b"\x00\xff", None, b""],
    }
)


def printed(rows: pa.Table, form: str, capsys: pytest.CaptureFixture[str]) -> str:
    print_rows(rows, form)
    return capsys.readouterr().out


def test_rows_are_printed_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(ROWS, "csv", capsys).split("\n") == [
        "name,count,share,is_own,day,time,sum,extra,record",
        '"a,b",1234567,0.5,true,2024-05-07,2024-05-07 01:02:03,1234.50,"[""x"", ""y,z""]",00 ff',
        ",0,,false,,,,[],",
        '"",,NaN,,,,,,""',
        "",
    ]


@given(st.lists(st.tuples(st.text(), st.text(st.sampled_from(',"\r\n a'))), max_size=5))
def test_any_text_survives_csv(rows: list[tuple[str, str]]) -> None:
    table = pa.table(
        {"a": pa.array([row[0] for row in rows], pa.string()), "b": pa.array([row[1] for row in rows], pa.string())}
    )
    sink = io.StringIO(newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", sink)
        print_rows(table, "csv")
    sink.seek(0)
    assert [tuple(row) for row in csv.reader(sink)] == [("a", "b"), *rows]


def test_rows_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    first, _, last = json.loads(printed(ROWS, "json", capsys), parse_constant=pytest.fail)
    assert first == {
        **{"name": "a,b", "count": 1234567, "share": 0.5, "is_own": True, "day": "2024-05-07"},
        **{"time": "2024-05-07 01:02:03", "sum": "1234.50", "extra": ["x", "y,z"], "record": "00 ff"},
    }
    assert (last["name"], last["count"], last["share"], last["extra"]) == ("", None, None, None)


def test_rows_are_printed_as_an_aligned_table(capsys: pytest.CaptureFixture[str]) -> None:
    header, first, second, _ = printed(ROWS, "table", capsys).splitlines()
    assert header.split() == ROWS.column_names
    assert first.split() == [
        "a,b",
        "1,234,567",
        "0.50",
        "true",
        "2024-05-07",
        "2024-05-07",
        "01:02:03",
        "1,234.50",
        '["x",',
        '"y,z"]',
        "00",
        "ff",
    ]
    assert second.split() == ["-", "0", "-", "false", "-", "-", "-", "[]", "-"]
    assert first.startswith("a,b "), "texts are aligned on the left"
    assert first.index("1,234,567") < second.index(" 0 ") + 1, "numbers are aligned on the right, with or without nulls"


@pytest.mark.parametrize("form", FORMATS)
def test_columns_of_the_same_name_keep_their_own_values(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["x", "x", "x"])
    text = printed(rows, form, capsys)
    if form == "json":
        assert json.loads(text) == [{"x": 1, "x_2": 2, "x_3": 3}]
    else:
        assert text.replace(",", " ").split() == ["x", "x", "x", "1", "2", "3"]


def test_markup_is_printed_as_it_is_and_escape_sequences_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    rows = pa.table({"[bold]": ["a:key:b [red]x[/red]", "\x1b[2Jgone\r\n", "日本"]})
    text = printed(rows, "table", capsys)
    assert "[bold]" in text
    assert "a:key:b [red]x[/red]" in text
    assert r"\x1b[2Jgone\r\n" in text
    assert "日本" in text


def test_a_long_text_is_folded_and_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(pa.table({"key": ["k" * 1000], "n": [1]}), "table", capsys)
    assert text.count("k") == 1000 + len("key".replace("ey", ""))


def test_an_empty_result_says_so_and_has_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    empty = ROWS.slice(0, 0)
    assert "(no rows)" in printed(empty, "table", capsys)
    assert printed(empty, "csv", capsys) == ",".join(ROWS.column_names) + "\n"
    assert json.loads(printed(empty, "json", capsys)) == []


def test_rejected_records_are_shown_as_short_printable_text() -> None:
    records = [b'caf\xc3\xa9 "x"', b"\xff\x00\x1b[2J\n", None, b"y" * 1000]
    rows = readable(pa.table({"source": ["s"] * 4, "record": pa.array(records, pa.binary())}))
    assert rows["record"].to_pylist() == ['café "x"', r"\xff\x00\x1b[2J\n", None, "y" * MAX_RECORD_BYTES_SHOWN + "…"]
    assert rows.column_names == ["source", "record"]
