"""Rows of one data file of a snapshot. Its size and MD5 are checked against the manifest."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain
from typing import Any

import pyarrow as pa

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.read.framing.lines import LineReader, OverlongLine
from glue_jobs.read.parsed import Rejected
from glue_jobs.read.unpack import GZIP, Unpacker
from glue_jobs.sources.s3_inventory_object.parser.columnar import read_orc, read_parquet
from glue_jobs.sources.s3_inventory_object.parser.csv_rows import Block, parse_block
from glue_jobs.sources.s3_inventory_object.parser.manifest import InvalidSnapshotError, InventoryFile
from glue_jobs.storage import Entry, storage_for

# First bytes of a file.
MAGIC = {"CSV": GZIP, "ORC": b"ORC", "Parquet": b"PAR1"}

# An ORC or Parquet file up to this size is read once into memory. A larger one is read twice: once for its MD5, then
# in parts.
MAX_BYTES_IN_MEMORY = 64 * 2**20

# CSV lines parsed at a time.
BYTES_PER_BLOCK = 8 * 2**20


def find_file(file: InventoryFile) -> Entry:
    """The stored file that a manifest lists.

    If no object has the listed name, it is the file in the manifest's data folder with the same size and MD5: when the
    destination prefix ends with "/", the names in the manifest are not those of the objects.

    Raises:
        InvalidSnapshotError: the file is missing, or its size differs from the listed size.
        UnreadableObjectError: the file exists, but cannot be read now.
    """
    entries = storage_for(file.address).list(file.address)
    entry = next((entry for entry in entries if entry.address == file.address), None) or _renamed(file)
    if entry is None:
        raise InvalidSnapshotError(f"its file {file.address} is missing")
    if entry.size != file.size:
        raise InvalidSnapshotError(f"its file {file.address} has {entry.size} bytes, the manifest promises {file.size}")
    if entry.unreadable:
        raise UnreadableObjectError(entry.address, entry.unreadable)
    return entry


def _renamed(file: InventoryFile) -> Entry | None:
    if not file.folder:
        return None
    storage = storage_for(file.folder)
    name = file.address.rpartition("/")[2]
    same_size = [entry for entry in storage.list(file.folder) if entry.size == file.size]
    # The folder has the files of all snapshots. Only the MD5 distinguishes two files of the same size.
    for entry in sorted(same_size, key=lambda entry: not entry.address.endswith(f"/{name}")):
        digest = _md5()
        with storage.open(entry.address) as content:
            deque(_digested(iter(lambda: content.read(BYTES_PER_BLOCK), b""), digest), 0)
        if digest.hexdigest() == file.md5:
            return entry
    return None


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def read_file(
    file: InventoryFile, entry: Entry, pieces: Iterable[bytes], form: str, fields: Sequence[str]
) -> Iterator[Block]:
    """All records of a file, whose bytes are ``pieces``. The blocks are valid only if the iteration ends without error.

    The MD5 of CSV is checked at the end, that of ORC and Parquet before the first block.

    Raises:
        InvalidSnapshotError: the file does not match the manifest.
    """
    digest = _md5()
    digested = _digested(pieces, digest)
    try:
        first = next(digested, b"")
        _check_form(first, form)
        if form == "CSV":
            yield from _csv(chain([first], digested), fields)
        else:
            content = _content(chain([first], digested), entry)
            # Checked first: Arrow can crash on damaged ORC, and end the worker.
            _check(digest.hexdigest(), file)
            yield from _columnar(content, fields, form, entry)
    except (pa.ArrowException, OSError, InvalidSnapshotError) as error:
        # A wrong MD5 explains the error better than whatever is wrong with the content.
        deque(digested, 0)
        _check(digest.hexdigest(), file)
        raise InvalidSnapshotError(f"its file {file.address} {_reason(error, form)}") from error
    _check(digest.hexdigest(), file)


def _digested(pieces: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _check_form(first: bytes, form: str) -> None:
    if not first and form != "CSV":
        raise InvalidSnapshotError(f"is empty, which no {form} file is")
    if first and not first.startswith(MAGIC[form]):
        raise InvalidSnapshotError(
            f"is no {'gzipped ' if form == 'CSV' else ''}{form} file, which the manifest promises"
        )


def _check(md5: str, file: InventoryFile) -> None:
    if md5 != file.md5:
        raise InvalidSnapshotError(f"its file {file.address} has the MD5 {md5}, the manifest promises {file.md5}")


def _reason(error: Exception, form: str) -> str:
    return (
        str(error)
        if isinstance(error, InvalidSnapshotError)
        else f"cannot be read as {form}: {str(error).splitlines()[0]}"
    )


def _csv(pieces: Iterator[bytes], fields: Sequence[str]) -> Iterator[Block]:
    records = 0
    for text in _blocks(pieces):
        if isinstance(text, OverlongLine):
            block = Block(parse_block(b"", fields).rows, [Rejected(0, text.reason, text.beginning)], 1)
        else:
            block = parse_block(text, fields)
        rejected = [replace(each, position=each.position + records) for each in block.rejected]
        records += block.records
        yield replace(block, rejected=rejected)


def _blocks(pieces: Iterator[bytes]) -> Iterator[bytes | OverlongLine]:
    """Whole lines in blocks of similar size."""
    unpacker, lines = Unpacker(), LineReader()
    waiting: list[bytes] = []
    for piece in pieces:
        for data in unpacker.feed(piece):
            for _, text in lines.feed(data):
                if isinstance(text, OverlongLine) or sum(map(len, waiting)) + len(text) > BYTES_PER_BLOCK:
                    yield b"".join(waiting)
                    waiting = []
                if isinstance(text, OverlongLine):
                    yield text
                else:
                    waiting.append(text)
    if unpacker.problem:
        raise InvalidSnapshotError(f"is damaged: {unpacker.problem}")
    for _, text in lines.finish(iter(())):
        yield b"".join(waiting)
        waiting = []
        yield text
    yield b"".join(waiting)


def _content(pieces: Iterator[bytes], entry: Entry) -> bytes | None:
    """The whole file if it is small enough. Otherwise the pieces are consumed for their MD5 only."""
    if entry.size <= MAX_BYTES_IN_MEMORY:
        return b"".join(pieces)
    deque(pieces, 0)
    return None


def _columnar(content: bytes | None, fields: Sequence[str], form: str, entry: Entry) -> Iterator[Block]:
    read = read_orc if form == "ORC" else read_parquet
    with storage_for(entry.address).open(entry.address) if content is None else nullcontext() as file:
        source = pa.BufferReader(content) if content is not None else pa.PythonFile(file, "r")
        for rows in read(source, fields):
            yield Block(rows, [], rows.num_rows)
