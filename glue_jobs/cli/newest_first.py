"""The rows of an answer with the newest day first."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from glue_jobs.query.answer import Answer


def newest_first(answer: Answer) -> Answer:
    """The rows with the newest day first; rows of one day keep their order.

    The first column of dates is the day. Columns before it, such as the length of a period, define groups, which keep
    their order.
    """
    day = next((index for index in range(answer.num_columns) if _has_days(answer.column(index))), None)
    if day is None:
        return answer
    days = [value.toordinal() if value else 0 for value in answer.column(day)]
    groups: dict[tuple[Any, ...], int] = {}
    for record in answer.records:
        groups.setdefault(record[:day], len(groups))
    keys = [(groups[record[:day]], -ordinal) for record, ordinal in zip(answer.records, days, strict=True)]
    return answer.take(sorted(range(answer.num_rows), key=keys.__getitem__))


def _has_days(values: list[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, date) and not isinstance(value, datetime) for value in present)
