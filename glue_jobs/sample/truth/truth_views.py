"""Views of the sample as a correct lake has it: requests of readers, events, reads, stored objects; and their usage."""

from __future__ import annotations

from glue_jobs.sample.database import Database
from glue_jobs.sample.files.cloudfront_files import HEADER_BYTES, MACROS, TAKEN_MS

VIEWS = """
CREATE VIEW asked AS
SELECT * REPLACE (CASE WHEN has_key THEN account END AS account, CASE WHEN has_key THEN repository END AS repository,
        -- CloudFront logs the size of an object with whole answers only, and headers with what broke off.
        CASE WHEN is_viewed AND status = 200 THEN least(bytes_sent + {headers}, object_size)
            ELSE greatest(bytes_sent, 0) END AS bytes_sent,
        CASE WHEN NOT is_viewed OR status = 200 THEN object_size END AS object_size),
    CASE WHEN is_from_aws THEN region_country ELSE address_country END AS country,
    CASE WHEN is_from_aws THEN 'AWS/' || source_region ELSE address_place END AS place,
    CASE WHEN is_from_aws THEN 'aws' ELSE address_network END AS network,
    operation_name LIKE '%.GET.OBJECT' AND status IN (200, 206) AS is_served_get,
    operation_name = 'REST.GET.OBJECT' AND status = 200 OR is_viewed AND result_type IN ('Hit', 'Miss') AND status = 200
        AS is_complete_get,
    error_code IS NOT NULL AS has_failed
FROM (
    -- S3 has logged the Region of readers in AWS since lines have 27 fields. GitHub's file stands before that of AWS.
    SELECT *, operation_name = 'CLOUDFRONT.GET.OBJECT' AS is_viewed,
        result_type(status, is_hit, bytes_sent, object_size) AS result_type, source_region <> '' AND fields >= 27
        AND NOT is_viewed AND address_network IS DISTINCT FROM 'github' AS is_from_aws
    FROM action
) WHERE (in_access_log = 1 OR is_viewed) AND NOT is_ambiguous;

CREATE VIEW logged AS FROM asked WHERE NOT is_viewed;

-- What CloudFront asked the bucket for whose distribution has logs was asked by a reader before.
CREATE VIEW asked_by_readers AS FROM asked WHERE NOT (NOT is_viewed AND is_cloudfront AND bucket_name = 'example-maps');

CREATE VIEW recorded_event AS
SELECT * REPLACE (greatest(bytes_sent, 0) AS bytes_sent),
    coalesce(subscriber_account_id <> 'anonymous', false) AS has_account
FROM action WHERE event_name <> '' AND event_source = 's3.amazonaws.com';

-- Each request once: neither the event of the account that asked nor a correction is another one.
CREATE VIEW event AS FROM recorded_event WHERE recorded_by = bucket AND corrects IS NULL;

-- A read: served GETs of one version of an object by one requester on one day without a pause of more than 30 minutes
-- after a response. S3 logs when a response began, CloudFront when it ended. CloudFront's GETs of S3 name no reader:
-- each of a whole object is a read, and those of ranges are joined by the address of CloudFront (edge).
CREATE VIEW object_read AS
SELECT strftime(moment(min(time)), '%Y-%m') AS month, arg_min(country, (time, country)) AS country,
    arg_min(place, (time, place)) AS place, arg_min(network, (time, network)) AS network, account, repository, identity,
    any_value(is_robot) AS is_robot, any_value(is_own) AS is_own,
    coalesce(sum(bytes_sent) * 20 >= max(object_size) * 19, false) AS is_download
FROM (SELECT *, sum(begins) OVER (PARTITION BY identity, edge, object, names_version ORDER BY time) AS number
    FROM (SELECT *, CASE WHEN edge IS NOT NULL AND status = 200 THEN 1
        WHEN begun_ms - max(ended_ms) OVER (PARTITION BY identity, edge, object, names_version, time // 86400
            ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) <= 1800000 THEN 0 ELSE 1 END AS begins
        FROM (SELECT *, CASE WHEN identity IS NULL THEN requester END AS edge,
            time * 1000 - CASE WHEN is_viewed THEN {taken_ms} ELSE 0 END AS begun_ms,
            time * 1000 + CASE WHEN is_viewed THEN 0 ELSE total_ms END AS ended_ms
            FROM asked_by_readers WHERE is_served_get)))
GROUP BY account, repository, identity, edge, object, names_version, number;

-- What every inventory's two latest complete snapshots list as current: age 1 is the latest. An inventory of a prefix
-- repeats what one with a shorter prefix lists.
CREATE VIEW stored AS
WITH aged AS (
    SELECT *, row_number() OVER (PARTITION BY inventory ORDER BY begun DESC) AS age
    FROM snapshot
    WHERE complete AND NOT EXISTS (SELECT 1 FROM snapshot AS wider WHERE wider.bucket = snapshot.bucket
        AND wider.filter <> snapshot.filter AND starts_with(snapshot.filter, wider.filter))
)
SELECT aged.bucket, bucket_name, age, version.* EXCLUDE bucket, listed.storage_class, string_split(key, '/') AS parts
FROM aged JOIN buckets USING (bucket) JOIN listed USING (snapshot) JOIN version ON listed.version = version.number
WHERE is_current AND age <= 2
"""


def make_truth_views(database: Database) -> None:
    """Create the views that the questions of the truth query."""
    database.execute(MACROS)
    database.execute(VIEWS.format(headers=HEADER_BYTES, taken_ms=TAKEN_MS))


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
