"""Chunks are read as batches of bytes that know which bytes belong to which object."""

from __future__ import annotations

import gzip
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.read import fetch
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.framing import Framing, json_documents, json_records
from glue_jobs.read.plan import ByteRange, Chunk, split_into_chunks
from glue_jobs.read.raw_object import RawObject
from glue_jobs.read.unpack import DAMAGED, TRAILING, TRUNCATED
from glue_jobs.storage import storage_for
from glue_jobs.storage.folder import FolderStorage

Placed = dict[int, list[tuple[int, bytes]]]

contents = st.lists(st.sampled_from([b"\n", b"a", b"bcd", b"efghijklmn\n", b"\r\n", b"\x1f"]), max_size=12).map(
    b"".join
)


def raw_objects(folder: Path, objects: list[bytes]) -> list[RawObject]:
    for number, data in enumerate(objects):
        (folder / f"{number:03}").write_bytes(data)
    listed = {entry.address: entry for entry in storage_for(str(folder)).list(f"{folder}/")}
    return [RawObject(listed[f"{folder}/{number:03}"], None) for number in range(len(objects))]


def whole(objects: list[RawObject]) -> Chunk:
    return tuple(ByteRange(each, 0, each.entry.size) for each in objects)


def lines(pieces: list[RawBatch]) -> Placed:
    """Offset and bytes of every line that is not empty, per object."""
    placed: Placed = defaultdict(list)
    for piece in pieces:
        ends = [*piece.starts[1:].tolist(), len(piece.data)]
        for start, end, number, offset in zip(piece.starts, ends, piece.objects, piece.offsets, strict=True):
            for line in piece.data[start:end].split(b"\n"):
                if line:
                    placed[int(number)].append((int(offset), line))
                offset += len(line) + 1
    return placed


def expected(objects: list[bytes]) -> Placed:
    placed: Placed = defaultdict(list)
    for number, data in enumerate(objects):
        offset = 0
        for line in data.split(b"\n"):
            if line:
                placed[number].append((offset, line))
            offset += len(line) + 1
    return placed


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_BATCH_BYTES", 20)
    monkeypatch.setattr(fetch, "MAX_DOCUMENT_BATCH_BYTES", 60)
    monkeypatch.setattr(fetch, "BYTES_PER_READ", 7)
    monkeypatch.setattr(fetch, "BYTES_PER_TAIL_READ", 3)
    monkeypatch.setattr(fetch, "MAX_CONCURRENT_READS", 4)


@pytest.mark.usefixtures("small")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(objects=st.lists(contents, max_size=6), size=st.integers(3, 40), packed=st.sets(st.integers(0, 5)))
def test_every_line_arrives_once_with_its_place(
    tmp_path_factory: pytest.TempPathFactory, objects: list[bytes], size: int, packed: set[int]
) -> None:
    stored = [gzip.compress(data) if number in packed else data for number, data in enumerate(objects)]
    listed_objects = raw_objects(tmp_path_factory.mktemp("raw"), stored)
    numbers = {each.entry.address: number for number, each in enumerate(listed_objects)}
    chunks = split_into_chunks(listed_objects, size, lambda each: numbers[each.entry.address] not in packed)
    pieces = [
        piece
        for chunk in chunks
        for piece in read_batches(chunk, [numbers[p.raw_object.entry.address] for p in chunk], Framing.LINES, {})
    ]
    assert lines(pieces) == expected(objects)
    assert not [each for piece in pieces for each in piece.rejected]


def test_many_tiny_objects_make_one_batch(tmp_path: Path) -> None:
    objects = [b"line %d of a tiny object" % number for number in range(500)]
    (piece,) = read_batches(whole(raw_objects(tmp_path, objects)), list(range(500)), Framing.LINES, {})
    assert lines([piece]) == expected(objects)


@pytest.mark.usefixtures("small")
def test_a_batch_is_hardly_larger_than_its_limit(tmp_path: Path) -> None:
    objects = [b"0123456\n" * 100, b"x\n" * 50]
    pieces = list(read_batches(whole(raw_objects(tmp_path, objects)), [0, 1], Framing.LINES, {}))
    assert max(len(piece.data) for piece in pieces) <= fetch.MAX_BATCH_BYTES + 2 * fetch.BYTES_PER_READ
    assert lines(pieces) == expected(objects)


@pytest.mark.usefixtures("small")
def test_documents_stay_whole_and_small_ones_share_a_batch(tmp_path: Path) -> None:
    objects = [b'{"a":\n1}', b"{}", b"", b"x" * 40, gzip.compress(b"y" * 90), b"z" * 59, b"w"]
    pieces = list(read_batches(whole(raw_objects(tmp_path, objects)), [0, 1, 2, 3, 4, 5, 6], Framing.DOCUMENTS, {}))
    assert [piece.data for piece in pieces] == [
        b'{"a":\n1}\n{}\n\n' + b"x" * 40 + b"\n",
        b"y" * 90 + b"\n",
        b"z" * 59 + b"\n",
        b"w\n",
    ]
    assert [piece.objects.tolist() for piece in pieces] == [[0, 1, 2, 3], [4], [5], [6]]
    assert [piece.starts.tolist() for piece in pieces] == [[0, 9, 12, 13], [0], [0], [0]]


def test_no_more_than_a_batch_is_fetched_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: None) -> None:
    waiting, most, lock, read = 0, 0, threading.Lock(), FolderStorage.read

    def counted(*arguments: object) -> bytes:
        nonlocal waiting, most
        data = read(*arguments)  # type: ignore[arg-type]
        with lock:
            waiting += len(data)
            most = max(most, waiting)
        return data

    monkeypatch.setattr(FolderStorage, "read", counted)
    monkeypatch.setattr(fetch, "MAX_CONCURRENT_READS", 50)
    objects = raw_objects(tmp_path, [b"0123456\n" * 100, b"x\n" * 50])
    for piece in read_batches(whole(objects), [0, 1], Framing.LINES, {}):
        with lock:
            waiting -= len(piece.data)
    assert fetch.BYTES_PER_READ < most <= 2 * fetch.MAX_BATCH_BYTES + 4 * fetch.BYTES_PER_READ


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(gzip.compress(b"one\ntwo\nthree")[:-9], id="in its text"),
        pytest.param(gzip.compress(b"one\ntwo\nthree")[:3], id="in its header"),
    ],
)
def test_an_object_that_is_cut_short_is_rejected_without_harm_to_others(tmp_path: Path, packed: bytes) -> None:
    (piece,) = read_batches(whole(raw_objects(tmp_path, [b"a\n", packed, b"b\n"])), [0, 1, 2], Framing.LINES, {})
    assert [(number, reject.reason) for number, reject in piece.rejected] == [(1, TRUNCATED)]
    placed = lines([piece])
    assert (placed[0], placed[2]) == ([(0, b"a")], [(0, b"b")])
    kept = b"\n".join(line for _, line in placed[1])
    assert b"one\ntwo\nthree".startswith(
        kept + b"\n" + piece.rejected[0][1].record if kept else piece.rejected[0][1].record
    )


def test_the_line_in_which_an_object_ends_early_is_rejected_with_its_position(tmp_path: Path) -> None:
    packed = gzip.compress(b"one\ntwo\nthree\n" * 10_000, 0)[:70_000]
    (piece,) = read_batches(whole(raw_objects(tmp_path, [packed])), [0], Framing.LINES, {})
    ((number, reject),) = piece.rejected
    last_offset, last_line = lines([piece])[0][-1]
    assert (number, reject.position, reject.reason) == (0, last_offset + len(last_line) + 1, TRUNCATED)


def test_a_damaged_object_is_rejected(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"one\ntwo\n"))
    packed[-6] ^= 1
    (piece,) = read_batches(whole(raw_objects(tmp_path, [bytes(packed)])), [0], Framing.LINES, {})
    assert [reject.reason for _, reject in piece.rejected] == [DAMAGED]


def test_the_last_line_before_trailing_bytes_is_kept(tmp_path: Path) -> None:
    (piece,) = read_batches(
        whole(raw_objects(tmp_path, [gzip.compress(b"one\ntwo") + b"foreign"])), [0], Framing.LINES, {}
    )
    assert lines([piece]) == {0: [(0, b"one"), (4, b"two")]}
    assert [(reject.position, reject.reason, reject.record) for _, reject in piece.rejected] == [(4, TRAILING, b"")]


def vanish(path: Path) -> None:
    path.unlink()


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more\n")


@pytest.mark.parametrize(
    ("change", "reason"), [(vanish, "No such file or directory"), (grow, "it changed while it was being read")]
)
def test_an_object_that_cannot_be_read_is_left_out_and_told(
    change: Callable[[Path], None], reason: str, tmp_path: Path, small: None
) -> None:
    # Of many reads, more than are under way at a time: none of them may be taken for the next object's.
    contents = [b"a\n", b"0123456\n" * 1000, b"c\n"]
    objects = raw_objects(tmp_path, contents)
    change(tmp_path / "001")
    unreadable: dict[str, UnreadableObjectError] = {}
    found = lines(list(read_batches(whole(objects), [0, 1, 2], Framing.LINES, unreadable)))
    assert found == {0: [(0, b"a")], 2: [(0, b"c")]}
    assert {address: error.reason for address, error in unreadable.items()} == {f"{tmp_path}/001": reason}


def test_no_thread_is_left_running_when_reading_stops_early(tmp_path: Path, small: None) -> None:
    objects = raw_objects(tmp_path, [b"0123456\n" * 100])
    before = threading.active_count()
    pieces = read_batches(whole(objects), [0], Framing.LINES, {})
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_empty_objects_make_no_batch(tmp_path: Path) -> None:
    assert list(read_batches(whole(raw_objects(tmp_path, [b"", b""])), [0, 1], Framing.LINES, {})) == []
    assert list(read_batches((), [], Framing.LINES, {})) == []


def test_no_batch_has_two_pieces_of_one_document() -> None:
    assert json_documents.PIECE_BYTES - json_records.TAIL_BYTES > fetch.MAX_BATCH_BYTES


@pytest.mark.usefixtures("small")
def test_a_document_that_just_fits_shares_a_batch(tmp_path: Path) -> None:
    objects = raw_objects(tmp_path, [b"x" * 29, b"y" * 30, b"z"])
    assert [len(batch.objects) for batch in read_batches(whole(objects), [0, 1, 2], Framing.DOCUMENTS, {})] == [2, 1]


def test_no_more_requests_than_allowed_are_made_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[object] = []
    read = FolderStorage.read
    monkeypatch.setattr(FolderStorage, "read", lambda *given: reads.append(given) or read(*given))
    monkeypatch.setattr(fetch, "MAX_CONCURRENT_READS", 2)
    chunk = whole(raw_objects(tmp_path, [b"a"] * 5))
    _, _, pieces = next(fetch.fetch_ranges(chunk, [0, 1, 2, 3, 4]))
    assert next(pieces) == b"a"
    assert len(reads) == 2


def test_the_last_byte_of_a_line_may_lie_behind_its_range(tmp_path: Path) -> None:
    (stored,) = raw_objects(tmp_path, [b"ab"])
    chunk = (ByteRange(stored, 0, 1), ByteRange(stored, 1, 2))
    assert lines(list(read_batches(chunk, [0, 0], Framing.LINES, {}))) == {0: [(0, b"ab")]}
