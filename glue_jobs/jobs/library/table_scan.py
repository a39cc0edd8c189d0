"""A lazy scan of a table: columns and days are chosen first, and only these are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from glue_jobs.errors import ArgumentError, known_names
from glue_jobs.jobs.arguments.values import day_argument
from glue_jobs.lake import Lake
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class TableScan:
    """A scan of the table's current snapshot; its methods return narrower scans and read nothing."""

    lake: Lake
    definition: Table
    columns: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def __repr__(self) -> str:
        # Notebooks show it. The default would include the table's declaration, which fills a screen.
        chosen = (("columns", self.columns), ("since", self.since), ("until", self.until))
        parts = [repr(self.definition.name), *(f"{name}={value!s}" for name, value in chosen if value)]
        return f"TableScan({', '.join(parts)})"

    @property
    def day_column(self) -> str | None:
        """The date column that partitions the table, if any: event_date, snapshot_date or ingest_date."""
        types = {column.name: column.type for column in self.definition.columns}
        return next((name for name in self.definition.partitions if types[name] == "date"), None)

    def select(self, *columns: str) -> TableScan:
        """Only these columns, in this order.

        Raises:
            ArgumentError: the table has no such column.
        """
        known = [column.name for column in self.definition.columns]
        unknown = [name for name in columns if name not in known]
        if unknown:
            raise ArgumentError(
                f"{self.definition.name} has no column {unknown[0]!r}; {known_names(unknown[0], known)}"
            )
        return replace(self, columns=columns)

    def days(self, since: date | str | None = None, until: date | str | None = None) -> TableScan:
        """Only rows of these days, both included, among those chosen before; files of other days are not read.

        Raises:
            ArgumentError: the table is not partitioned by days, a text is not a day, or ``until`` precedes ``since``.
        """
        if self.day_column is None:
            raise ArgumentError(f"{self.definition.name} has no days to choose from")
        first = max(filter(None, (self.since, day_argument("since", since))), default=None)
        last = min(filter(None, (self.until, day_argument("until", until))), default=None)
        if first and last and first > last:
            raise ArgumentError(f"the period ends before it begins: since {first}, until {last}")
        return replace(self, since=first, until=last)

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table, in no particular order.

        Raises:
            LakeError: the lake has no table at all, or cannot be read.
        """
        names = self.columns or tuple(column.name for column in self.definition.columns)
        declared = self.definition.arrow_schema
        if not self.lake.has(self.definition):
            self.lake.check_any(TABLES)
            return declared.empty_table().select(names)
        loaded = self.lake.load(self.definition)
        rows = loaded.rows_between(names, self.day_column, self.since, self.until).select(names)
        # A column that a data file lacks is read with a larger type.
        return rows.cast(pa.schema([field.with_type(declared.field(field.name).type) for field in rows.schema]))

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a DataFrame; raises as `to_arrow` does."""
        return self.to_arrow().to_pandas()
