"""The rows of an answer as Python values, so that a terminal does not need Arrow, which is slow to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Answer:
    """Rows under their column names, which may occur twice. ``arrow`` is the original Arrow table, if any."""

    column_names: Sequence[str]
    records: Sequence[tuple[Any, ...]]
    arrow: pa.Table | None = None

    @classmethod
    def of(cls, rows: pa.Table | Answer) -> Answer:
        """The rows of an Arrow table; an answer unchanged."""
        return rows if isinstance(rows, cls) else cls(rows.column_names, records(rows), rows)

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return len(self.records)

    @property
    def num_columns(self) -> int:
        """The number of columns."""
        return len(self.column_names)

    def take(self, numbers: Sequence[int]) -> Answer:
        """The rows with these numbers, in this order."""
        rows = [self.records[number] for number in numbers]
        if self.arrow is None:
            return Answer(self.column_names, rows)
        import pyarrow as pa

        return Answer(self.column_names, rows, self.arrow.take(pa.array(numbers, pa.int64())))

    def first(self, limit: int | None) -> Answer:
        """The first ``limit`` rows; None means all."""
        return self if limit is None else self.take(range(min(limit, self.num_rows)))

    def column(self, number: int) -> list[Any]:
        """The values of one column."""
        return [record[number] for record in self.records]

    def select(self, numbers: Sequence[int]) -> Answer:
        """The columns with these numbers, in this order."""
        names = [self.column_names[number] for number in numbers]
        arrow = None if self.arrow is None else self.arrow.select(list(numbers))
        return Answer(names, [tuple(record[number] for number in numbers) for record in self.records], arrow)

    def newest_first(self) -> Answer:
        """The rows with the newest day first; rows of one day keep their order.

        The first column of dates is the day. Columns before it, such as the length of a period, define groups, which
        keep their order.
        """
        day = next((index for index in range(self.num_columns) if _has_days(self.column(index))), None)
        if day is None:
            return self
        days = [value.toordinal() if value else 0 for value in self.column(day)]
        groups: dict[tuple[Any, ...], int] = {}
        for record in self.records:
            groups.setdefault(record[:day], len(groups))
        keys = [(groups[record[:day]], -ordinal) for record, ordinal in zip(self.records, days, strict=True)]
        return self.take(sorted(range(self.num_rows), key=keys.__getitem__))

    def to_arrow(self) -> pa.Table:
        """The original Arrow table; if there is none, a table of the values with the types that Arrow infers."""
        import pyarrow as pa

        if self.arrow is not None:
            return self.arrow
        return pa.table([pa.array(self.column(number)) for number in range(self.num_columns)], [*self.column_names])


def _has_days(values: list[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, date) and not isinstance(value, datetime) for value in present)


def records(rows: pa.Table) -> list[tuple[Any, ...]]:
    """The rows of an Arrow table as tuples, because a SELECT can return two columns with the same name."""
    return list(zip(*map(_values, rows.columns), strict=True))


def _values(column: pa.ChunkedArray) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        # Dates and times outside the range of Python's types.
        values = column.cast("string").to_pylist()
    return values
