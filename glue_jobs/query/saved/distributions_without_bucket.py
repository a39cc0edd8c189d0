"""Report CloudFront distributions whose bucket is unknown: their readers are in no number on access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from glue_jobs.progress import counted, first_names
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables

_UNKNOWN = """
SELECT coalesce(cs_host, '(logs without cs(Host))') AS distribution, count(*) AS requests
FROM cloudfront_log
WHERE event_date >= {first}
    AND event_date <= {last}
    AND bucket IS NULL
GROUP BY 1
ORDER BY 2 DESC, 1
"""


def distributions_without_bucket(
    records: Callable[[str], Sequence[tuple[Any, ...]]],
    query: SavedQuery,
    day: date,
    since: date | None = None,
    until: date | None = None,
) -> tuple[str, ...]:
    """A sentence on a query about readers of buckets, as of ``day``.

    ``records`` returns the rows of a SELECT as tuples. Arrow would slow quick queries down.
    """
    if query.name.startswith("cloudfront/") or "cloudfront_log" not in base_tables(query.metadata.reads):
        return ()
    first, last = query.period_days(since, until)
    found = records(_UNKNOWN.format(first=first, last=last).replace("current_date", f"DATE '{day}'"))
    if not found:
        return ()
    requests = counted(sum(count for _, count in found), "request")
    names = first_names([distribution for distribution, _ in found], "distribution")
    return (
        f"No number includes {requests} that CloudFront logged for {names}, because the bucket behind it is unknown."
        " The configuration can name it for new requests (distributions, by cs(Host)).",
    )
