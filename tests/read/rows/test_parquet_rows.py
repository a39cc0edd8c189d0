"""Log files in Parquet: what makes a file one that cannot be read, and how much is read at a time."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.read.rows import parquet_rows
from glue_jobs.read.rows.parquet_rows import UnreadableParquetError, read_parquet, read_parquet_files

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
    sound = file_of(pa.array(["x"]), names="a")
    places = [(0, len(file)), (len(file), len(file + sound))]
    found, (rejected,) = read_parquet_files(file + sound, places, lambda rows: rows)
    assert [each.positions.tolist() for each in found] == [[len(file)]]
    assert (rejected.position, reason in rejected.reason) == (0, True)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.string_view()])
def test_texts_that_are_not_marked_as_such_or_stand_in_views_are_texts(kind: pa.DataType) -> None:
    file = file_of(pa.array(["curl"]).cast(kind), names="a")
    (found,), _ = read_parquet_files(file, [(0, len(file))], lambda rows: rows.rows)
    assert found == read_parquet(file) == pa.table({"a": ["curl"]})


@pytest.mark.parametrize(("limit", "together"), [(10**6, [20, 20]), (0, [10, 10, 10, 10])])
def test_files_are_read_together_up_to_a_number_of_bytes(
    limit: int, together: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_rows, "MAX_HELD_BYTES", limit)
    files = [file_of(pa.array(["x"] * 10), names=name) for name in "abab"]
    ends = [sum(map(len, files[: number + 1])) for number in range(len(files))]
    places = [*pairwise([0, *ends])]
    found, rejected = read_parquet_files(b"".join(files), places, lambda rows: rows)
    assert [each.rows.num_rows for each in found] == together
    assert sorted(np.concatenate([each.positions for each in found]).tolist()) == sorted([0, *ends[:-1]] * 10)
    assert rejected == []
