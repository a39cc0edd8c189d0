"""Decompression of gzip objects that arrive in pieces of any size, whole or damaged."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.read import unpack
from glue_jobs.read.unpack import DAMAGED, TRAILING, TRUNCATED, Unpacker, foreign_form


def is_text(data: bytes) -> bool:
    return not data.startswith(b"\x1f\x8b") and foreign_form(data) is None


contents = st.one_of(st.binary(max_size=300), st.integers(0, 30_000).map(lambda size: b"abc" * size)).filter(is_text)
members = st.lists(contents, min_size=1, max_size=4).filter(lambda parts: is_text(b"".join(parts)))
sizes = st.sampled_from([1, 2, 3, 7, 64, 100_000])


def unpacked(data: bytes, size: int) -> tuple[bytes, str | None]:
    """The output and the problem when the object is fed in pieces of ``size`` bytes."""
    unpacker = Unpacker()
    parts = [part for at in range(0, len(data), size) for part in unpacker.feed(data[at : at + size])]
    return b"".join([*parts, *unpacker.finish()]), unpacker.problem


def gzipped(parts: list[bytes]) -> bytes:
    return b"".join(gzip.compress(part, 1) for part in parts)


@given(members, st.integers(0, 20), sizes, st.sampled_from([10, 1000, 16 * 2**20]))
def test_members_and_padding_are_decompressed_as_by_gzip(parts: list[bytes], zeros: int, size: int, limit: int) -> None:
    data = (b"\0" * zeros).join([gzipped([part]) for part in parts] + [b""])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpack, "MAX_OUTPUT_BYTES", limit)
        assert unpacked(data, size) == (gzip.decompress(data), None)


@given(members, st.integers(1, 10_000), sizes)
def test_a_truncated_stream_gives_its_beginning_and_is_reported(parts: list[bytes], cut: int, size: int) -> None:
    data = gzipped(parts)
    ends = {len(gzipped(parts[:number])) for number in range(1, len(parts) + 1)}
    cut = 2 + cut % (len(data) - 2)
    text, problem = unpacked(data[:cut], size)
    assert b"".join(parts).startswith(text)
    assert problem == (None if cut in ends else TRUNCATED)


@pytest.mark.parametrize("size", [1, 2, 10, 100])
def test_a_second_member_of_one_byte_is_truncated(size: int) -> None:
    assert unpacked(gzipped([b"abc"]) + b"\x1f", size) == (b"abc", TRUNCATED)


@given(st.binary(max_size=100), sizes)
def test_an_object_that_is_not_gzip_passes_unchanged(data: bytes, size: int) -> None:
    if is_text(data):
        assert unpacked(data, size) == (data, None)


@given(contents.map(lambda text: b"line " + text), sizes)
def test_gzip_within_gzip_is_decompressed_too(text: bytes, size: int) -> None:
    data = gzipped([gzipped([text])])
    assert unpacked(data, size) == (text, None)
    assert unpacked(data[:-9], size)[1] == TRUNCATED


def test_gzip_within_gzip_that_would_unpack_to_gigabytes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "STEP_BYTES", 1_000)
    bomb = gzipped([gzipped([bytes(2**20)]) * 100])
    text, problem = unpacked(bomb, len(bomb))
    assert (problem, len(text) < 10 * 2**20) == (unpack.EXPANDING, True)


@pytest.mark.parametrize("layers", [0, 1, 2])
@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b"PK\x03\x04", "a zip archive"),
        (b"2024-05-07.log".ljust(257, b"\0") + b"ustar  ", "a tar archive"),
        (bz2.compress(b"line"), "compressed with bzip2"),
        (lzma.compress(b"line"), "compressed with xz"),
        (pa.compress(b"line", "zstd", asbytes=True), "compressed with zstd"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        ("line".encode("utf-16"), "text in UTF-16"),
        (gzipped([gzipped([gzipped([b"line"])])]), "compressed with gzip more than twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_of_another_form_has_one_problem_and_no_output(start: bytes, form: str, layers: int) -> None:
    data = start + b"\n" * 600
    for _ in range(0 if "more than" in form else layers):
        data = gzipped([data])
    text, problem = unpacked(data, 1_000)
    assert (text, problem and problem.split(",")[0]) == (b"", f"the object is {form}")


def test_the_middle_of_a_text_may_look_like_another_form() -> None:
    assert list(Unpacker(is_plain=True).feed(b"%PDF-1.7 in a user agent")) == [b"%PDF-1.7 in a user agent"]


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1fa", b"\x1f\x1f\x8b"])
@pytest.mark.parametrize("size", [1, 2, 10])
def test_the_first_byte_of_gzip_alone_is_not_gzip(data: bytes, size: int) -> None:
    assert unpacked(data, size) == (data, None)


@given(contents, st.binary(min_size=1, max_size=40), st.integers(0, 5), sizes)
def test_other_bytes_after_the_stream_are_reported(part: bytes, more: bytes, zeros: int, size: int) -> None:
    text, problem = unpacked(gzipped([part]) + b"\0" * zeros + more, size)
    assert text.startswith(part)
    if not more.lstrip(b"\0").startswith(b"\x1f"):
        assert (text, problem) == (part, TRAILING if more.strip(b"\0") else None)


@pytest.mark.parametrize("size", [1, 50, 100_000])
def test_only_the_bytes_after_the_damage_are_lost(size: int) -> None:
    whole = os.urandom(300_000)
    data = bytearray(gzipped([whole[:200_000]]) + gzipped([whole[200_000:]]))
    data[-6] ^= 1
    text, problem = unpacked(bytes(data), size)
    assert problem == DAMAGED
    assert text.startswith(whole[:200_000])
    assert whole.startswith(text)


def test_nothing_is_decompressed_after_the_damage() -> None:
    first, second = gzipped([b"a" * 100]), gzipped([b"b" * 100])
    unpacker = Unpacker()
    damaged = first[:-6] + bytes([first[-6] ^ 1]) + first[-5:]
    assert list(unpacker.feed(damaged)) + list(unpacker.feed(second)) == []
    assert unpacker.problem == DAMAGED


def test_lines_before_the_damage_survive_one_large_read() -> None:
    lines = b"".join(b"line %d\n" % number for number in range(400_000))
    data = bytearray(gzip.compress(lines, 1))
    data[-6] ^= 1
    text, problem = unpacked(bytes(data), len(data))
    assert (lines.startswith(text), problem) == (True, DAMAGED)
    assert len(text) > 0.9 * len(lines)


def test_output_comes_in_pieces_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MAX_OUTPUT_BYTES", 100_000)
    unpacker = Unpacker()
    sizes = [len(part) for part in unpacker.feed(gzip.compress(bytes(8 * 2**20)))]
    assert (sum(sizes), max(sizes), unpacker.problem) == (8 * 2**20, 100_000, None)
