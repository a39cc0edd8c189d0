"""Log files in Parquet: what makes a file one that cannot be read, and how much is read at a time."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.read.parquet_rows import UnreadableParquetError, read_parquet

NO_UTF8 = pa.array([b"curl", b"\xff"])


def file_of(*columns: pa.Array, names: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns, names=list(names)), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (file_of(NO_UTF8.view(pa.string()), names="a"), "UTF8"),
        (file_of(NO_UTF8.view(pa.string()).dictionary_encode(), names="a"), "UTF8"),
        (file_of(NO_UTF8, names="a"), "UTF8"),
        (file_of(pa.array(["x"]), pa.array(["y"]), names="aa"), "two columns of one name"),
    ],
)
def test_texts_that_are_not_utf8_and_columns_of_one_name_make_a_file_unreadable(file: bytes, reason: str) -> None:
    with pytest.raises(UnreadableParquetError, match=reason):
        read_parquet(file)


def test_texts_that_are_not_marked_as_such_are_texts() -> None:
    assert read_parquet(file_of(pa.array([b"curl"]), names="a")).to_pylist() == [{"a": "curl"}]
