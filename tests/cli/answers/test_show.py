"""Results are printed as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from glue_jobs.cli.answers.cells import readable_bytes
from glue_jobs.cli.answers.show import View, print_rows, table_lines
from glue_jobs.cli.commands.status import MAX_RECORD_BYTES_SHOWN, readable
from glue_jobs.cli.options import FORMATS
from glue_jobs.query.answer import Answer

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
    print_rows(Answer.of(rows), form, View(limit=None))
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
    sink = io.StringIO(newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", sink)
        print_rows(Answer(("a", "b"), rows), "csv", View(limit=None))
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
    cells = ["a,b", "1,234,567", "50.0 %", "true", "2024-05-07", "2024-05-07 01:02:03"]
    cells += ["1,234.50", '["x", "y,z"]', "00 ff"]
    assert re.split(" {2,}", first) == cells
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


def lines_of(rows: pa.Table, width: int | None = 80, **view: object) -> list[str]:
    return [re.sub(r"\x1b\[\d*m", "", line) for line in table_lines(Answer.of(rows), View(**view), width)]  # type: ignore[arg-type]


def test_a_long_text_is_cut_on_a_terminal_and_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    rows = pa.table({"key": ["a/" + "k" * 1000 + "/end.csv"], "note": ["n" * 90], "n": [1234567]})
    assert printed(rows, "table", capsys).count("k") == 1000 + len("k")
    (line,) = lines_of(rows)[1:]
    assert re.fullmatch(r"a/k+…k+/end\.csv  n+…  1,234,567", line)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.integers(), st.text(st.sampled_from("a/é日 \u0301"), max_size=60)),
        max_size=4,
    ),
    st.integers(30, 120),
    st.booleans(),
)
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, int, str]], width: int, all_columns: bool) -> None:
    table = pa.table(
        {"some_text": [row[0] for row in rows], "n": [str(row[1]) for row in rows], "key": [row[2] for row in rows]},
        schema=pa.schema([("some_text", pa.string()), ("n", pa.string()), ("key", pa.string())]),
    )
    assert all(cell_len(line) <= width for line in lines_of(table, width, all_columns=all_columns))


def test_last_columns_that_do_not_fit_are_counted() -> None:
    rows = pa.table({f"time_{number}": [datetime(2024, 5, 7, 1, 2, 3)] for number in range(9)})
    _, line, note = lines_of(rows)
    assert line == "  ".join(["2024-05-07 01:02:03"] * 3)
    assert note == "3 of 9 columns (--all-columns)"
    blocks = lines_of(rows, all_columns=True)
    assert blocks == [f"time_{number}  2024-05-07 01:02:03" for number in range(9)] + [""]


def test_a_header_is_broken_at_underscores_where_its_numbers_are_narrow() -> None:
    rows = pa.table({"audience_unique_requesters": [1], "key": ["k" * 100]})
    *header, _ = lines_of(rows, 30)
    assert [line.split()[0] for line in header] == ["audience_", "unique_", "requesters"]


def test_a_table_shows_the_first_rows_and_sums_of_all() -> None:
    rows = pa.table({"tool": ["a", "b", "c"], "bytes": [999, 1000, 2_658_695_441_398], "n": [1, 2, 3]})
    view = {"show": ("tool", "bytes"), "totals": ("bytes",), "limit": 2}
    assert [line.split() for line in lines_of(rows, **view)] == [
        ["tool", "bytes"],
        ["a", "999", "B"],
        ["b", "1.00", "kB"],
        ["total", "2.66", "TB"],
        ["2", "of", "3", "rows,", "2", "of", "3", "columns", "(--limit", "all,", "--all-columns)"],
    ]
    assert lines_of(rows, exact=True, **view)[3].split() == ["total", "2,658,695,443,397"]
    assert lines_of(rows.slice(0, 1), **view)[-2].split() == ["a", "999", "B"], "one row needs no sum"


def test_a_small_number_has_no_exponent() -> None:
    rows = pa.table({"estimated_dollars": [4.31e-08, 0.00123, 1234.5]})
    assert [line.strip() for line in lines_of(rows)[1:]] == ["0.000000043", "0.0012", "1,234.50"]
    assert [line.strip() for line in lines_of(rows, exact=True)[1:]] == ["0.0000000431", "0.00123", "1,234.5"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("size", "241 kB"),
        ("avg_object_size", "241 kB"),
        ("bytes_sent", "241 kB"),
        ("sum(bytes)", "241 kB"),
        ("avg_object_size_mb", "241,034.00"),
        ("size_in_GiB", "241,034.00"),
        ("bytes (TB)", "241,034.00"),
        ("bytes_in_web_logs", "241 kB"),
        # As DuckDB names what a statement computes and does not name.
        ("approx_quantile(object_size, 0.5)", "241 kB"),
        ("count(bytes_sent)", "241,034.00"),
        ("count(DISTINCT object_size)", "241,034.00"),
        ("count_star() FILTER (WHERE (bytes_sent > 0))", "241,034.00"),
        ("(bytes_sent // object_size)", "241,034.00"),
    ],
)
def test_a_number_is_of_bytes_unless_its_name_tells_another_unit(name: str, text: str) -> None:
    assert lines_of(pa.table({name: [241_034.0]}))[-1].strip() == text


def test_a_sum_is_unknown_where_one_of_its_values_is() -> None:
    rows = pa.table({"account": ["a", "b"], "objects": [1, 2], "bytes": [999, None]})
    view = {"show": ("account", "bytes", "objects"), "totals": ("bytes", "objects")}
    assert [line.split() for line in lines_of(rows, **view)][2:] == [["b", "-", "2"], ["total", "-", "3"]]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (9_994_999, "9.99 MB"),
        (45_611_345_782, "45.6 GB"),
        (-1500, "-1.50 kB"),
        (0.5, "0.50 B"),
    ],
)
def test_bytes_have_three_digits_and_a_unit(count: float, text: str) -> None:
    assert readable_bytes(count) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("price_per_gb", 0.00099, "0.00099"),
        ("price_per_gb", 0.0125, "0.0125"),
        ("price_per_1000_gets_express_onezone", 0.00003, "0.00003"),
        ("estimated_dollars", 1234.5, "1,234.50"),
        ("share_of_bytes", 0.1234, "12.3 %"),
        ("avg_bytes", 1500.0, "1.50 kB"),
        ("n", Decimal("12345678901234567890.12"), "12,345,678,901,234,567,890.12"),
        ("http_status", 404, "404"),
        ("sum(bytes_sent)", 1500, "1.50 kB"),
    ],
)
def test_a_number_is_shown_as_what_its_column_is_called(name: str, value: float | Decimal, text: str) -> None:
    assert lines_of(pa.table({name: [value]}), None)[1].strip() == text


def test_an_empty_result_says_so_and_has_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    empty = ROWS.slice(0, 0)
    assert "(no rows)" in printed(empty, "table", capsys)
    assert printed(empty, "csv", capsys) == ",".join(ROWS.column_names) + "\n"
    assert json.loads(printed(empty, "json", capsys)) == []


def test_rejected_records_are_shown_as_short_printable_text() -> None:
    records = [b'caf\xc3\xa9 "x"', b"\xff\x00\x1b[2J\n", None, b"y" * 1000]
    rows = readable(Answer(("source", "record"), [("s", record) for record in records]))
    assert rows.column(1) == ['café "x"', r"\xff\x00\x1b[2J\n", None, "y" * MAX_RECORD_BYTES_SHOWN + "…"]
    assert (rows.column_names, rows.column(0)) == (("source", "record"), ["s"] * 4)
