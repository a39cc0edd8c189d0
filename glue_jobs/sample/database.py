"""All requests and events as tables of a database, the source of both the raw files and the truth."""

from __future__ import annotations

import hashlib

import duckdb
import pyarrow as pa

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.sample.scenario.clients.identities import requester_table
from glue_jobs.sample.scenario.clients.requesters import Requester
from glue_jobs.sample.scenario.operations import answer_table, operation_table
from glue_jobs.sample.scenario.publisher import ACCESS_POINT_ARN, ARCHIVE, BUCKETS, Objects
from glue_jobs.sample.scenario.requests.requests import OLD_SHARE
from glue_jobs.sample.scenario.requests.traffic import DAY_SECONDS

Database = duckdb.DuckDBPyConnection

# ``chance`` is between 0 and 1, ``bell`` normally distributed; both depend only on name, number and seed.
MACROS = """
CREATE MACRO chance(name, number) AS hash(name, number, getvariable('seed')) / 18446744073709551616.0;
CREATE MACRO bell(name, number) AS sqrt(3.0) * (chance(name || 1, number) + chance(name || 2, number)
    + chance(name || 3, number) + chance(name || 4, number) - 2.0);
CREATE MACRO hexadecimal(number) AS lpad(to_hex(number), 16, '0');
CREATE MACRO random_hex(name, number) AS hexadecimal(hash(name, number, getvariable('seed')));
CREATE MACRO random_md5(name, number) AS md5(concat(name, number, getvariable('seed')));
-- Version 4: the bits of version and variant are set.
CREATE MACRO random_uuid(name, number) AS CAST(CAST(concat(
    hexadecimal(hash(name, 1, number, getvariable('seed')) & 18446744073709490175 | 16384),
    hexadecimal(hash(name, 2, number, getvariable('seed')) & 4611686018427387903 | 9223372036854775808)
    ) AS UUID) AS VARCHAR);
CREATE MACRO moment(seconds) AS make_timestamp(seconds * 1000000);
CREATE MACRO iso(seconds) AS strftime(moment(seconds), '%Y-%m-%dT%H:%M:%SZ');
"""

# Further CloudTrail events, which are not further requests: events in the trail of the requesting account, if that
# trail is in the sample too, and corrections of events whose bytes were wrong at first.
RECORDED_AGAIN = """
ALTER TABLE request ADD COLUMN recorded_by BIGINT;
ALTER TABLE request ADD COLUMN corrects BIGINT;
UPDATE request SET recorded_by = bucket;
INSERT INTO request
SELECT request.* REPLACE (record + (SELECT count(*) FROM request) AS record, 0 AS in_access_log,
    $archive AS recorded_by)
FROM request JOIN requesters USING (requester) WHERE home_identity IS NOT NULL;
INSERT INTO request
SELECT request.* REPLACE (record + 1 + (SELECT max(record) FROM request) AS record, 0 AS in_access_log,
    record AS corrects)
FROM request JOIN operations USING (operation)
WHERE record % 250 = 3 AND minor >= 8 AND operation_name IN ('REST.GET.OBJECT', 'REST.HEAD.OBJECT');
CREATE VIEW corrected AS
SELECT corrects AS record, true AS is_corrected FROM request WHERE corrects IS NOT NULL
"""

# All columns of every action. The source of a copy is a second object.
ACTION = """
CREATE TABLE copies AS
SELECT object AS copy_of, concat(',"x-amz-copy-source":"', bucket_name, '/', request_path, '"') AS copy_source,
    concat(',{"type":"AWS::S3::Object","ARN":', to_json(concat('arn:aws:s3:::', bucket_name, '/', key)), '},',
        '{"accountId":"', trail_account, '","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::', bucket_name, '"}')
        AS copy_resources
FROM objects JOIN buckets ON object_bucket = bucket;
CREATE VIEW action AS
SELECT request.*, operations.* EXCLUDE operation, requesters.* EXCLUDE requester, objects.* EXCLUDE object,
    buckets.* EXCLUDE (bucket, trail_account), trails.trail_account, answers.* EXCLUDE status,
    copies.* EXCLUDE copy_of,
    -- A copy that is recorded with the object it reads goes into a bucket of the reader.
    coalesce(copy_of = request.object, false) AS is_copied_away,
    CASE WHEN is_copied_away THEN 'mirror-' || subscriber_account_id ELSE buckets.bucket_name END AS named_bucket,
    CASE WHEN is_copied_away THEN 'their-mirror/of-ours/' || key ELSE key END AS named_key,
    coalesce(is_corrected, false) AS is_corrected,
    CASE WHEN operation_name IN ('REST.PUT.OBJECT', 'REST.PUT.PART') THEN object_size
        WHEN event_name = 'DeleteObjects' THEN 700 ELSE 0 END AS bytes_in,
    -- A quote and all fields after it, typed by a client: the line can be read in several ways.
    contains(request_path, '" 200 - ') OR contains(user_agent, '" 200 - ') AS is_ambiguous,
    strftime(moment(time), '%Y-%m') AS month
FROM request
JOIN operations USING (operation)
JOIN requesters USING (requester)
JOIN objects USING (object)
JOIN buckets USING (bucket)
JOIN buckets AS trails ON recorded_by = trails.bucket
LEFT JOIN corrected USING (record)
LEFT JOIN answers USING (status)
LEFT JOIN copies USING (copy_of)
"""


def open_database(
    seed: int, start: int, days: int, requests: dict[str, Ints], objects: Objects, requesters: list[Requester]
) -> Database:
    """A database in memory with the table ``request``, numbered by ``record``, and the tables it refers to.

    The sample begins at ``start``, in seconds since 1970. The owner of the buckets depends on the seed.
    """
    database = duckdb.connect()
    variables: dict[str, int | str] = {
        "seed": seed,
        "start": start,
        "renamed": start + int(OLD_SHARE * days * DAY_SECONDS),
        "owner": hashlib.sha256(f"owner {seed}".encode()).hexdigest(),
        "access_point": ACCESS_POINT_ARN,
    }
    for name, value in variables.items():
        database.execute(f"SET VARIABLE {name} = $value", {"value": value})
    database.execute(MACROS)
    tables = {
        "request": pa.table({"record": range(len(requests["time"])), **requests}),
        "operations": operation_table(),
        "requesters": requester_table(requesters),
        "objects": objects.table(),
        "answers": answer_table(),
        "buckets": pa.Table.from_pylist(
            [
                {"bucket": number, "bucket_name": each.name, "region": each.region, "trail_account": each.account}
                for number, each in enumerate(BUCKETS)
            ]
        ),
    }
    for name, table in tables.items():
        create_table(database, name, table)
    for statement in RECORDED_AGAIN.split(";"):
        database.execute(statement, {"archive": ARCHIVE} if "$archive" in statement else {})
    database.execute(ACTION)
    return database


def create_table(database: Database, name: str, rows: pa.Table) -> None:
    """Copy Arrow rows to a new table of the database."""
    database.register("given", rows)
    database.execute(f"CREATE TABLE {name} AS FROM given")
