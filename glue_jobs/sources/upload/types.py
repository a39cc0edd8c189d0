"""Types of uploaded values, and the narrowest common type of several.

A type is JSON: a text for a plain value, a mapping for an object with fields, or a list with the type of its elements.
`joined` is commutative, associative and idempotent, so the order of files does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import pyarrow as pa

Type: TypeAlias = str | list["Type"] | dict[str, "Type"]

NOTHING = "nothing"
"""The type of a column without any value so far."""

WHOLE = "whole"
"""Whole numbers that a double holds exactly."""

BIGINT = "bigint"
DOUBLE = "double"
BOOLEAN = "boolean"
DATE = "date"
TIMESTAMP = "timestamp"
BINARY = "binary"
TEXT = "string"

# A double has 53 significant bits, so it represents every whole number up to this one.
MAX_WHOLE = 2**53

# An object with more fields is a mapping whose keys are data; so many columns would not help anybody.
MAX_FIELDS = 200

_WIDER: Mapping[frozenset[str], str] = {
    frozenset((WHOLE, BIGINT)): BIGINT,
    frozenset((WHOLE, DOUBLE)): DOUBLE,
}
_ARROW: Mapping[str, pa.DataType] = {
    NOTHING: pa.string(),
    WHOLE: pa.int64(),
    BIGINT: pa.int64(),
    DOUBLE: pa.float64(),
    BOOLEAN: pa.bool_(),
    DATE: pa.date32(),
    TIMESTAMP: pa.timestamp("us"),
    BINARY: pa.binary(),
    TEXT: pa.string(),
}


def joined(one: Type, other: Type) -> Type:
    """The narrowest type that holds the values of both; text if no other does."""
    if one == other or other == NOTHING:
        return one
    if one == NOTHING:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return joined_fields(one, other) if len({*one, *other}) <= MAX_FIELDS else TEXT
    if isinstance(one, list) and isinstance(other, list):
        return [joined(one[0], other[0])]
    if isinstance(one, str) and isinstance(other, str):
        return _WIDER.get(frozenset((one, other)), TEXT)
    return TEXT


def joined_fields(one: Mapping[str, Type], other: Mapping[str, Type]) -> dict[str, Type]:
    """The types of all fields of two objects, or of all columns of two files, by their names."""
    return {name: joined(one.get(name, NOTHING), other.get(name, NOTHING)) for name in dict.fromkeys((*one, *other))}


def is_stored(kind: Type) -> bool:
    """Whether the type is known well enough for a column of its own; objects and lists may be empty everywhere."""
    if isinstance(kind, dict):
        return any(each != NOTHING for each in kind.values())
    return (kind[0] if isinstance(kind, list) else kind) != NOTHING


def arrow_type(kind: Type) -> pa.DataType:
    """The Arrow type of stored values. Fields of an object without any value are left out: they have no type yet.

    An object or a list that is empty everywhere is stored as JSON text.
    """
    if isinstance(kind, str):
        return _ARROW[kind]
    if not is_stored(kind):
        return pa.string()
    if isinstance(kind, list):
        return pa.list_(pa.field("element", arrow_type(kind[0])))
    return pa.struct([(name, arrow_type(kind[name])) for name in sorted(kind) if kind[name] != NOTHING])
