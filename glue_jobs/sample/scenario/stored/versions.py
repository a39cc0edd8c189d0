"""The stored versions of every object, each with its first and last time.

Every object that is read is stored; most stored objects are never read.
"""

from __future__ import annotations

import pyarrow as pa

from glue_jobs.sample.database import Database, create_table
from glue_jobs.sample.scenario.publisher import ARCHIVE, MAPS, REPOSITORIES, TIDES

UNREAD_AT_SCALE_ONE, FEWEST_UNREAD = 700, 36
"""The number of objects in each data set that nobody reads."""

# Keys whose second part is a file, empty, missing, or a name that CSV must quote; twins tie in every order by size.
AWKWARD_KEYS = (
    (TIDES, "favicon.ico", 4_286),
    (TIDES, "READ ME.txt", 900),
    (TIDES, "harbor-lab/README.md", 5_120),
    (TIDES, "rivers/terms, conditions.pdf", 88_000),
    (TIDES, "rivers//orphan.csv", 7_000),
    (TIDES, "harbor-lab//", 0),
    (TIDES, "rivers/discharge/", 0),
    (TIDES, "twin-a/data/values.bin", 2_147_483_648),
    (TIDES, "twin-b/data/values.bin", 2_147_483_648),
    (TIDES, "twin-b/more/values.bin", 0),
    (MAPS, "index.html", 1_500),
    (MAPS, "openmaps/LICENSE", 11_358),
    (MAPS, "openmaps//tile.png", 3_000),
    (MAPS, "twin-c/data/values.bin", 2_147_483_648),
    (ARCHIVE, 'old surveys/"North", & South/plan 100%+.pdf', 41_000_000),
    (ARCHIVE, "old surveys/notes/line one\nline two.txt", 120),
    (ARCHIVE, "old surveys/литораль/обзор.tif", 930_000_000),
    (ARCHIVE, "old surveys/it's a+b=c?/x%2Fy.csv", 64_000),
    (ARCHIVE, "old surveys/naïve \N{WHALE}/emoji.csv", 64_000),
    (ARCHIVE, "manifest of 2019.txt", 12_345),
)

# Objects without requests: of twelve objects one is new, one is deleted, one is rewritten (half of these keep their
# size), and one is a copy of the one before. ``turn``, the time of the change, is in one of the last four weeks.
UNREAD = """
CREATE TABLE unread AS
SELECT bucket, concat(prefix, 1990 + n % 36, '/part-', lpad(CAST(n AS VARCHAR), 6, '0'), '.bin') AS key,
    n, n % 12 AS life, stored_before(prefix, n, 1800) AS since,
    CAST($last - n // 12 % 4 * 604800 - 86400 * (1 + 5 * chance(prefix, n)) AS BIGINT) AS turn,
    concat(prefix, CASE n % 12 WHEN 5 THEN n - 1 ELSE n END) AS content,
    greatest(1, CAST(size * exp(0.8 * bell(prefix, CASE n % 12 WHEN 5 THEN n - 1 ELSE n END)) AS BIGINT)) AS size
FROM (SELECT *, unnest(range(objects)) AS n FROM collection)
"""

# First the objects from before the first request, some of them from before versioning; then the changes by requests and
# lifecycle rules.
CHANGES = """
CREATE TABLE change AS
WITH asked_for AS (SELECT *, object_bucket AS bucket, stored_before('asked', object, 700) AS since FROM objects),
changes AS (
    SELECT bucket, key, since - 63115200 AS time, 'put' AS change, size // 2 + 1 AS size, key || ' once' AS content,
        'STANDARD' AS storage_class, NULL AS version_id, NULL AS n, false AS is_multipart
    FROM asked_for WHERE role = 'missing' OR role = 'published' AND object % 7 = 3
    UNION ALL BY NAME
    SELECT bucket, key, since AS time, 'put' AS change, size, key AS content, version_id, 'STANDARD' AS storage_class,
        size > 100000000 AS is_multipart
    FROM asked_for WHERE role = 'published' OR role = 'working' AND object % 2 = 1
    UNION ALL BY NAME
    SELECT bucket, key, since AS time, 'delete' AS change, version_id FROM asked_for WHERE role = 'missing'
    UNION ALL BY NAME
    SELECT 2 AS bucket, key, since + 30 AS time, 'put' AS change, size, key AS content, version_id,
        'GLACIER' AS storage_class, size > 100000000 AS is_multipart
    FROM asked_for WHERE role = 'published' AND prefix IN ('harbor-lab/whale-song/', 'openmaps/satellite-mosaics/')
    UNION ALL BY NAME
    SELECT bucket, key, stored_before('awkward', size, 1800) AS time, 'put' AS change, size, key AS content,
        'STANDARD' AS storage_class FROM awkward
    UNION ALL BY NAME
    SELECT bucket, key, CASE life WHEN 0 THEN turn ELSE since END AS time, 'put' AS change, size, content, n FROM unread
    UNION ALL BY NAME
    SELECT bucket, key, turn AS time, 'delete' AS change, n FROM unread WHERE life = 1
    UNION ALL BY NAME
    SELECT bucket, key, turn AS time, 'put' AS change, size + n // 12 % 2 * 1000 AS size,
        content || ' again' AS content, n
    FROM unread WHERE life = 2
    UNION ALL BY NAME
    SELECT bucket, key, time, CASE
            WHEN operation_name IN ('REST.PUT.OBJECT', 'REST.COPY.OBJECT', 'REST.POST.UPLOAD') THEN 'put'
            WHEN operation_name = 'S3.EXPIRE.OBJECT' THEN 'expire'
            WHEN operation_name = 'S3.TRANSITION_SIA.OBJECT' THEN 'cool' ELSE 'delete' END AS change,
        CASE operation_name WHEN 'REST.POST.UPLOAD' THEN size ELSE object_size END AS size,
        concat(key, ' ', time) AS content, 'STANDARD' AS storage_class,
        operation_name = 'REST.POST.UPLOAD' AS is_multipart
    FROM action WHERE operation_name IN (
        'REST.PUT.OBJECT', 'REST.COPY.OBJECT', 'REST.POST.UPLOAD', 'REST.DELETE.OBJECT', 'BATCH.DELETE.OBJECT',
        'S3.CREATE.DELETEMARKER', 'S3.EXPIRE.OBJECT', 'S3.TRANSITION_SIA.OBJECT')
)
SELECT *, row_number() OVER (ORDER BY bucket, time, key, change DESC, content) AS number FROM changes
"""

# In the bucket without versioning, a put or delete ends the previous version, and expiry ends the current one. With
# versioning, expiry ends noncurrent versions.
VERSIONS = """
CREATE TABLE version AS
WITH written AS (
    SELECT *, bucket <> 1 AS is_versioned, change = 'delete' AS is_delete_marker,
        lead(time) OVER (PARTITION BY bucket, key ORDER BY time, number) AS next_time,
        CASE WHEN is_versioned THEN next_time ELSE time END AS expires_from
    FROM change WHERE change IN ('put', 'delete')
),
expired AS (
    SELECT written.*, expiry.time AS expired
    FROM written ASOF LEFT JOIN (FROM change WHERE change = 'expire') AS expiry
    ON written.bucket = expiry.bucket AND written.key = expiry.key AND written.expires_from <= expiry.time
),
cooled AS (
    SELECT expired.*, cooling.time AS cooled
    FROM expired ASOF LEFT JOIN (FROM change WHERE change = 'cool') AS cooling
    ON expired.bucket = cooling.bucket AND expired.key = cooling.key AND expired.time <= cooling.time
),
kept AS (
    SELECT * REPLACE (CASE WHEN is_versioned AND time > getvariable('start') - 63115200
            THEN coalesce(version_id, random_md5('version', number)) END AS version_id),
        milliseconds(time) AS last_modified_date,
        coalesce(least(expired, CASE WHEN NOT is_versioned THEN next_time END), 9223372036854775807) AS until
    FROM cooled
)
SELECT number, bucket, key, version_id, time, next_time, until, is_delete_marker, last_modified_date,
    size, concat(md5(content), CASE WHEN is_multipart THEN '-5' END) AS e_tag,
    CASE WHEN cooled < coalesce(next_time, cooled + 1) THEN cooled END AS cooled,
    coalesce(storage_class, CASE WHEN time < getvariable('start') - 31557600
        THEN ['GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR', 'STANDARD_IA', 'ONEZONE_IA'][1 + n % 5]
        ELSE ['STANDARD', 'STANDARD', 'STANDARD', 'INTELLIGENT_TIERING', 'REDUCED_REDUNDANCY'][1 + n % 5] END)
        AS written_class,
    coalesce(is_multipart, false) AS is_multipart_uploaded,
    CASE WHEN bucket = 1 THEN NULL WHEN bucket = 2 THEN 'REPLICA' WHEN time < getvariable('start') - 63115200 THEN NULL
        WHEN time >= $last - 86400 THEN 'PENDING' WHEN size % 53 = 0 THEN 'FAILED' ELSE 'COMPLETED' END
        AS replication_status,
    CASE WHEN n % 11 = 7 THEN 'NOT-SSE' WHEN n % 17 = 9 THEN 'SSE-KMS' ELSE 'SSE-S3' END AS encryption_status,
    CASE WHEN time % 3 = 0 THEN milliseconds(4102444800) END AS object_lock_retain_until_date,
    CASE WHEN time % 3 = 0 THEN 'Governance' END AS object_lock_mode,
    CASE WHEN number % 29 = 3 THEN 'On' ELSE 'Off' END AS object_lock_legal_hold_status,
    CASE written_class WHEN 'INTELLIGENT_TIERING'
        THEN ['FREQUENT', 'INFREQUENT', 'ARCHIVE_INSTANT_ACCESS'][1 + number % 3] END
        AS intelligent_tiering_access_tier,
    CASE encryption_status WHEN 'SSE-KMS' THEN 'ENABLED' WHEN 'SSE-S3' THEN 'DISABLED' END AS bucket_key_status,
    ['CRC64NVME', 'SHA256', 'CRC32', NULL][1 + number % 4] AS checksum_algorithm,
    to_base64(encode('{"version":"2022-11-10","status":"AVAILABLE","grants":[]}')) AS object_access_control_list,
    getvariable('owner') AS object_owner,
    CASE WHEN time % 5 = 0 THEN milliseconds(time + 315576000) END AS lifecycle_expiration_date
FROM kept WHERE NOT is_delete_marker
UNION ALL BY NAME
SELECT number, bucket, key, version_id, time, next_time, until, is_delete_marker, last_modified_date
FROM kept WHERE is_delete_marker AND is_versioned
"""

MACROS = """
CREATE MACRO milliseconds(seconds) AS CAST(moment(seconds) AS TIMESTAMP_MS);
CREATE MACRO stored_before(name, number, days) AS CAST(
    getvariable('start') - 86400 * (30 + (days - 30) * chance(name, number)) AS BIGINT);
"""


def make_versions(database: Database, last: int, scale: float) -> None:
    """Create the table ``version``: object versions and delete markers, each stored from ``time`` until ``until``.

    The last snapshots are of about ``last``, in seconds since 1970. ``scale`` 1 is about 13,000 objects. A version is
    current until ``next_time``; from ``cooled`` on, a lifecycle rule has moved it to another storage class.
    """
    unread = max(FEWEST_UNREAD, int(UNREAD_AT_SCALE_ONE * scale))
    collections = [(each.bucket, f"{each.prefix}history/", each.size, unread) for each in REPOSITORIES]
    collections.append((ARCHIVE, "old surveys/soundings/", 25_000_000, 3 * unread))
    for table, names, rows in (
        ("collection", ("bucket", "prefix", "size", "objects"), collections),
        ("awkward", ("bucket", "key", "size"), AWKWARD_KEYS),
    ):
        create_table(database, table, pa.table([*map(list, zip(*rows, strict=True))], names))
    database.execute(MACROS)
    database.execute(UNREAD, {"last": last})
    database.execute(CHANGES)
    database.execute(VERSIONS, {"last": last})
