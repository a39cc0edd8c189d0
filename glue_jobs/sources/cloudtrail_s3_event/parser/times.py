"""The times of events: the documented form is read for many events at once, any other form one by one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Ints

# The form that CloudTrail writes.
_DOCUMENTED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_FORM = "0000-00-00T00:00:00Z"
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
    if _all_documented(texts):
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
    return _DOCUMENTED.fullmatch(text) is not None


def _all_documented(times: pa.StringArray) -> bool:
    """Whether all times have that form, apart from the digits. Arrow's cast checks these, but accepts other forms."""
    if times.null_count or pc.any(pc.not_equal(pc.binary_length(times), len(_FORM))).as_py():
        return False
    _, offsets, data = times.buffers()
    first = np.frombuffer(offsets, np.int32)[times.offset]
    letters = np.frombuffer(data, np.uint8)[first : first + len(times) * len(_FORM)].reshape(-1, len(_FORM))
    return all((letters[:, place] == ord(sign)).all() for place, sign in enumerate(_FORM) if sign != "0")
