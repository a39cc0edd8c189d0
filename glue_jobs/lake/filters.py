"""Conditions on partitions as Iceberg expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from pyiceberg.expressions import And, BooleanExpression, EqualTo, In, IsNull, Or


def partition_filter(partition: Mapping[str, Iterable[Any] | None]) -> BooleanExpression:
    """The filter for rows in which each partition column has one of its given values; None is a value."""
    terms = [_one_of(name, list(values or ())) for name, values in partition.items()]
    return And(*terms) if len(terms) > 1 else terms[0]


def _one_of(name: str, values: list[Any]) -> BooleanExpression:
    given = {_literal(value) for value in values if value is not None}
    # Type checkers see the constructor that pydantic derives from the fields, not the one that these classes define.
    equal_to, one_of, is_null = cast(Any, EqualTo), cast(Any, In), cast(Any, IsNull)
    term: BooleanExpression = equal_to(name, given.pop()) if len(given) == 1 else one_of(name, given)
    return Or(term, is_null(name)) if None in values else term


def _literal(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
