"""Results as CSV and JSON that programs and spreadsheets read."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.publish.text import cell, csv_text, json_text

STRANGE = st.text(st.sampled_from("=+-@'\t\r\n,\"a1"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (190595.3, "190595.3"),
        (747.3, "747.3"),
        (64.0, "64.0"),
        (1e22, "10000000000000000000000.0"),
        (8.38e-11, "0.0000000000838"),
        (-0.5, "-0.5"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (12345678901234567, "12345678901234567"),
        (True, "true"),
    ],
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=2, hours=3, seconds=4, milliseconds=5), "2 03:00:04.005"),
        (timedelta(days=-1, hours=-2), "-1 02:00:00.000"),
        (timedelta(), "0 00:00:00.000"),
    ],
)
def test_a_time_span_is_written_as_athena_does(value: timedelta, text: str) -> None:
    rows = pa.table({"span": [value]})
    assert (csv_text(rows), json.loads(json_text(rows))) == (f"span\n{text}\n", [{"span": text}])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_as_text_reads_back_as_the_same_number(value: float) -> None:
    assert float(cell(value)) == value


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x"])
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(text: str) -> None:
    rows = pa.table({"key": [text], "n": [-1]})
    guarded = csv_text(rows, guarded=True)
    assert [*csv.reader(io.StringIO(guarded, newline=""))][1][0].startswith("'")
    assert guarded.endswith(",-1\n")
    assert [*csv.reader(io.StringIO(csv_text(rows), newline=""))][1] == [text, "-1"]
    assert json.loads(json_text(rows)) == [{"key": text, "n": -1}]


def test_a_formula_behind_another_locales_separator_gets_an_apostrophe() -> None:
    rows = pa.table({"key": ["a;=cmd|' /C calc'!A0", "a\t@x", "a\n-1", "plain;text"]})
    assert csv_text(rows, guarded=True).split("\n", 1)[1] == (
        '"a;\'=cmd|\' /C calc\'!A0"\n"a\t\'@x"\n"a\n\'-1"\n"plain;text"\n'
    )


@given(st.lists(STRANGE, min_size=1, max_size=5))
def test_a_guarded_text_can_be_restored(texts: list[str]) -> None:
    written = csv_text(pa.table({"key": texts, "n": range(len(texts))}), guarded=True)
    read = [row[0] for row in csv.reader(io.StringIO(written, newline=""))][1:]
    cells = [cell for text in read for cell in re.split(r"[;\t\r\n]", text)]
    assert not [cell for cell in cells if cell[:1] in set("=+-@")]
    # A reader removes one of the apostrophes that come before the first character of a formula.
    restored = [re.sub(r"(^|(?<=[;\t\r\n]))'(?='*[=+\-@\t\r\n])", "", text) for text in read]
    assert restored == texts


def test_an_empty_result_has_a_header_and_one_line_end() -> None:
    empty = pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.int64())})
    assert csv_text(empty) == "a,b\n"
    assert json_text(empty) == "[]\n"


def test_dates_and_times_beyond_pythons_range_are_written() -> None:
    day = pa.array([2_932_897, 1, None], pa.int32()).cast(pa.date32())
    time = pa.array([2 * 253_402_300_800_000_000, 1_000_000, None], pa.int64()).cast(pa.timestamp("us"))
    lines = csv_text(pa.table({"day": day, "time": time})).splitlines()
    assert lines[1].startswith("10000-01-01,18029-12-31 00:00:00")
    assert (lines[2].split(",")[0], lines[3]) == ("1970-01-02", ",")
