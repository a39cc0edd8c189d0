"""Read Avro container files without a library: Iceberg's manifests and manifest lists are such files.

Only the parts of the format that those files use are supported: https://avro.apache.org/docs/1.11.1/specification/
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MAGIC = b"Obj\x01"
SYNC_BYTES = 16


class _Buffer:
    """Bytes, and the position of the next one to read."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        start, self.at = self.at, self.at + count
        if count < 0 or self.at > len(self.data):
            raise ValueError("an Avro file ends early")
        return self.data[start : self.at]

    def long(self) -> int:
        """An integer in zigzag encoding: seven bits per byte, the lowest first; odd encoded values are negative."""
        data, at = self.data, self.at
        byte = data[at]
        at += 1
        value, shift = byte & 127, 7
        while byte > 127:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
        self.at = at
        return value >> 1 ^ -(value & 1)

    def sized(self) -> bytes:
        return self.take(self.long())


_Read = Callable[[_Buffer], Any]

_PRIMITIVES: Mapping[str, _Read] = {
    "null": lambda buffer: None,
    "boolean": lambda buffer: buffer.take(1) == b"\x01",
    "int": _Buffer.long,
    "long": _Buffer.long,
    "float": lambda buffer: struct.unpack("<f", buffer.take(4))[0],
    "double": lambda buffer: struct.unpack("<d", buffer.take(8))[0],
    "bytes": _Buffer.sized,
    "string": lambda buffer: buffer.sized().decode(),
}
_CODECS: Mapping[str, Callable[[bytes], bytes]] = {
    "null": lambda data: data,
    "deflate": lambda data: zlib.decompress(data, -zlib.MAX_WBITS),
}


def read_avro(data: bytes) -> Iterator[dict[str, Any]]:
    """The records of a container file, as dictionaries by the names of their fields.

    Raises:
        ValueError, LookupError, TypeError, struct.error, zlib.error: the file is damaged, or has types or a compression
            that Iceberg's files do not use.
    """
    header, blocks = _blocks(data)
    read = _reader(json.loads(header["avro.schema"]), dict(_PRIMITIVES))
    unpack = _CODECS[header.get("avro.codec", b"null").decode()]
    for count, content in blocks:
        block = _Buffer(unpack(content))
        for _ in range(count):
            yield read(block)


def check_avro(data: bytes) -> None:
    """Check that the blocks of a container file are in place, and that the file ends at the end of a block.

    Raises:
        ValueError, LookupError: the file is damaged.
    """
    for _ in _blocks(data)[1]:
        pass


def _blocks(data: bytes) -> tuple[dict[str, Any], Iterator[tuple[int, bytes]]]:
    """The header of a container file, and its blocks: the number of records in each, and its compressed bytes."""
    file = _Buffer(data)
    if file.take(len(MAGIC)) != MAGIC:
        raise ValueError("not an Avro file")
    header: dict[str, Any] = _map(_Buffer.sized)(file)
    sync = file.take(SYNC_BYTES)

    def blocks() -> Iterator[tuple[int, bytes]]:
        while file.at < len(data):
            count, content = file.long(), file.sized()
            if file.take(SYNC_BYTES) != sync:
                raise ValueError("an Avro file is damaged")
            yield count, content

    return header, blocks()


def _reader(schema: Any, named: dict[str, _Read]) -> _Read:
    """The function that reads a value of the schema; ``named`` has the named types, and each record adds its own."""
    if isinstance(schema, str):
        return named[schema]
    if isinstance(schema, list):
        branches = [_reader(branch, named) for branch in schema]
        return lambda buffer: branches[buffer.long()](buffer)
    kind = schema["type"]
    if kind == "record":
        fields = [(field["name"], _reader(field["type"], named)) for field in schema["fields"]]
        return named.setdefault(schema["name"], lambda buffer: {name: read(buffer) for name, read in fields})
    if kind == "array":
        read_item = _reader(schema["items"], named)
        return lambda buffer: [read_item(buffer) for count in _counts(buffer) for _ in range(count)]
    if kind == "map":
        return _map(_reader(schema["values"], named))
    if kind == "fixed":
        size = int(schema["size"])
        return named.setdefault(schema["name"], lambda buffer: buffer.take(size))
    return _reader(kind, named)


def _map(read: _Read) -> _Read:
    return lambda buffer: {buffer.sized().decode(): read(buffer) for count in _counts(buffer) for _ in range(count)}


def _counts(buffer: _Buffer) -> Iterator[int]:
    """The number of items in each block of an array or map; after a negative number follows the size of the block."""
    while count := buffer.long():
        if count < 0:
            buffer.long()
        yield abs(count)
