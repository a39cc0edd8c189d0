"""The days that a saved query is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.argument_values import as_of_argument, day_argument

if TYPE_CHECKING:
    from glue_jobs.query.saved.metadata import Period


@dataclass(frozen=True)
class QueryDays:
    """``as_of`` stands in for current_date; ``since`` and ``until`` are the first and last day of the period, in UTC.

    Without ``since`` or ``until``, the query's own period begins or ends as it does on the day ``as_of``.
    """

    as_of: date
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(
        cls, as_of: date | str | None, since: date | str | None, until: date | str | None, period: Period
    ) -> QueryDays:
        """From what a caller gave; a text is a day such as 2024-05-07 or 20240507.

        ``as_of`` is by default the day for which the query's own ``period`` ends with ``until``, or else today.

        Raises:
            ArgumentError: a text is not a day, or the period ends before it begins.
        """
        first, last = day_argument("since", since), as_of_argument("until", until)
        about = as_of_argument("as-of", as_of) or last or datetime.now(UTC).date()
        # A period of complete days or months has none of the day that the query is about.
        if as_of is None and last and last < date.max and period.ends_before_today:
            about += timedelta(days=1)
        if first and first > (last or about):
            raise ArgumentError(f"the period ends before it begins: since {first}, until {last or about}")
        return cls(about, first, last)
