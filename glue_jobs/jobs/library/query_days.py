"""The days to which a saved query applies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments.values import as_of_argument, day_argument

if TYPE_CHECKING:
    from glue_jobs.query.saved.metadata import Period


@dataclass(frozen=True)
class QueryDays:
    """``as_of`` replaces current_date; ``since`` and ``until`` are the first and last day of the period, in UTC.

    Without ``since`` or ``until``, the start or end is that of the query's own period on the day ``as_of``.
    """

    as_of: date
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(
        cls, as_of: date | str | None, since: date | str | None, until: date | str | None, period: Period
    ) -> QueryDays:
        """The days for a caller's arguments; a text is a day such as 2024-05-07 or 20240507.

        Without ``as_of``, it is the day on which the query's own ``period`` ends on ``until``, or else today.

        Raises:
            ArgumentError: a text is not a day, or the period ends before it begins.
        """
        first, last = day_argument("since", since), as_of_argument("until", until)
        about = as_of_argument("as-of", as_of) or last or datetime.now(UTC).date()
        # A period of complete days or months ends before the day ``as_of``.
        if as_of is None and last and last < date.max and period.ends_before_today:
            about += timedelta(days=1)
        begin, end, hint = first, last or about, ""
        if first and not last and period.ends_before_today:
            end = _own_day(period.last, about)
            hint = ", the last day of the query's own period; give another one as until"
        if as_of and last and not first:
            begin = _own_day(period.first, about)
            hint = "; since is the first day of the query's own period, give another one"
        if begin and begin > end:
            raise ArgumentError(f"the period ends before it begins: since {begin}, until {end}{hint}")
        return cls(about, first, last)


def _own_day(day: str, today: date) -> date:
    from glue_jobs.query.duckdb.query_engine import QueryEngine

    with QueryEngine({}) as engine:
        ((own,),) = engine.answer(f"SELECT CAST({day} AS date) AS day", today=today).records
    assert isinstance(own, date)
    return own
