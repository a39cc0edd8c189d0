"""The counts of a correct lake, computed from the tables of requests before any raw file is written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from glue_jobs.sample.database import Database
from glue_jobs.sample.truth.truth_views import USAGE, make_truth_views

Row = dict[str, Any]

# Counts of a source by the ledger's names: records = rows + duplicates + rejected + filtered. A record of another
# service that is delivered twice is filtered twice.
LEDGER = """
SELECT count(*) AS records, count(DISTINCT record) FILTER (is_row) AS "rows",
    count(*) FILTER (is_row) - count(DISTINCT record) FILTER (is_row) AS duplicates,
    count(*) FILTER (kind <> 'whole') AS rejected, count(*) FILTER (kind = 'whole' AND NOT is_row) AS filtered
FROM (SELECT record, kind, kind = 'whole' AND event_source = 's3.amazonaws.com' AS is_row
    FROM delivered JOIN action USING (record) WHERE source = '{source}')
"""

FILES = """
SELECT path, count(kind) AS records, count(*) FILTER (kind <> 'whole') AS rejected,
    count(*) FILTER (kind = 'whole' AND event_source <> 's3.amazonaws.com') AS filtered
FROM file LEFT JOIN (FROM delivered JOIN action USING (record)) USING (source, file) WHERE source = '{source}'
GROUP BY path ORDER BY path
"""

STORED = """count(*) AS objects, round(CAST(sum(size) AS DOUBLE) / 1073741824, 2) AS storage_gb,
    round(CAST(sum(size) AS DOUBLE) / count(*) / 1048576, 2) AS avg_object_size_mb,
    strftime(min(last_modified_date), '%Y-%m-%d %H:%M:%S') AS oldest_file,
    strftime(max(last_modified_date), '%Y-%m-%d %H:%M:%S') AS newest_file"""

QUESTIONS = {
    "s3_access_log/totals": """
SELECT count(*) AS "rows", sum(bytes_sent) AS bytes_sent, count_if(is_robot) AS robot_rows, count_if(is_own) AS own_rows
FROM logged
""",
    "s3_access_log/operations": """
SELECT operation_name AS operation, count(*) AS requests FROM logged GROUP BY 1 ORDER BY 1
""",
    **USAGE,
    # A caller of another account has no name in a trail, so only account and address make a row the publisher's own. S3
    # itself, with its own user agent, deletes the keys of a DeleteObjects.
    "cloudtrail_s3_event/totals": """
SELECT count(*) AS "rows", sum(bytes_sent) FILTER (NOT is_management AND NOT is_corrected) AS bytes_out,
    count_if(is_own_in_trail) AS own_rows, count_if(is_robot AND event_type <> 'AwsServiceEvent') AS robot_rows
FROM recorded_event
""",
    # Callers with an account, management events included.
    "cloudtrail_s3_event/events": """
SELECT month, event_name, count(*) AS events FROM event WHERE has_account GROUP BY ALL ORDER BY ALL
""",
    "cloudtrail_s3_event/unique_subscribers": """
SELECT month, count(DISTINCT subscriber_account_id) AS unique_subscribers
FROM event WHERE has_account GROUP BY month ORDER BY month
""",
    # A copy counts as a request for its source object.
    "cloudtrail_s3_event/usage": """
SELECT month, subscriber_account_id, count(*) AS requests, count(error_code) AS errors, count_if(is_get) AS gets,
    sum(bytes_sent) AS bytes_out, count(DISTINCT asked_for) FILTER (is_get) AS unique_objects
FROM (
    SELECT *, CASE WHEN copy_of >= 0 THEN copy_of ELSE object END AS asked_for,
        (event_name = 'GetObject' OR copy_of >= 0) AND error_code IS NULL AS is_get
    FROM event
    WHERE NOT is_management
)
GROUP BY month, subscriber_account_id ORDER BY ALL
""",
    "cloudtrail_s3_event/data_sets": """
SELECT CASE WHEN grouping(caller) = 0 THEN 'subscriber' ELSE 'repository' END AS level, account, repository,
    coalesce(caller, '(all)') AS subscriber_account_id, count(*) AS requests, count_if(is_get) AS gets,
    sum(bytes_sent) AS bytes_out, count(DISTINCT asked_for) FILTER (is_get) AS unique_objects
FROM (
    SELECT CASE WHEN has_key THEN objects.account END AS account,
        CASE WHEN has_key THEN objects.repository END AS repository, bytes_sent, objects.object AS asked_for,
        coalesce(subscriber_account_id, '(none)') AS caller, event_name = 'GetObject' OR copy_of >= 0 AS is_get
    FROM event JOIN objects ON objects.object = CASE WHEN copy_of >= 0 THEN copy_of ELSE event.object END
    WHERE error_code IS NULL AND NOT is_management
)
GROUP BY GROUPING SETS ((account, repository, caller), (account, repository)) ORDER BY ALL
""",
    "cloudtrail_s3_event/denied": """
SELECT month, subscriber_account_id, event_name, count(*) AS denied_requests
FROM event WHERE error_code = 'AccessDenied' AND NOT is_management GROUP BY ALL ORDER BY ALL
""",
    "cloudtrail_s3_event/anonymous": """
SELECT month, count(*) AS requests, count_if(subscriber_account_id = 'anonymous') AS anonymous_requests,
    count_if(subscriber_account_id IS NULL) AS requests_without_account, sum(bytes_sent) AS bytes_out,
    sum(bytes_sent) FILTER (subscriber_account_id = 'anonymous') AS anonymous_bytes_out
FROM event WHERE NOT is_management GROUP BY month ORDER BY month
""",
    "cloudfront_log/totals": """
SELECT count(*) AS "rows", sum(sc_bytes(bytes_sent)) AS sc_bytes, count_if(is_robot) AS robot_rows,
    count_if(is_own) AS own_rows
FROM action WHERE operation_name = 'CLOUDFRONT.GET.OBJECT'
""",
    "cloudfront_log/usage": """
SELECT month, account, repository, count(*) AS requests, count_if(is_complete_get) AS complete_gets,
    count_if(is_served_get) AS served_gets, sum(sc_bytes(action.bytes_sent)) AS bytes_sent,
    count(DISTINCT identity) AS unique_requesters, count_if(result_type = 'Hit') AS hits,
    count_if(result_type = 'Miss') AS misses
FROM asked JOIN (SELECT record, bytes_sent FROM action) AS action USING (record)
WHERE is_viewed AND NOT has_failed GROUP BY ALL ORDER BY ALL
""",
    "s3_inventory_object/ledger": """
SELECT count(*) AS records, count(*) AS "rows", 0 AS duplicates, 0 AS rejected, 0 AS filtered
FROM listed JOIN snapshot USING (snapshot) WHERE complete
""",
    "s3_inventory_object/snapshots": """
SELECT bucket_name AS source_bucket, inventory_id, iso(begun) AS snapshot_time, manifest, complete, count(*) AS "rows",
    count_if(is_current) AS objects, coalesce(sum(size) FILTER (is_current), 0) AS bytes,
    count_if(NOT is_current AND NOT is_delete_marker) AS noncurrent_objects,
    coalesce(sum(size) FILTER (NOT is_current), 0) AS noncurrent_bytes, count_if(is_delete_marker) AS delete_markers
FROM snapshot JOIN buckets USING (bucket) JOIN listed USING (snapshot) JOIN version ON listed.version = version.number
GROUP BY ALL ORDER BY manifest
""",
    "s3_inventory_object/accounts": f"""
SELECT parts[1] AS account, count(DISTINCT parts[2]) AS repositories, {STORED}
FROM stored WHERE age = 1 AND len(parts) > 1 GROUP BY 1 ORDER BY storage_gb DESC, account
""",
    "s3_inventory_object/repositories": f"""
SELECT parts[1] AS account, parts[2] AS repository, {STORED}
FROM stored WHERE age = 1 AND len(parts) > 2 GROUP BY 1, 2 ORDER BY storage_gb DESC, account, repository
""",
    "s3_inventory_object/summary": """
WITH total AS (
    SELECT CAST(count(DISTINCT parts[1]) AS VARCHAR) AS accounts,
        CAST(count(DISTINCT parts[1:2]) AS VARCHAR) AS repositories, CAST(count(*) AS VARCHAR) AS objects,
        CAST(round(CAST(sum(size) AS DOUBLE) / 1099511627776, 2) AS VARCHAR) AS terabytes
    FROM stored WHERE age = 1 AND len(parts) > 2
)
SELECT unnest(['Total Accounts', 'Total Repositories', 'Total Objects', 'Total Storage (TB)']) AS metric,
    unnest([accounts, repositories, objects, terabytes]) AS value
FROM total
""",
    "s3_inventory_object/growth": """
SELECT bucket_name AS source_bucket, count_if(before.key IS NULL) AS added_objects,
    coalesce(sum(after.size) FILTER (before.key IS NULL), 0) AS added_bytes,
    count_if(after.key IS NULL) AS removed_objects,
    coalesce(sum(before.size) FILTER (after.key IS NULL), 0) AS removed_bytes,
    count_if(before.number <> after.number) AS rewritten_objects,
    coalesce(sum(after.size) FILTER (before.number <> after.number), 0) AS rewritten_bytes
FROM (FROM stored WHERE age = 2) AS before FULL JOIN (FROM stored WHERE age = 1) AS after USING (bucket_name, key)
GROUP BY 1 ORDER BY 1
""",
    # A read is a GET with status 200, 206 or 304 on any day, or a copy of the object. A data set is two named folders.
    # The audience are readers that at least one of the two logs does not identify as robots or the publisher's own.
    "s3_inventory_object/unread": """
WITH was_read AS (
    SELECT bucket, key, bool_or(NOT is_robot AND NOT (is_own AND (is_own_in_trail OR NOT (
        event_name = 'GetObject' OR operation_name LIKE 'REST.COPY.%_GET')))) AS by_audience
    FROM action
    WHERE operation_name LIKE 'REST.COPY.%_GET'
        OR operation_name LIKE '%.GET.OBJECT' AND status IN (200, 206, 304)
    GROUP BY 1, 2
)
SELECT CASE WHEN len(parts) > 1 THEN nullif(parts[1], '') END AS account,
    CASE WHEN len(parts) > 2 THEN nullif(parts[2], '') END AS repository, storage_class, count(*) AS objects,
    sum(size) AS bytes, count_if(by_audience IS NULL) AS unread_objects,
    coalesce(sum(size) FILTER (by_audience IS NULL), 0) AS unread_bytes,
    count_if(NOT coalesce(by_audience, false)) AS audience_unread_objects,
    coalesce(sum(size) FILTER (NOT coalesce(by_audience, false)), 0) AS audience_unread_bytes
FROM stored LEFT JOIN was_read USING (bucket, key) WHERE age = 1 GROUP BY ALL ORDER BY ALL
""",
}


@dataclass(frozen=True)
class Truth:
    """The truth about a sample: answers by question, each a list of rows.

    ``SOURCE/ledger`` has the counts of the whole source, ``SOURCE/files`` those of every raw object by its path below
    ``raw/SOURCE``, ``SOURCE/skipped`` the paths of files there that are not raw objects. ``QUESTIONS`` has the other
    questions and the meaning of their columns.
    """

    seed: int
    scale: float
    first_day: str
    last_day: str
    answers: dict[str, list[Row]]

    def rows(self, question: str) -> list[Row]:
        """The answer; KeyError for an unknown question."""
        return self.answers[question]

    def row(self, question: str) -> Row:
        """The answer that is a single row."""
        (row,) = self.answers[question]
        return row

    def to_json(self) -> str:
        """The truth as a JSON text; the same truth always gives the same text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def ask(database: Database) -> dict[str, list[Row]]:
    """The answers to all questions, from the tables that ``write_sample`` creates."""
    make_truth_views(database)
    both = {
        f"{source}/{name}": sql.format(source=source)
        for source in ("s3_access_log", "cloudtrail_s3_event", "cloudfront_log")
        for name, sql in (("ledger", LEDGER), ("files", FILES))
    }
    return {question: _rows(database, sql) for question, sql in (both | QUESTIONS).items()}


def _rows(database: Database, sql: str) -> list[Row]:
    answer = database.sql(sql)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
