"""Conditions on partitions as Iceberg expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, cast

from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, In, IsNull, Or


def partition_filter(partition: Mapping[str, Iterable[Any] | None]) -> BooleanExpression:
    """The filter for rows in which each partition column has one of its given values; None is a value."""
    everything: BooleanExpression = AlwaysTrue()
    return reduce(And, (_one_of(name, list(values or ())) for name, values in partition.items()), everything)


def _one_of(name: str, values: list[Any]) -> BooleanExpression:
    # Type checkers see the constructor that pydantic derives from the fields, not the one that these classes define.
    term: BooleanExpression = cast(Any, In)(name, {value for value in values if value is not None})
    return Or(term, cast(Any, IsNull)(name)) if None in values else term
