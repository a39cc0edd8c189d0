"""Report requests to CloudFront that are in no number: their bucket, method or status is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from glue_jobs.progress import counted, first_names
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables

# Requests that CloudFront refused because it could not read them have no method either.
_UNKNOWN = """
SELECT lacks_fields, coalesce(cs_host, '(logs without cs(Host))') AS distribution, count(*) AS requests
FROM (
    SELECT bucket, cs_host, sc_status IS NULL OR (cs_method IS NULL AND sc_status < 400) AS lacks_fields
    FROM cloudfront_log
    WHERE event_date >= {first}
        AND event_date <= {last}
) AS logged
WHERE bucket IS NULL
    OR lacks_fields
GROUP BY 1, 2
ORDER BY 1, 3 DESC, 2
"""
# By lacks_fields.
_REASONS = {
    False: (
        "the bucket behind it is unknown. The configuration can name it for new requests (distributions, by cs(Host))."
    ),
    True: (
        "they have no cs-method or no sc-status. The distribution's logging can include both fields for new requests."
    ),
}


def uncounted_requests(
    records: Callable[[str], Sequence[tuple[Any, ...]]],
    query: SavedQuery,
    day: date,
    since: date | None = None,
    until: date | None = None,
) -> tuple[str, ...]:
    """A sentence for each reason that is true of requests in the days of the query, as of ``day``.

    ``records`` returns the rows of a SELECT as tuples. Arrow would slow quick queries down.
    """
    if "cloudfront_log" not in base_tables(query.metadata.reads):
        return ()
    first, last = query.period_days(day, since, until)
    found = records(_UNKNOWN.format(first=first, last=last))
    # Queries on CloudFront alone count requests without a bucket too.
    reasons = {True: _REASONS[True]} if query.name.startswith("cloudfront/") else _REASONS
    rows = {reason: [row[1:] for row in found if row[0] == reason] for reason in reasons}
    return tuple(
        f"No number includes {counted(sum(count for _, count in rows[reason]), 'request')} that CloudFront logged for"
        f" {first_names([name for name, _ in rows[reason]], 'distribution')}, because {text}"
        for reason, text in reasons.items()
        if rows[reason]
    )
