"""JSON objects on lines as tables: ``pyarrow.json`` reads many lines at a time, where each is one flat object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.json as pajson

from glue_jobs.columns.byte_search import is_utf8
from glue_jobs.columns.numpy_types import Places
from glue_jobs.read.json_values import NOT_JSON

# At most so many lines are read one by one.
FEW_LINES = 64
# The names and types in so many lines are taken for those of all, which `pyarrow.json` then checks.
SAMPLED_LINES = 15
PARTS_PER_SPLIT = 8

# A block stays in the processor's cache.
BLOCK_BYTES = 1 << 20

# What a value begins with; of a null the type is not known.
_TYPES = {b'"': pa.string(), b"t": pa.bool_(), b"f": pa.bool_(), b"n": pa.null(), b"": pa.int64()}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_json_lines(
    lines: Sequence[bytes], types: Mapping[str, pa.DataType]
) -> tuple[list[tuple[pa.Table, Places]], Places]:
    """Tables of the objects on the lines, each with the numbers of its lines, and the numbers of all other lines.

    ``types`` has the expected types of values by name; each table has these columns, and those of other names, which
    are of texts, integers or flags. A column of ``types`` may be of texts instead. Other lines are damaged ones,
    those with values of another type than the others have, and few lines around them.
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
    """The objects on the lines; None where a line is not one object, or has a value of another type than the others."""
    data = b"\n".join(lines)
    # No string of JSON has a line end, and ``}`` and ``{`` stand one after another only between two objects. So each
    # line has whole objects, and as there are as many as lines, it has one.
    if not all(line.startswith(b"{") and line.endswith(b"}") for line in lines) or not is_utf8(data):
        return None
    options = pajson.ParseOptions(pa.schema(_types(lines, types).items()), unexpected_field_behavior="error")
    try:
        rows = pajson.read_json(pa.BufferReader(data), pajson.ReadOptions(False, BLOCK_BYTES), options)
    except pa.ArrowException:
        return None
    return rows if rows.num_rows == len(lines) else None


def _types(lines: Sequence[bytes], types: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """The types of all names: those of the values in a sample of the lines, where they are not as expected."""
    found = {**types}
    for line in lines[:: max(1, len(lines) // SAMPLED_LINES)]:
        with suppress(*NOT_JSON):
            for name, value in _OBJECT.decode(line).items():
                kind = next(kind for beginning, kind in _TYPES.items() if bytes(value).startswith(beginning))
                if found.get(name, pa.null()) == pa.null() or kind == pa.string():
                    found[name] = kind
    return {name: pa.string() if kind == pa.null() else kind for name, kind in found.items()}
