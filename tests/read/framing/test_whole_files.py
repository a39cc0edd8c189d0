"""Files that only make sense whole reach the parser in one piece, each with its own header."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.framing import Framing, whole_files
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import storage_for


def read(folder: Path, *objects: bytes) -> list[RawBatch]:
    for number, data in enumerate(objects):
        (folder / f"{number}").write_bytes(data)
    entries = list(storage_for(str(folder)).list(f"{folder}/"))
    chunk = tuple(ByteRange(RawObject(entry, None), 0, entry.size) for entry in entries)
    return list(read_batches(chunk, list(range(len(chunk))), Framing.WHOLE_FILES, {}))


def files(piece: RawBatch) -> list[bytes]:
    bounds = [*piece.starts.tolist(), len(piece.data)]
    return [piece.data[start:end] for start, end in pairwise(bounds)]


def test_each_file_begins_where_the_parser_is_told(tmp_path: Path) -> None:
    (piece,) = read(tmp_path, b"#Fields: a b\n1 2\n", gzip.compress(b"#Fields: b a\n3 4\n"))
    assert files(piece) == [b"#Fields: a b\n1 2\n", b"#Fields: b a\n3 4\n"]
    assert piece.objects.tolist() == [0, 1]
    assert piece.offsets.tolist() == [0, 0]


def test_a_large_file_is_not_cut_into_slices(tmp_path: Path) -> None:
    lines = b"#Fields: a\n" + b"x" * 99 + b"\n"
    content = lines * 400_000
    (piece,) = read(tmp_path, content)
    assert len(content) > 32 * 2**20
    assert (piece.data, piece.starts.tolist()) == (content, [0])


def test_a_file_that_is_too_long_is_rejected_with_its_beginning_and_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_files, "MAX_FILE_BYTES", 2**20)
    (piece,) = read(tmp_path, gzip.compress(b"a" * (2**20 + 1)), b"b" * 2**20)
    ((owner, rejected),) = piece.rejected
    assert (owner, rejected.position, rejected.record[:1]) == (0, 0, b"a")
    assert rejected.reason == "the file is longer than 1 MiB, and its format must be read whole"
    assert files(piece) == [b"b" * 2**20 + b"\n"]


def test_a_damaged_file_is_one_rejected_record(tmp_path: Path) -> None:
    (piece,) = read(tmp_path, gzip.compress(np.random.default_rng(1).bytes(10_000))[:-2_000])
    assert piece.data == b""
    assert len(piece.rejected) == 1


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []
