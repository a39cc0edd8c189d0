"""Axes: the grid lines of a value axis, and the labels of a time axis."""

from __future__ import annotations

from math import floor, log10


def top_and_step(largest: float) -> tuple[float, float]:
    """The end of an axis that starts at 0 and fits ``largest``, and the step between its two to five lines."""
    if largest <= 0:
        return 1.0, 1.0
    power = 10.0 ** floor(log10(largest))
    for factor in (0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0):
        step = max(factor * power, 1.0)
        lines = -(-largest // step)
        # Counts have no fractions.
        if lines <= 4 and step.is_integer():
            return step * lines, step
    raise AssertionError(largest)


def labelled(periods: int, most: int) -> list[int]:
    """The positions of the periods with a label: the last one, and others at equal distances before it."""
    if not periods:
        return []
    step = max(-(-periods // most), 1)
    return list(range(periods - 1, -1, -step))[::-1]


def number(value: float) -> str:
    """A coordinate with at most two decimal places."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
