"""The times of events: the documented form is read for many events at once, any other form one by one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Ints

# The form that CloudTrail writes.
_DOCUMENTED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
# Forms of tools that store events in tables. A time without a zone is UTC.
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_YEARS = range(1970, 2200)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_END = (datetime(_YEARS.stop, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def documented_times(texts: pa.StringArray) -> Ints:
    """Microseconds since 1970; negative for another form, a time that does not exist, and years from 2200 on."""
    # Arrow's cast accepts other forms too.
    if pc.all(pc.match_substring_regex(texts, _DOCUMENTED), skip_nulls=False).as_py():
        try:
            times: Ints = texts.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            pass
        else:
            if (times < _END).all():
                return times
    each = [any_time(text) if is_documented(text or "") else -1 for text in texts.to_pylist()]
    return np.array(each, np.int64)


def any_time(text: str | None) -> int:
    """Microseconds since 1970; -1 for a text that is not a time of the years 1970 to 2199."""
    if not text or not _TIME.fullmatch(text):
        return -1
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return -1
    return (time - _EPOCH) // _MICROSECOND if time.year in _YEARS else -1


def is_documented(text: str) -> bool:
    """Whether a time has the form ``2023-07-10T11:45:00Z``."""
    return re.fullmatch(_DOCUMENTED, text) is not None
