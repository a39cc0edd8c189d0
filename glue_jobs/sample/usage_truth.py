"""The truth about requests and downloads, by month and data set, and by country, place and network within these."""

from __future__ import annotations

# Successful requests by month and data set, for all traffic and its parts. The audience excludes robots, the
# publisher's own traffic and S3 itself. A read belongs to the place where it began. S3 itself has no place.
_SQL = """
WITH measured AS (
    SELECT month, account, repository, country, place, network, is_robot, is_own,
        operation_name LIKE 'S3.%' AS is_by_s3, identity AS requester,
        CASE WHEN is_served_get THEN identity END AS reader, 1 AS requests, bytes_sent,
        CAST(is_complete_get AS INT) AS complete_gets,
        CAST(is_served_get AS INT) AS served_gets, 0 AS logical_downloads, 0 AS partial_reads
    FROM asked_by_readers WHERE NOT has_failed
    UNION ALL BY NAME
    SELECT month, account, repository, country, place, network, is_robot, is_own, false AS is_by_s3,
        0 AS requests, 0 AS bytes_sent,
        0 AS complete_gets, 0 AS served_gets, CAST(is_download AS INT) AS logical_downloads,
        CAST(NOT is_download AS INT) AS partial_reads
    FROM object_read
)
SELECT traffic, {groups}, sum(requests) AS requests, sum(complete_gets) AS complete_gets,
    sum(served_gets) AS served_gets, sum(logical_downloads) AS logical_downloads, sum(partial_reads) AS partial_reads,
    sum(bytes_sent) AS bytes_sent, count(DISTINCT requester) AS unique_requesters,
    count(DISTINCT reader) AS unique_readers
FROM {rows} JOIN (VALUES {parts}) AS part(traffic) ON CASE traffic
    WHEN 'robots' THEN is_robot WHEN 'own' THEN is_own WHEN 'audience' THEN NOT (is_robot OR is_own OR is_by_s3)
    ELSE true END
GROUP BY ALL ORDER BY ALL
"""

_WITH_ALL_TOGETHER = """(FROM measured UNION ALL
    SELECT * REPLACE ('(all)' AS account, '(all)' AS repository) FROM measured) AS measured"""

USAGE = {
    "s3_access_log/usage": _SQL.format(
        groups="month, account, repository", rows="measured", parts="('all'), ('robots'), ('own'), ('audience')"
    ),
    **{
        f"s3_access_log/{name}": _SQL.format(
            groups=f"month, account, repository, {column}", rows=_WITH_ALL_TOGETHER, parts="('all'), ('audience')"
        )
        for name, column in (
            ("countries", "coalesce(country, '(unknown)') AS country"),
            ("places", "coalesce(place, 'unknown') AS place"),
            ("networks", "coalesce(network, 'other') AS network"),
        )
    },
}
"""The SQL of questions, by name."""
