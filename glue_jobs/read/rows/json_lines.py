"""JSON lines as tables: ``pyarrow.json`` reads many lines at a time if each is one flat object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.json as pajson

from glue_jobs.columns.byte_search import is_utf8
from glue_jobs.columns.numpy_types import Places
from glue_jobs.read.framing.json_values import NOT_JSON

# Groups of at most this many lines are left to the caller, who reads them one by one.
FEW_LINES = 64
# The names and types in this many lines are assumed for all lines; `pyarrow.json` then checks them.
SAMPLED_LINES = 15
PARTS_PER_SPLIT = 8

# Small enough for the processor's cache.
BLOCK_BYTES = 1 << 20

# The type of a value by its first byte, integers last. A null does not reveal its type.
_TYPES = {b'"': pa.string(), b"t": pa.bool_(), b"f": pa.bool_(), b"n": pa.null(), b"": pa.int64()}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_json_lines(
    lines: Sequence[bytes], types: Mapping[str, pa.DataType]
) -> tuple[list[tuple[pa.Table, Places]], Places]:
    """Tables of the objects on the lines, each with the numbers of its lines, and the numbers of all other lines.

    ``types`` maps names to expected types. Each table has these columns, any of which may hold texts instead, and
    columns of texts, integers or flags for all other names. The other lines are damaged, have a value of another type
    than their neighbours, or stand near such a line.
    """
    tables: list[tuple[pa.Table, Places]] = []
    others: list[Places] = [np.empty(0, np.int64)]
    tasks: list[Places] = [np.arange(len(lines))]
    while tasks:
        numbers = tasks.pop()
        if len(numbers) <= FEW_LINES:
            others.append(numbers)
        elif (rows := _table([lines[number] for number in numbers], types)) is not None:
            tables.append((rows, numbers))
        else:
            tasks += reversed(np.array_split(numbers, PARTS_PER_SPLIT))
    return tables, np.concatenate(others)


def _table(lines: Sequence[bytes], types: Mapping[str, pa.DataType]) -> pa.Table | None:
    """The objects on the lines; None if a line is not one object, or has a value of another type than the others."""
    data = b"\n".join(lines)
    # JSON strings contain no line ends, and ``{`` follows ``}`` only between two objects. Each line therefore holds
    # whole objects: exactly one, if there are as many objects as lines.
    if not all(line.startswith(b"{") and line.endswith(b"}") for line in lines) or not is_utf8(data):
        return None
    options = pajson.ParseOptions(pa.schema(_types(lines, types).items()), unexpected_field_behavior="error")
    try:
        rows = pajson.read_json(pa.BufferReader(data), pajson.ReadOptions(False, BLOCK_BYTES), options)
    except pa.ArrowException:
        return None
    return rows if rows.num_rows == len(lines) else None


def _types(lines: Sequence[bytes], types: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """The type of each name: the expected one, unless a sample of the lines has other values."""
    found = {**types}
    for line in lines[:: max(1, len(lines) // SAMPLED_LINES)]:
        with suppress(*NOT_JSON):
            for name, value in _OBJECT.decode(line).items():
                kind = next(kind for beginning, kind in _TYPES.items() if bytes(value).startswith(beginning))
                if found.get(name, pa.null()) == pa.null() or kind == pa.string():
                    found[name] = kind
    return {name: pa.string() if kind == pa.null() else kind for name, kind in found.items()}
