"""Log files reach the parser in pieces of whole lines below their header; Parquet files whole."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import pytest

import glue_jobs.read.fetch
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.framing import Framing
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import storage_for

HEADER = b"#Version: 1.0\n#Fields: a b\n"


def read(path: Path, data: bytes) -> list[RawBatch]:
    path.write_bytes(data)
    (entry,) = storage_for(str(path)).list(str(path))
    return list(read_batches((ByteRange(RawObject(entry, None), 0, entry.size),), [0], Framing.LOG_FILES, {}))


def test_lines_of_a_source_without_headers_are_never_repeated() -> None:
    reader = Framing.LINES.reader(0)
    frames = [*reader.feed(HEADER), *reader.feed(b"1 2\n"), *reader.finish(iter(()))]
    assert b"".join(frame for _, frame in frames if isinstance(frame, bytes)) == HEADER + b"1 2\n"


def test_each_piece_has_the_header_and_lines_keep_their_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_jobs.read.fetch, "BYTES_PER_READ", 30)
    monkeypatch.setattr(glue_jobs.read.fetch, "MAX_BATCH_BYTES", 20)
    data = HEADER + b"".join(b"%d %d\n" % (i, i) for i in range(10, 30)) + b"#Fields: b\n" + b"31\n" * 20
    batches = read(tmp_path / "log", data)
    assert len(batches) > 5
    found: dict[int, tuple[bytes, bytes]] = {}
    for batch in batches:
        edges = [*batch.starts.tolist(), len(batch.data)]
        for (start, end), offset in zip(pairwise(edges), batch.offsets, strict=True):
            header, place = b"", int(offset)
            for line in batch.data[start:end].splitlines(keepends=True):
                if line.startswith(b"#F"):
                    header = line
                elif not line.startswith(b"#"):
                    found[place] = (header, line)
                place += len(line)
    assert all(data.startswith(line, place) for place, (_, line) in found.items())
    assert [line for _, line in found.values()].count(b"31\n") == 20
    assert {header for header, line in found.values() if line != b"31\n"} == {b"#Fields: a b\n"}
    assert {header for header, line in found.values() if line == b"31\n"} == {b"#Fields: b\n"}


def test_of_a_file_cut_short_the_whole_lines_are_kept(tmp_path: Path) -> None:
    lines = b"".join(b"%06d x\n" % number for number in range(20_000))
    (batch,) = read(tmp_path / "log.gz", gzip.compress(HEADER + lines)[:-2_000])
    assert batch.data.startswith(HEADER + b"000000 x\n")
    ((_, rejected),) = batch.rejected
    assert rejected.reason == "the gzip stream ends early: the object was cut short"
    assert (HEADER + lines)[rejected.position :].startswith(rejected.record)


@pytest.mark.parametrize("data", [b"", b"P", b"PA", b"PAR2 x\n", b"#Fields: a"])
def test_short_files_arrive_as_they_are(tmp_path: Path, data: bytes) -> None:
    assert b"".join(batch.data for batch in read(tmp_path / "log", data)).rstrip(b"\n") == data.rstrip(b"\n")


def test_the_beginning_of_a_damaged_object_is_not_a_line_too() -> None:
    reader = Framing.LOG_FILES.reader(0)
    assert [*reader.feed(b"PA")] == []
    assert reader.abandon() == b"PA"
    assert [*reader.finish(iter(()))] == []


def test_a_parquet_file_is_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_jobs.read.fetch, "BYTES_PER_READ", 2)
    monkeypatch.setattr(glue_jobs.read.fetch, "MAX_BATCH_BYTES", 4)
    (batch,) = read(tmp_path / "log", b"PAR1 1\n#Fields: a\n2\nPAR1")
    assert batch.data.rstrip(b"\n") == b"PAR1 1\n#Fields: a\n2\nPAR1"


def test_small_files_share_a_batch_only_as_long_as_it_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_jobs.read.fetch, "MAX_BATCH_BYTES", 3 * len(HEADER))
    for number in range(7):
        (tmp_path / f"{number}.log").write_bytes(HEADER)
    entries = list(storage_for(str(tmp_path)).list(f"{tmp_path}/"))
    chunk = tuple(ByteRange(RawObject(entry, None), 0, entry.size) for entry in entries)
    batches = list(read_batches(chunk, list(range(7)), Framing.LOG_FILES, {}))
    assert [len(batch.starts) for batch in batches] == [3, 3, 1]
