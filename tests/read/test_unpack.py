"""Gzip, whole and damaged, in pieces of any size."""

from __future__ import annotations

import gzip
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.read import unpack
from glue_jobs.read.unpack import DAMAGED, TRAILING, TRUNCATED, Unpacker

contents = st.one_of(st.binary(max_size=300), st.integers(0, 30_000).map(lambda size: b"abc" * size))
members = st.lists(contents, min_size=1, max_size=4)
sizes = st.sampled_from([1, 2, 3, 7, 64, 100_000])


def unpacked(data: bytes, size: int) -> tuple[bytes, str | None]:
    unpacker = Unpacker()
    parts = [part for at in range(0, len(data), size) for part in unpacker.feed(data[at : at + size])]
    return b"".join([*parts, *unpacker.finish()]), unpacker.problem


def packed(parts: list[bytes]) -> bytes:
    return b"".join(gzip.compress(part, 1) for part in parts)


@given(members, st.integers(0, 20), sizes, st.sampled_from([10, 1000, 16 * 2**20]))
def test_members_and_padding_are_what_gzip_makes_of_them(parts: list[bytes], zeros: int, size: int, most: int) -> None:
    data = (b"\0" * zeros).join([packed([part]) for part in parts] + [b""])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpack, "MOST_AT_ONCE", most)
        assert unpacked(data, size) == (gzip.decompress(data), None)


@given(members, st.sampled_from([b"", b"\0\0", b"x", b"\x1f", b"\x1f\x8b", b"abcdefgh"]), st.integers(0, 300))
def test_an_object_unpacked_at_once_is_what_it_is_step_by_step(parts: list[bytes], behind: bytes, cut: int) -> None:
    whole = packed(parts) + behind
    for data in (whole, whole[: max(1, len(whole) - cut)], whole[:20] + b"?" + whole[21:]):
        unpacker = Unpacker(len(data))
        found = b"".join([*unpacker.feed(data), *unpacker.finish()])
        assert (found, unpacker.problem) == unpacked(data, len(data))


@pytest.mark.parametrize("text", [b"0123456789", b"01234567890"])
def test_two_members_that_are_alike_are_two(text: bytes) -> None:
    # Not packed, so that the second one begins at an even place, or at an odd one.
    data = gzip.compress(text, 0) * 2
    assert b"".join(Unpacker(len(data)).feed(data)) == text * 2


@pytest.mark.parametrize("size", [0, 17 * 2**20])
def test_what_a_stream_says_of_its_size_is_not_believed(size: int) -> None:
    data = packed([b"abc"])[:-4] + size.to_bytes(4, "little")
    unpacker = Unpacker(len(data))
    assert (b"".join(unpacker.feed(data)), unpacker.problem) == unpacked(data, len(data))


@given(members, st.integers(1, 10_000), sizes)
def test_a_stream_cut_anywhere_gives_its_beginning_and_says_so(parts: list[bytes], cut: int, size: int) -> None:
    data = packed(parts)
    ends = {len(packed(parts[:number])) for number in range(1, len(parts) + 1)}
    cut = 2 + cut % (len(data) - 2)
    text, problem = unpacked(data[:cut], size)
    assert b"".join(parts).startswith(text)
    assert problem == (None if cut in ends else TRUNCATED)


@given(st.binary(max_size=100), sizes)
def test_what_is_no_gzip_passes_through(data: bytes, size: int) -> None:
    if not data.startswith(b"\x1f\x8b"):
        assert unpacked(data, size) == (data, None)


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1fa", b"\x1f\x1f\x8b"])
@pytest.mark.parametrize("size", [1, 2, 10])
def test_a_beginning_like_that_of_gzip_is_not_enough(data: bytes, size: int) -> None:
    assert unpacked(data, size) == (data, None)


@given(contents, st.binary(min_size=1, max_size=40), st.integers(0, 5), sizes)
def test_what_follows_the_stream_is_named(part: bytes, more: bytes, zeros: int, size: int) -> None:
    text, problem = unpacked(packed([part]) + b"\0" * zeros + more, size)
    assert text.startswith(part)
    if not more.lstrip(b"\0").startswith(b"\x1f"):
        assert (text, problem) == (part, TRAILING if more.strip(b"\0") else None)


@pytest.mark.parametrize("size", [1, 50, 100_000])
def test_damage_is_noticed_and_only_what_is_behind_it_is_missing(size: int) -> None:
    whole = os.urandom(300_000)
    data = bytearray(packed([whole[:200_000]]) + packed([whole[200_000:]]))
    data[-6] ^= 1
    text, problem = unpacked(bytes(data), size)
    assert problem == DAMAGED
    assert text.startswith(whole[:200_000])
    assert whole.startswith(text)


def test_lines_before_the_damage_survive_however_large_the_read() -> None:
    lines = b"".join(b"line %d\n" % number for number in range(400_000))
    data = bytearray(gzip.compress(lines, 1))
    data[-6] ^= 1
    text, problem = unpacked(bytes(data), len(data))
    assert (lines.startswith(text), problem) == (True, DAMAGED)
    assert len(text) > 0.9 * len(lines)


def test_a_bomb_is_handed_over_in_pieces() -> None:
    sink = io.BytesIO()
    with gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=1) as file:
        for _ in range(64):
            file.write(bytes(2**20))
    unpacker, total = Unpacker(), 0
    for part in unpacker.feed(sink.getvalue()):
        assert len(part) <= unpack.MOST_AT_ONCE
        total += len(part)
    assert (total, unpacker.problem) == (64 * 2**20, None)
