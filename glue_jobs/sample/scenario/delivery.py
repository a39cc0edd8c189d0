"""The delivery of records: grouped into files, late, sometimes twice, sometimes damaged.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from glue_jobs.sample.database import Database
from glue_jobs.sample.scenario.publisher import DISTRIBUTION

RECORDS_PER_BATCH = 100_000
"""The number of records written at a time, which bounds the memory."""
RECORDS_PER_TRAIL_FILE = 20_000

# The records of a stream are delivered together every slot_seconds, after a delay whose logarithm has the mean
# ``delay``. Repeated records are delivered again within repeat_slots. Streams of access logs: 0 is the first bucket,
# others are days of the second. Streams of the trail: the bucket, which stands for Region and account, plus 3 if the
# organization's trail delivers. Streams of CloudFront: versions of its logs, from 0. A CloudTrail file has at most
# 50 MB before compression.
SCHEDULES = """
CREATE TABLE schedule AS FROM (VALUES
    ('s3_access_log', 5400, 8.3, 5, 1000000),
    ('cloudtrail_s3_event', 10800, 5.7, 160, $records_per_file),
    ('cloudfront_log', 3600, 6.0, 24, 1000000)
) AS schedule(source, slot_seconds, delay, repeat_slots, records_per_file)
"""

# The publisher's own trail delivers first and the organization's trail later; in between, both do. The fullest log of
# each bucket is delivered twice, under two names: the second is in a stream whose number is a million larger.
DELIVERED = """
CREATE TABLE delivered AS
WITH recorded AS (
    SELECT 's3_access_log' AS source, record, time, CASE bucket WHEN 0 THEN 0 ELSE time // 86400 END AS stream,
        is_ambiguous, false AS is_correction
    FROM action WHERE in_access_log = 1
    UNION ALL
    SELECT 'cloudtrail_s3_event', record, time, recorded_by, false, corrects IS NOT NULL
    FROM action WHERE event_name <> ''
    UNION ALL
    SELECT 'cloudfront_log', record, time, CASE WHEN time < $handover THEN 0 ELSE 1 END, false, false
    FROM action WHERE operation_name = 'CLOUDFRONT.GET.OBJECT'
),
arrival AS (
    SELECT *, record % 500 = 3 OR is_correction AS is_late, ($end + 43200) // slot_seconds AS last_slot,
        CASE WHEN is_late THEN 86400 * (1 + 8 * chance('late', record)) ELSE 0 END AS late_seconds,
        time + late_seconds + exp(delay + 0.5 * bell(source, record)) AS arrives,
        least(last_slot, CAST(floor(arrives / slot_seconds) AS BIGINT)) AS slot,
        CASE WHEN is_ambiguous THEN 'ambiguous' ELSE 'whole' END AS kind
    FROM recorded JOIN schedule USING (source)
),
repeated AS (
    FROM arrival
    UNION ALL
    SELECT * REPLACE (greatest(slot + 1, least(last_slot, slot + 1
        + CAST(floor(repeat_slots * chance('slot', record)) AS BIGINT))) AS slot)
    FROM arrival WHERE record % 333 = 7
    UNION ALL
    SELECT * REPLACE ('damaged' AS kind)
    FROM arrival WHERE record % CASE source WHEN 'cloudfront_log' THEN 30 ELSE 1500 END = 11
),
by_account AS (
    SELECT * REPLACE (
        CASE WHEN source <> 'cloudtrail_s3_event' OR is_own AND slot <= handover THEN stream ELSE stream + 3 END
            AS stream)
    FROM (SELECT *, $handover // slot_seconds AS handover, stream <> 2 AS is_own FROM repeated)
),
fullest AS (
    SELECT slot, stream
    FROM (SELECT slot, stream, count(*) AS records FROM by_account WHERE source = 's3_access_log' GROUP BY ALL)
    -- Of files with the same number of records it is always the same one.
    QUALIFY row_number() OVER (PARTITION BY stream = 0 ORDER BY records DESC, slot, stream) = 1
),
in_streams AS (
    FROM by_account
    UNION ALL
    SELECT * REPLACE (stream + 3 AS stream)
    FROM by_account WHERE source = 'cloudtrail_s3_event' AND is_own AND slot = handover
    UNION ALL
    SELECT * REPLACE (1 AS stream)
    FROM by_account WHERE source = 'cloudfront_log' AND stream = 0 AND time >= $handover - 604800
    UNION ALL
    SELECT by_account.* REPLACE (stream + 1000000 AS stream)
    FROM by_account JOIN fullest USING (slot, stream) WHERE source = 's3_access_log'
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY source, slot, stream
        ORDER BY CASE source WHEN 's3_access_log' THEN time ELSE chance('place', record) END, record, kind) - 1 AS place
    FROM in_streams
)
SELECT source, record, kind, is_late, slot_seconds, slot, stream, place,
    dense_rank() OVER (PARTITION BY source ORDER BY slot, stream, place // records_per_file) - 1 AS file
FROM placed
"""

# One file is truncated: the first, from number 12 on, with more than two records and an undamaged S3 event at its
# start. It ends after half a copy of its first record, so no record is lost.
CUT = """
INSERT INTO delivered
WITH trail AS (FROM delivered JOIN action USING (record) WHERE source = 'cloudtrail_s3_event'),
fitting AS (
    SELECT file FROM trail GROUP BY file HAVING file >= 12 AND count(*) > 2
    AND arg_min(kind = 'whole' AND event_source = 's3.amazonaws.com', place)
)
SELECT * REPLACE ('cut' AS kind, 1000000 AS place) FROM delivered
WHERE source = 'cloudtrail_s3_event' AND file = (SELECT min(file) FROM fitting) AND place % $records_per_file = 0
"""

FILES = """
CREATE TABLE file AS
WITH files AS (
    SELECT source, file, any_value(stream) AS stream, count(*) AS records, (any_value(slot) + 1)
        * any_value(slot_seconds) + CAST(floor(600 * chance(source, file)) AS BIGINT) AS delivered_at
    FROM delivered GROUP BY source, file
    UNION ALL
    SELECT source, max(file) + 1, 0, 0, (max(slot) + 1) * any_value(slot_seconds)
    FROM delivered WHERE source = 's3_access_log' GROUP BY source
)
SELECT source, file, delivered_at, sum(records) OVER (PARTITION BY source ORDER BY file) // $records_per_batch AS batch,
    CASE
        WHEN source = 's3_access_log' AND stream % 1000000 = 0 THEN
            concat('logs/', bucket_name, strftime(moment(delivered_at), '/%Y-%m-%d-%H-%M-%S-'), unique_part)
        WHEN source = 's3_access_log' THEN concat('partitioned/', trail_account, '/', region, '/', bucket_name,
            strftime(moment(stream % 1000000 * 86400), '/%Y/%m/%d/%Y-%m-%d-00-00-00-'), unique_part)
        WHEN source = 'cloudfront_log' THEN concat(CASE stream WHEN 0 THEN 'cdn/'
            ELSE concat('AWSLogs/', trail_account, '/CloudFront', strftime(moment(hour), '/%Y/%m/%d/')) END,
            $distribution, strftime(moment(hour), '.%Y-%m-%d-%H.'), lower(unique_part[:8]), '.gz')
        ELSE concat('AWSLogs/', CASE WHEN stream > 2 THEN 'o-exampleorgid/' END, trail_account, '/CloudTrail/', region,
            strftime(moment(delivered_at), '/%Y/%m/%d/'), trail_account, '_CloudTrail_', region,
            strftime(moment(delivered_at - delivered_at % 300), '_%Y%m%dT%H%MZ_'), unique_part, '.json.gz')
    END AS path
FROM (SELECT *, random_hex(source, file) AS unique_part, delivered_at - 3600 AS hour, CASE WHEN
    source = 'cloudfront_log' THEN 1 WHEN source = 'cloudtrail_s3_event' THEN stream % 3
    WHEN stream % 1000000 = 0 THEN 0 ELSE 1 END AS bucket FROM files)
JOIN buckets USING (bucket)
"""


def deliver(database: Database, end: int, handover: int) -> None:
    """Create the tables ``delivered`` (a row per record in a file) and ``file`` (a row per raw object).

    All requests are before ``end``. At ``handover`` the organization's trail takes over from the publisher's own, and
    CloudFront's logs of version 2 from those of version 1. Both are in seconds since 1970.
    """
    database.execute(SCHEDULES, {"records_per_file": RECORDS_PER_TRAIL_FILE})
    database.execute(DELIVERED, {"end": end, "handover": handover})
    database.execute(CUT, {"records_per_file": RECORDS_PER_TRAIL_FILE})
    database.execute(FILES, {"records_per_batch": RECORDS_PER_BATCH, "distribution": DISTRIBUTION})


class RawFile(NamedTuple):
    """One raw object: number, path, modification time and content, and whether it is cut short."""

    number: int
    path: str
    delivered_at: int
    content: bytes
    is_cut: bool


def raw_files(database: Database, source: str, whole: str, damaged: str) -> Iterator[RawFile]:
    """Every file with records; its content is the concatenated text of the records.

    ``whole`` is an SQL expression for the text of a record, with columns of ``action`` and ``delivered``. ``damaged``
    is one for the text of a damaged record, with ``whole`` and ``record``.
    """
    sql = f"""SELECT file, any_value(path), any_value(delivered_at), string_agg(text, '' ORDER BY place),
            bool_or(kind = 'cut')
        FROM (SELECT *, CASE kind WHEN 'damaged' THEN {damaged} WHEN 'cut' THEN whole[:400] ELSE whole END AS text
            FROM (SELECT file, file.path, delivered_at, place, kind, record, {whole} AS whole
                FROM delivered JOIN file USING (source, file) JOIN action USING (record)
                WHERE source = ? AND batch = ?))
        GROUP BY file ORDER BY file"""
    ((batches,),) = database.execute("SELECT max(batch) + 1 FROM file WHERE source = ?", [source]).fetchall()
    for batch in range(batches):
        for number, path, delivered_at, text, is_cut in database.execute(sql, [source, batch]).fetchall():
            yield RawFile(number, path, delivered_at, text.encode(), is_cut)


def put(path: Path, content: bytes, when: int) -> None:
    """Write a file with the modification time ``when``, in seconds since 1970."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (when, when))
