"""Name logs of downloads that ended, and buckets whose logs did: later requests are in no number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pyarrow as pa

from glue_jobs.progress import first_names

_LOGS = ("cloudfront_log", "s3_access_log")

# S3 and CloudFront deliver within hours, and the template's alarm waits for three days too.
_ENDED = """
SELECT pipeline, CAST(max(last_event_time) AS date) AS last_day
FROM ingested_object
WHERE pipeline IN {logs}
GROUP BY pipeline
HAVING CAST(max(last_event_time) AS date) < DATE '{day}' - INTERVAL '3' DAY
ORDER BY pipeline
"""

# A bucket may have quiet days. But if it has requests on nearly every day of four weeks, and then none for a week in
# which other buckets have some, it is probably no longer logged. It is named for two months.
_BUCKETS = """
SELECT bucket, last_day
FROM (
    SELECT
        bucket,
        event_date,
        max(event_date) OVER (PARTITION BY bucket) AS last_day,
        max(event_date) OVER () AS newest_day
    FROM {log}
    WHERE event_date >= DATE '{day}' - INTERVAL '90' DAY
        AND event_date <= DATE '{day}'
        AND bucket IS NOT NULL
    GROUP BY bucket, event_date
) AS logged
WHERE last_day < newest_day - INTERVAL '7' DAY
    AND event_date > last_day - INTERVAL '28' DAY
GROUP BY bucket, last_day
HAVING count(*) >= 24
ORDER BY last_day DESC, bucket
"""

# The folders of raw objects, most of which hold the logs of one bucket.
_FOLDERS = """(
    SELECT
        regexp_replace(key, '/((year=)?[0-9]{4}/(month=)?[0-9]{2}/(day=)?[0-9]{2}/.*|[^/]*)$') AS bucket,
        object_day AS event_date
    FROM ingested_object
    WHERE pipeline = 's3_access_log' AND records > 0
) AS objects"""


def ended_folders(run: Callable[[str], pa.Table], day: date) -> Iterator[str]:
    """A sentence if access logs ended in some folders only. It reads the ledger, not the logs, which are large."""
    if folders := run(_BUCKETS.format(log=_FOLDERS, day=day)).to_pylist():
        names = first_names([f"{row['bucket']} (last: {row['last_day']})" for row in folders], "folder")
        yield (
            f"access logs came nearly every day, and no longer come in {names}, while those in other folders do; a"
            " bucket has stopped logging, or logs to another folder now"
        )


def ended_logs(run: Callable[[str], pa.Table], day: date) -> tuple[str, ...]:
    """A sentence for each log that ended before ``day``, and for each that ended for some buckets only.

    ``run`` returns the result of a SELECT.
    """
    sentences = [
        f"The newest request in {row['pipeline']} is of {row['last_day']}: later ones are in no number."
        for row in run(_ENDED.format(logs=_LOGS, day=day)).to_pylist()
    ]
    for log in _LOGS:
        if buckets := run(_BUCKETS.format(log=log, day=day)).to_pylist():
            names = first_names([f"{row['bucket']} (last: {row['last_day']})" for row in buckets], "bucket")
            sentences.append(
                f"After requests on nearly every day, {log} has none for {names}. If the logs of a bucket have ended,"
                " later requests are in no number."
            )
    return (*sentences,)
