"""Uploaded files of every kind, whole and damaged: rows, and rejected records with their place."""

from __future__ import annotations

import io
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.read.framing.uploaded_file import UploadedFile
from glue_jobs.sources.upload.names import ColumnNames, safe_name
from glue_jobs.sources.upload.parser import UploadParser
from glue_jobs.sources.upload.piece import MAX_COLUMNS


def parsed(name: str, data: bytes, size: int = 2**20) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """The rows, and position and reason of the rejected records, of a file that arrives in pieces of ``size``."""
    parser, frames = UploadParser(name), UploadedFile()
    rows: list[dict[str, Any]] = []
    rejected: list[tuple[int, str]] = []
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    found = [each for piece in pieces for each in frames.feed(piece)] + [*frames.finish(iter(()))]
    read = [piece for offset, text in found for piece in parser.read(text, offset)]  # type: ignore[arg-type]
    for piece in [*read, *parser.finish()]:
        rows += [
            {field: column[number].as_py() for field, column in piece.columns.items()} for number in range(piece.rows)
        ]
        rejected += [(each.position, each.reason) for each in piece.rejected]
    return rows, rejected


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize("size", [1, 7, 2**20])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("lines.json", b'{"n": 1}\n{"n": 2}\n'),
        ("list.json", b'[{"n": 1}, {"n": 2}]'),
        ("printed.json", b'{\n  "n": 1\n}\n{\n  "n": 2\n}\n'),
        ("printed list", b'[\n  {"n": 1},\n  {"n": 2}\n]\n'),
        ("marked.json", b'\xef\xbb\xbf{"n": 1}\r\n\r\n{"n": 2}'),
        ("commas.csv", b"n\n1\n2\n"),
        ("marked.CSV", b"\xef\xbb\xbfn\r\n1\r\n\r\n2"),
        ("blank lines first.csv", b"\r\n  \n\nn\n1\n2\n"),
        ("marked blank line first.csv", b"\xef\xbb\xbf\r\nn\n1\n2\n"),
        ("returns.csv", b"n\r1\r2\r"),
        ("marked returns.csv", b"\xef\xbb\xbf\rsep=;\rn\r1\r2"),
        ("two returns.csv", b"n\r\r\n1\r\r\n2\r\r\n"),
        ("spreadsheet.csv", b"sep=,\nn\n1\n2\n"),
        ("marked spreadsheet.csv", b'\xef\xbb\xbf"SEP=;"\r\n\r\nn\r\n1\r\n2'),
    ],
)
def test_every_form_of_a_file_has_its_rows(name: str, data: bytes, size: int) -> None:
    assert parsed(name, data, size) == ([{"n": 1}, {"n": 2}], [])


@pytest.mark.parametrize(
    ("name", "data", "rows", "rejected"),
    [
        (
            "a.json",
            b'{"n": 1}\n{"n": 2, \nno json\n[3]\n{"n": 4}\n',
            [{"n": 1}, {"n": 4}],
            [(9, "no JSON"), (19, "no JSON"), (27, "a record is a JSON object")],
        ),
        ("a.json", b'{"broken\n{"n": 1}\n', [{"n": 1}], [(0, "no JSON")]),
        ("a.json", b'[{"n": 1}, {"n": 2}, {"n":', [{"n": 1}, {"n": 2}], [(21, "cut short")]),
        ("a.json", b"no json at all", [], [(0, "no JSON")]),
        (
            "a.csv",
            b"n,m\n1,2\n3\n4,5,6\n7,8\n",
            [{"n": 1, "m": 2}, {"n": 7, "m": 8}],
            [(8, "1 value,"), (10, "3 values")],
        ),
        ("a.csv", b'n,m\n1,"2\n3,4\n', [{"n": 3, "m": 4}], [(4, "quotation mark")]),
        ("a.csv", b"n\n\xff\n1\n", [{"n": 1}], [(2, "not UTF-8")]),
        ("a.csv", b"n\0m\n1\n", [], [(0, "no text")]),
        ("a.csv", b"\xff,m\n1,2\n", [], [(0, "not UTF-8")]),
        ("image.png", b"\x89PNG\r\n\x1a\n", [], [(0, "neither JSON nor Parquet")]),
        (
            "log",
            b"\n- b [07/May/2024:09:00:00 +0000] 192.0.2.1\n",
            [],
            [(0, "; usage-lake ingest s3_access_log reads such")],
        ),
        ("a.csv", b"\r\n\nn\n1\n", [{"n": 1}], []),
        ("a.csv", b"n,m\n", [], []),
        ("a.json", b'{"n": 0.1234567890123456789}', [{"n": "0.1234567890123456789"}], []),
        ("a.csv", b"", [], []),
        ("a.json", b" \n", [], []),
        ("a.parquet", b"PAR1 but no more", [], [(0, "cut short or is no Parquet file")]),
    ],
)
def test_what_is_damaged_is_rejected_with_its_place_and_the_rest_stays(
    name: str, data: bytes, rows: list[dict[str, Any]], rejected: list[tuple[int, str]]
) -> None:
    found, refused = parsed(name, data)
    assert found == rows
    assert [place for place, _ in refused] == [place for place, _ in rejected]
    assert all(part in reason for (_, reason), (_, part) in zip(refused, rejected, strict=True))


@given(st.sampled_from(["x.json", "x.csv", "x.tsv", "x", "x.parquet"]), st.binary(max_size=60), st.integers(1, 9))
def test_no_bytes_make_a_parser_raise(name: str, data: bytes, size: int) -> None:
    for start in (b"", b"PAR1", b"[{", b'{"a":', b'a,b\n1,"'):
        parsed(name, start + data, size)


def test_csv_with_quoted_values_names_and_other_delimiters() -> None:
    rows, rejected = parsed("a.csv", b'"a ""b""";c;c;\n"x\r\ny";"1;2";3;\n', 5)
    assert (rows, rejected) == ([{"a_b": "x\r\ny", "c": "1;2", "c_3": 3, "column_4": None}], [])
    assert parsed("a.tsv", b"a\tb\n1,5\t2\n")[0] == [{"a": "1,5", "b": 2}]


@pytest.mark.parametrize("size", [1, 7, 2**20])
def test_quotation_marks_may_be_written_with_a_backslash(size: int) -> None:
    data = b'id,text\n0,"a\\b"\n1,"6\\" pipe"\n2,"say \\"hi\\", or\n\\"ho\\""\n3,plain\n'
    texts = [r"a\b", '6" pipe', 'say "hi", or\n"ho"', "plain"]
    rows, rejected = parsed("a.csv", data, size)
    assert ([row["text"] for row in rows], rejected) == (texts, [])


@pytest.mark.parametrize(
    ("name", "line", "text"),
    [
        ("a.csv", rb'1,"C:\dir\"', "C:\\dir\\"),
        ("a.csv", rb'1,"{""a"": ""say \""hi\""""}"', r'{"a": "say \"hi\""}'),
        ("a.tsv", b'1\t{"a": ["b","say \\"hi\\""]}', r'{"a": ["b","say \"hi\""]}'),
    ],
)
def test_a_backslash_elsewhere_is_a_sign_like_others(name: str, line: bytes, text: str) -> None:
    header = b"n\tt\n" if name == "a.tsv" else b"n,t\n"
    assert parsed(name, header + line + b"\n") == ([{"n": 1, "t": text}], [])


@pytest.mark.parametrize("size", [1, 7, 2**20])
def test_the_line_of_spreadsheets_that_names_the_delimiter_is_no_header(size: int) -> None:
    rows = [{"a_b_c": "x,y,z", "n": 1}]
    assert parsed("a.csv", b'sep=;\r\n"a,b,c";n\r\nx,y,z;1\r\n', size) == (rows, [])
    assert parsed("a.csv", b"sep=\t\na,b,c\tn\nx,y,z\t1\n", size) == (rows, [])
    assert parsed("a.tsv", b"sep=|\na,b,c|n\nx,y,z|1\n", size) == (rows, [])
    assert parsed("a.csv", b"sep=;\n", size) == ([], [])
    assert parsed("a.csv", b"n;sep=;\n1;2;3\n", size) == ([{"n": 1, "sep": 2, "column_3": 3}], [])


def test_a_return_in_a_quoted_name_ends_no_line() -> None:
    assert parsed("a.csv", b'"a\rb",c\n1,"x\ry"\n') == ([{"a_b": 1, "c": "x\ry"}], [])


def test_parquet_keeps_its_types_and_has_text_for_what_a_table_lacks() -> None:
    table = pa.table(
        {
            "small": pa.array([1], pa.int8()),
            "large": pa.array([2**64 - 1], pa.uint64()),
            "price": pa.array([Decimal("1.50")]),
            "exact": pa.array([Decimal("12345678901234567.25")]),
            "berlin": pa.array([datetime(2024, 1, 15, 10)], pa.timestamp("ms", "Europe/Berlin")),
            "nanoseconds": pa.array([1], pa.timestamp("ns")),
            "time": pa.array([time(1, 2)]),
            "word": pa.array(["x"]).dictionary_encode(),
            "nested": pa.array([{"A": [{"B": 1}]}]),
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        }
    )
    data = parquet(table)
    rows, rejected = parsed("no name", data)
    assert rejected == []
    assert rows == [
        {
            "small": 1,
            "large": "18446744073709551615",
            "price": 1.5,
            "exact": "12345678901234567.25",
            "berlin": datetime(2024, 1, 15, 10),
            "nanoseconds": "1970-01-01 00:00:00.000000001",
            "time": "01:02:00.000000",
            "word": "x",
            "nested": {"a": [{"b": 1}]},
            "map": '[["k",1]]',
        }
    ]
    assert "cut short" in parsed("a.parquet", data[:-20])[1][0][1]


def test_a_file_with_too_many_columns_is_rejected_and_no_other_record() -> None:
    wide = ",".join(f'"n{number}": 1' for number in range(MAX_COLUMNS + 1))
    rows, ((place, reason),) = parsed("a.json", f'{{"n": 1}}\n{{{wide}}}\n{{"n": 2}}\n'.encode())
    assert (rows, place) == ([{"n": 1}, {"n": 2}], 9)
    assert "more than 1,000 columns" in reason
    header = ",".join(f"n{number}" for number in range(MAX_COLUMNS + 1))
    assert [reason for _, reason in parsed("a.csv", header.encode())[1]] == ["the first line has more than 1,000 names"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Unit Price (€)", "unit_price"),
        ("Größe", "grosse"),
        ("2024", "_2024"),
        ("_id", "_id"),
        ("日本", "wgv71a"),
        ("温度_min", "min_fn2h970f"),
        ("Длина, см", "_6kcpurle3b"),
        ("Długość µm ÆØ", "dlugosc_um_aeo"),
        ("€", "lzg"),
        ("$", "unnamed"),
        ("", "unnamed"),
        ("x" * 300, "x" * 128),
        ("a.b-c", "a_b_c"),
    ],
)
def test_names_are_those_that_athena_takes_without_quotation_marks(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(
    st.lists(
        st.text(st.characters(categories=["Lo"]), min_size=1, max_size=9),
        unique_by=lambda name: normalize("NFKC", name),
    )
)
def test_fields_in_letters_of_other_scripts_have_the_same_columns_in_every_file(fields: list[str]) -> None:
    first, second = ColumnNames(()), ColumnNames(())
    first.add(fields)
    second.add(reversed(fields))
    assert [first.column(field) for field in fields] == [second.column(field) for field in fields]


@pytest.mark.parametrize("fields", [("Price", "price", "PRICE", "n"), ("n", "PRICE", "price", "Price")])
def test_fields_that_differ_in_case_have_the_same_columns_in_any_order_of_the_file(fields: tuple[str, ...]) -> None:
    names = ColumnNames(())
    names.add(fields)
    columns = {"n": "n", "price": "price", "PRICE": "price_2", "Price": "price_3"}
    assert [names.column(field) for field in fields] == [columns[field] for field in fields]


def test_a_column_whose_name_is_encoded_is_told() -> None:
    names = ColumnNames(())
    names.add(["date", "日本", "Größe"])
    assert names.notes == ["the field '日本' is the column wgv71a"]


def test_columns_without_a_name_of_their_own_are_told() -> None:
    parser = UploadParser("a.csv")
    list(parser.read(b",price,price,,,\n0,1,2,,,\n", 0))
    told = "column 1 is column_1, column 3 is price_3, column 4 is column_4, 2 other columns"
    assert parser.notes == [f"without a name of its own, {told}"]


def test_a_rejected_line_of_csv_is_where_it_stands_though_another_line_begins_or_ends_like_it() -> None:
    rows, rejected = parsed("lines.csv", b"a,b,c\r\n1,2,3\r\n1,2\r\n3,1,2\r\n1,2")
    assert len(rows) == 2
    assert [position for position, _ in rejected] == [14, 26]


def test_lines_that_are_not_utf8_change_no_position_of_others() -> None:
    rows, rejected = parsed("lines.csv", b"a,b\n1,2\n\xff,2\n\xe9,2\n3\n5,6\n\xe9\n4\n")
    assert rows == [{"a": 1, "b": 2}, {"a": 5, "b": 6}]
    assert sorted(position for position, _ in rejected) == [8, 12, 16, 22, 24]
