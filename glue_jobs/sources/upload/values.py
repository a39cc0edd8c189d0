"""Values of uploads: infer their type, and convert them to columns of it or of a wider type, without losing any."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.sources.upload.names import safe_name
from glue_jobs.sources.upload.types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DOUBLE,
    MAX_FIELDS,
    MAX_WHOLE,
    NOTHING,
    TEXT,
    WHOLE,
    Type,
    arrow_type,
    is_stored,
)

# Nested objects and lists are structs and lists down to this depth, and JSON text below it.
MAX_DEPTH = 8

MIN_BIGINT, MAX_BIGINT = -(2**63), 2**63 - 1

# This many decimal digits identify a double. A number that is written with more would lose digits.
MAX_DIGITS = 17


class Literal(str):
    """A number that no numeric column can hold, as it was written."""


def type_of(values: Sequence[Any], depth: int = 0) -> Type:
    """The type of decoded JSON values; None does not count as a value."""
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return NOTHING
    if kinds == {bool}:
        return BOOLEAN
    if kinds <= {int, float}:
        numbers = [value for value in values if type(value) is int]
        low, high = min(numbers, default=0), max(numbers, default=0)
        if low >= -MAX_WHOLE and high <= MAX_WHOLE:
            return WHOLE if kinds == {int} else DOUBLE
        return BIGINT if kinds == {int} and low >= MIN_BIGINT and high <= MAX_BIGINT else TEXT
    if kinds == {list} and depth < MAX_DEPTH:
        return [type_of([element for value in values if value is not None for element in value], depth + 1)]
    if kinds == {dict} and depth < MAX_DEPTH:
        objects = [value for value in values if value is not None]
        names = fields_by_name(objects)
        if names is not None:
            return {name: type_of([each.get(field) for each in objects], depth + 1) for name, field in names.items()}
    return TEXT


def fields_by_name(objects: Sequence[dict[str, Any]]) -> dict[str, str] | None:
    """The fields of some objects by their safe names; None if two have the same, or there are too many for a struct."""
    fields = dict.fromkeys(field for each in objects for field in each)
    names = {safe_name(field): field for field in fields}
    return names if len(names) == len(fields) <= MAX_FIELDS else None


def column_of(values: Sequence[Any], kind: Type) -> pa.Array:
    """The values, all of the type, as a column."""
    if kind == TEXT or not is_stored(kind):
        return pa.array([None if value is None else text_of(value) for value in values], pa.string())
    if isinstance(kind, str):
        return pa.array(values, arrow_type(kind))
    absent = pa.array([value is None for value in values], pa.bool_())
    present = [value for value in values if value is not None]
    if isinstance(kind, list):
        lengths = pa.array([0 if value is None else len(value) for value in values], pa.int32())
        return list_column(lengths, column_of([each for value in present for each in value], kind[0]), absent)
    fields = fields_by_name(present) or {}
    children = {
        name: column_of([None if value is None else value.get(fields.get(name)) for value in values], kind[name])
        for name in kind
        if kind[name] != NOTHING
    }
    return struct_column(children, absent)


def struct_column(children: Mapping[str, pa.Array], absent: pa.Array) -> pa.Array:
    """A column of objects from those of their fields; where ``absent`` is true, there is no object."""
    names = sorted(children)
    return pa.StructArray.from_arrays([children[name] for name in names], names=names, mask=absent)


def list_column(lengths: pa.Array, elements: pa.Array, absent: pa.Array) -> pa.Array:
    """A column of lists from their lengths and elements; where ``absent`` is true, there is no list."""
    offsets = np.concatenate([[0], np.cumsum(lengths.to_numpy(zero_copy_only=False))]).astype(np.int32)
    wanted = pa.list_(pa.field("element", elements.type))
    return pa.ListArray.from_arrays(pa.array(offsets), elements, mask=absent).cast(wanted)


def text_of(value: Any) -> str:
    """The text of a value, as in JSON. A number keeps its value, not its spelling: 1.50 and 1.5 are both 1.5."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= MAX_WHOLE else repr(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return msgspec.json.encode(value).decode()


def converted(column: pa.Array, kind: Type, wanted: Type) -> pa.Array:
    """A column of one type as a column of a wider type."""
    target = arrow_type(wanted)
    if column.type == target:
        return column
    if kind == NOTHING:
        return pa.nulls(len(column), target)
    if not is_stored(kind):
        return column_of([None if text is None else msgspec.json.decode(text) for text in column.to_pylist()], wanted)
    if wanted == TEXT:
        return _texts(column, kind)
    if isinstance(kind, list):
        wider = cast(list[Type], wanted)
        # `flatten` omits elements behind nulls.
        elements = converted(column.flatten(), kind[0], wider[0])
        return list_column(column.value_lengths().fill_null(0), elements, column.is_null())
    if isinstance(kind, dict):
        fields = cast(dict[str, Type], wanted)
        children = {name: _field(column, name, kind, each) for name, each in fields.items() if each != NOTHING}
        return struct_column(children, column.is_null())
    return column.cast(target)


def _field(column: pa.StructArray, name: str, kind: dict[str, Type], wanted: Type) -> pa.Array:
    if kind.get(name, NOTHING) == NOTHING:
        return pa.nulls(len(column), arrow_type(wanted))
    return converted(column.field(name), kind[name], wanted)


def _texts(column: pa.Array, kind: Type) -> pa.Array:
    if isinstance(kind, str) and kind not in (DOUBLE, BINARY):
        return column.cast(pa.string())
    return column_of([_present(value) for value in column.to_pylist()], TEXT)


def _present(value: Any) -> Any:
    """The value without fields that are null, which it did not have."""
    if isinstance(value, dict):
        return {name: _present(each) for name, each in value.items() if each is not None}
    return [_present(each) for each in value] if isinstance(value, list) else value
