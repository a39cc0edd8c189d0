"""An attacker of hidden numbers, who knows all rules, the names of all rows, and every published file.

The attacker also knows which kinds of file each data set has: numbers of other pairs are zero.

Linear programming finds the least and the greatest value of each hidden number that fit everything published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import linprog

from glue_jobs.config import Privacy
from glue_jobs.publish.public.suppression import HIDDEN, OTHER, WHOLE
from glue_jobs.query.saved.metadata import Public

Row = Mapping[str, Any]
Key = tuple[str, ...]
"""Breakdown and names of a row."""


class Attack:
    """The numbers of one month, as unknowns within the bounds that the published rows give."""

    def __init__(
        self, published: Sequence[Row], names: Iterable[Row], count: str, declared: Public, privacy: Privacy
    ) -> None:
        self._declared, self._privacy, self._count = declared, privacy, count
        self._of_people = declared.counts[count] == count
        self._shown = {self._key(row): row[count] for row in published}
        names = list(names)
        crossed = [row for row in names if row[declared.breakdown] == declared.crossed]
        names = [row for row in names if row[declared.breakdown] != declared.crossed]
        self._has_in_common = {tuple(row[name] for name in declared.names) for row in crossed}
        self.keys = list(dict.fromkeys([*map(self._key, names), *(key for key in self._shown if OTHER not in key)]))
        self._place = {key: place for place, key in enumerate(self.keys)}
        self._scale = max((value for value in self._shown.values() if isinstance(value, int)), default=1) or 1
        self._bounds = [self._bound(key) for key in self.keys]
        self._equal = [] if self._of_people else [*self._sums(), *self._crossed()]
        # All readers together are at most the sum over the rows, and no row has more than all.
        self._at_most = [*self._people()] if self._of_people else []

    def hidden(self) -> Iterator[tuple[Key, float, float]]:
        """Each hidden number, with its least and greatest possible value."""
        for key in self.keys:
            if not isinstance(self._shown.get(key), int) and not self._is_rounded(self._shown.get(key)):
                yield key, *self.range_of(key)

    def range_of(self, key: Key) -> tuple[float, float]:
        """The least and the greatest value of a number."""
        least, greatest = (sign * self._solve(sign, self._place[key]) for sign in (1, -1))
        return least * self._scale, greatest * self._scale

    def _key(self, row: Row) -> Key:
        return (row[self._declared.breakdown], *(row[name] for name in self._declared.names))

    def _is_rounded(self, value: Any) -> bool:
        return self._of_people and value == self._privacy.rounding.hidden

    def _bound(self, key: Key) -> tuple[float, float | None]:
        value, least, rounding = self._shown.get(key), self._privacy.minimum_readers, self._privacy.rounding
        if isinstance(value, int) and not self._of_people:
            return value / self._scale, value / self._scale
        if isinstance(value, int):
            fitting = [n for n in range(value + rounding.multiple + 1) if n >= least and rounding.rounded(n) == value]
            return fitting[0] / self._scale, fitting[-1] / self._scale
        if self._is_rounded(value):
            return least / self._scale, (rounding.minimum - 1) / self._scale
        if value == HIDDEN:
            # At least the minimum of readers downloaded once each; bytes may have any value.
            return (least / self._scale if self._count != "bytes_sent" else 0), None
        if value is not None and self._of_people:
            return 0, (least - 1) / self._scale
        return 0, None

    def _sums(self) -> Iterator[tuple[dict[int, float], float]]:
        """Each breakdown adds up to the total, and its hidden numbers to its row of others."""
        whole = next(key for key in self.keys if key[0] == WHOLE)
        for breakdown in sorted({key[0] for key in self.keys} - {WHOLE}):
            parts = [key for key in self.keys if key[0] == breakdown]
            if parts:
                yield {**dict.fromkeys(map(self._place.__getitem__, parts), 1.0), self._place[whole]: -1.0}, 0.0
            others = [value for key, value in self._shown.items() if key[0] == breakdown and OTHER in key]
            if others and isinstance(others[0], int):
                hidden = [key for key in parts if not isinstance(self._shown.get(key), int)]
                yield dict.fromkeys(map(self._place.__getitem__, hidden), 1.0), others[0] / self._scale

    def _crossed(self) -> Iterator[tuple[dict[int, float], float]]:
        """Every read belongs to one row of each of two breakdowns, so the cells of both add up to the rows of each."""
        kinds = sorted({key[0] for key in self.keys} - {WHOLE})
        for first, second in pairwise(kinds):
            rows, columns = ([key for key in self.keys if key[0] == kind] for kind in (first, second))
            cells = {
                (row, column): len(self._bounds) + place
                for place, (row, column) in enumerate((row, column) for row in rows for column in columns)
            }
            is_crossed = f"{first} and {second}" == self._declared.crossed
            self._bounds += [
                (0, 0) if is_crossed and self._both(*cell) not in self._has_in_common else (0, None) for cell in cells
            ]
            for line in rows:
                yield {**{cells[line, column]: 1.0 for column in columns}, self._place[line]: -1.0}, 0.0
            for line in columns:
                yield {**{cells[row, line]: 1.0 for row in rows}, self._place[line]: -1.0}, 0.0

    def _both(self, row: Key, column: Key) -> Key:
        """The names of the cell of two rows."""
        (whole,) = (key for key in self.keys if key[0] == WHOLE)
        return tuple(one if one != left else other for one, other, left in zip(row, column, whole, strict=True))[1:]

    def _people(self) -> Iterator[tuple[dict[int, float], float]]:
        whole = next(key for key in self.keys if key[0] == WHOLE)
        for breakdown in sorted({key[0] for key in self.keys} - {WHOLE}):
            parts = [self._place[key] for key in self.keys if key[0] == breakdown]
            yield {**dict.fromkeys(parts, -1.0), self._place[whole]: 1.0}, 0.0
            for part in parts:
                yield {part: 1.0, self._place[whole]: -1.0}, 0.0
            yield from self._concealed(breakdown)

    def _concealed(self, breakdown: str) -> Iterator[tuple[dict[int, float], float]]:
        """A number that is hidden beside small ones is no larger than the smallest shown number."""
        shown = [self._bounds[self._place[key]][1] for key in self.keys if key[0] == breakdown and key in self._shown]
        known = [bound for bound in shown if bound is not None]
        for key in self.keys:
            if key[0] == breakdown and (key not in self._shown or self._shown[key] == HIDDEN) and known:
                yield {self._place[key]: 1.0}, min(known)

    def _solve(self, sign: int, place: int) -> float:
        objective = np.zeros(len(self._bounds))
        objective[place] = sign
        equal, at_most = self._matrix(self._equal), self._matrix(self._at_most)
        found = linprog(
            objective,
            A_eq=equal,
            b_eq=_right(self._equal),
            A_ub=at_most,
            b_ub=_right(self._at_most),
            bounds=self._bounds,
        )
        if found.status == 3:
            return -np.inf
        assert found.status == 0, found.message
        return float(found.fun)

    def _matrix(self, lines: Sequence[tuple[dict[int, float], float]]) -> Any:
        if not lines:
            return None
        matrix = np.zeros((len(lines), len(self._bounds)))
        for row, (factors, _) in enumerate(lines):
            for place, factor in factors.items():
                matrix[row, place] = factor
        return matrix


def _right(lines: Sequence[tuple[dict[int, float], float]]) -> list[float] | None:
    return [value for _, value in lines] or None
