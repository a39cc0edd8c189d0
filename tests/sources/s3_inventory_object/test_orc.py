"""Stripes of ORC files that are unpacked here give what Arrow reads, and what cannot be unpacked is left to Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc as paorc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.sources.s3_inventory_object.parser import orc_stripes
from glue_jobs.sources.s3_inventory_object.parser.orc_layout import TEXT, Field, layout_of, only_text
from glue_jobs.sources.s3_inventory_object.parser.orc_stripes import read_stripes
from glue_jobs.sources.s3_inventory_object.parser.protobuf import Message, written
from glue_jobs.workers.spark import session

TYPES = pa.schema(
    {
        "bucket": pa.string(),
        "key": pa.string(),
        "size": pa.int64(),
        "last_modified_date": pa.timestamp("ns"),
        "is_latest": pa.bool_(),
        "tags": pa.struct({"name": pa.string(), "values": pa.list_(pa.int32())}),
        "storage_class": pa.string(),
    }
)
NAMES = tuple(TYPES.names)


def orc(rows: pa.Table, **how: Any) -> pa.BufferReader:
    sink = pa.BufferOutputStream()
    paorc.write_table(rows, sink, **{"compression": "zlib", **how})
    return pa.BufferReader(sink.getvalue())


def table(count: int, **columns: Sequence[Any]) -> pa.Table:
    usual: dict[str, Sequence[Any]] = {
        "bucket": ["example-data"] * count,
        "key": [f"ana/{number:05d}.csv" for number in range(count)],
        "size": range(count),
        "last_modified_date": [datetime(2024, 5, 7, 1, 2, number % 60) for number in range(count)],
        "is_latest": [number % 3 == 0 for number in range(count)],
        "tags": [{"name": f"tag {number % 7}", "values": [number, 1]} for number in range(count)],
        "storage_class": [("STANDARD", "GLACIER")[number % 2] for number in range(count)],
    }
    return pa.table({**usual, **columns}, schema=TYPES)


def read(source: pa.BufferReader, names: Sequence[str] = NAMES, encoded: Sequence[str] = ()) -> pa.Table:
    return pa.concat_tables(read_stripes(paorc.ORCFile(source), source, names, encoded))


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the stripes that are left to Arrow, as they are read."""
    found: list[int] = []
    real = paorc.ORCFile.read_stripe

    def noting(file: paorc.ORCFile, number: int, columns: list[str] | None = None) -> pa.RecordBatch:
        if file.compression != "UNCOMPRESSED":
            found.append(number)
        return real(file, number, columns)

    monkeypatch.setattr(paorc.ORCFile, "read_stripe", noting)
    return found


texts = st.none() | st.sampled_from(["", "STANDARD", "ü"]) | st.text(max_size=9)
values = {
    "bucket": texts,
    "key": st.text(max_size=20),
    "size": st.none() | st.integers(-(2**63), 2**63 - 1),
    "last_modified_date": st.none() | st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)),
    "is_latest": st.none() | st.booleans(),
    "tags": st.none() | st.fixed_dictionaries({"name": texts, "values": st.none() | st.lists(st.just(5), max_size=3)}),
    "storage_class": texts,
}


@given(
    st.lists(st.fixed_dictionaries(values), min_size=1, max_size=40),
    st.sampled_from([1, 30, 1000]),
    st.sampled_from([0.0, 1.0]),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
)
def test_a_stripe_has_what_arrow_reads(some: list[Any], times: int, dictionary: float, names: list[str]) -> None:
    rows = pa.Table.from_pylist(some * times, schema=TYPES)
    source = orc(rows, dictionary_key_size_threshold=dictionary, compression_block_size=2**16, stripe_size=1)
    assert layout_of(source)
    assert read(source, names).select(names).equals(rows.select(names))


def test_all_stripes_are_read_here(left: list[int]) -> None:
    rows = table(30_000)
    source = orc(rows, stripe_size=1, batch_size=1_000)
    assert paorc.ORCFile(source).nstripes > 1
    assert read(source).equals(rows)
    assert left == []


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "zstd", "lz4"])
def test_stripes_packed_in_another_way_are_left_to_arrow(compression: str) -> None:
    source = orc(table(100), compression=compression)
    assert layout_of(source) is None
    assert read(source).equals(table(100))


def test_a_stripe_of_more_than_is_unpacked_at_once_is_left_to_arrow(
    monkeypatch: pytest.MonkeyPatch, left: list[int]
) -> None:
    monkeypatch.setattr(orc_stripes, "MOST_UNPACKED", 2**16)
    assert read(orc(table(100))).equals(table(100))
    assert left == [0]


def test_a_text_that_is_the_same_all_over_is_not_read_row_by_row() -> None:
    rows = read(orc(table(100)), encoded=["bucket", "storage_class"])
    assert rows["bucket"].type == pa.dictionary(pa.int32(), pa.string())
    assert rows["bucket"].to_pylist() == ["example-data"] * 100
    assert rows["storage_class"].to_pylist() == table(100)["storage_class"].to_pylist()


@pytest.mark.parametrize("other", [None, "", "example-dat", "example-data-2"])
def test_a_text_that_one_row_has_not_is_not_the_same_all_over(other: str | None) -> None:
    buckets = ["example-data", other, "example-data"]
    source = orc(table(3, bucket=buckets))
    assert "bucket" not in (layout_of(source) or pytest.fail()).same
    assert read(source, encoded=["bucket"])["bucket"].to_pylist() == buckets


@pytest.mark.parametrize(("length", "text"), [(4, "ab"), (5, None)])
def test_statistics_that_contradict_each_other_are_not_believed(length: int, text: str | None) -> None:
    of_text = [(Field.LEAST, b"ab"), (Field.MOST, b"ab"), (Field.SUM, 2 * length)]
    statistics = [(Field.VALUES, 2), (Field.OF_TEXT, written(of_text))]
    assert only_text(Message(written([(Field.KIND, TEXT)])), Message(written(statistics)), 2) == text


def test_statistics_of_the_first_writers_are_not_believed() -> None:
    content = orc(table(9)).read()
    length = content[-1]
    fields = [
        (number, 0 if number == Field.WRITER else value) for number, value in Message(content[-1 - length : -1]).fields
    ]
    old = written(fields)
    found = layout_of(pa.BufferReader(content[: -1 - length] + old + bytes([len(old)])))
    assert found is not None
    assert found.same == {}
    assert set(found.columns) == set(NAMES)


@pytest.mark.parametrize("cut", [0, 1, 20, 200])
def test_what_is_no_whole_file_has_no_layout(cut: int) -> None:
    content = orc(table(100)).read()[:-1]
    assert layout_of(pa.BufferReader(content[: len(content) - cut] if cut else b"")) is None


def test_spark_writes_stripes_that_are_read_here(tmp_path: Path, left: list[int]) -> None:
    # As S3 does, with dictionaries of what repeats.
    rows = table(20_000).drop_columns(["tags", "last_modified_date"])
    pq.write_table(rows, tmp_path / "rows")
    session().read.parquet(f"{tmp_path}/rows").coalesce(1).write.option("compression", "zlib").orc(f"{tmp_path}/orc")
    (path,) = (tmp_path / "orc").glob("*.orc")
    found = read(pa.BufferReader(path.read_bytes()), rows.column_names, encoded=["bucket"])
    assert found["bucket"].type == pa.dictionary(pa.int32(), pa.string())
    assert found.select(rows.column_names).cast(rows.schema).equals(rows)
    assert left == []
