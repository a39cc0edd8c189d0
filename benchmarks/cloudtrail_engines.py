"""CloudTrail files in the other engines: declared types, one row per element of Records; and the floor's decoding."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

import msgspec
from isal import isal_zlib
from pyspark.sql import functions as f

from benchmarks.engines import clickhouse_copy, duckdb_copy, spark_session, spark_write
from benchmarks.sample_files import trail_files
from glue_jobs.read.unpack import GZIP_WINDOW
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import FLAGS, IDS, NAMES, TEXTS
from glue_jobs.sources.cloudtrail_s3_event.parser.event import Event
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT

Shape = str | dict[str, "Shape"] | list["Shape"]

PATHS = {
    "event_time": "eventTime",
    **IDS,
    **NAMES,
    **FLAGS,
    "response_elements": "responseElements",
    "user_identity_type": "userIdentity.type",
    "principal_id": "userIdentity.principalId",
    "principal_arn": "userIdentity.arn",
    "subscriber_account_id": "userIdentity.accountId",
    "access_key_id": "userIdentity.accessKeyId",
    "session_issuer_arn": "userIdentity.sessionContext.sessionIssuer.arn",
    "user_name": "userIdentity.userName",
    "invoked_by": "userIdentity.invokedBy",
    "bucket": "requestParameters.bucketName",
    "key": "requestParameters.key",
    "host_header": "tlsDetails.clientProvidedHostHeader",
    "bytes_out": "additionalEventData.bytesTransferredOut",
    "bytes_in": "additionalEventData.bytesTransferredIn",
    "authentication_method": "additionalEventData.AuthenticationMethod",
    "signature_version": "additionalEventData.SignatureVersion",
    "tls_version": "tlsDetails.tlsVersion",
    "cipher_suite": "additionalEventData.CipherSuite",
}
"""The columns, and their paths in an event."""

TYPES = {column.name: column.type for column in CLOUDTRAIL_S3_EVENT.columns}


def _shape() -> Shape:
    """Names and types of the fields that become columns, nested as they are in an event."""
    shape: dict[str, Any] = {"resources": [{"ARN": "string"}]}
    for column, path in PATHS.items():
        *folders, name = path.split(".")
        inner = reduce(lambda outer, folder: outer.setdefault(folder, {}), folders, shape)
        # Old events have numbers with a decimal point.
        inner[name] = TYPES[column].replace("bigint", "double")
    return shape


def _columns(first: int) -> list[str]:
    """The SQL columns of an ``event``, for an engine whose list indexes start at ``first``."""
    paths = {**PATHS, "access_point_arn": f"resources[{first + 2}].ARN"}
    return [f"CAST(event.{path} AS {TYPES[name]}) AS {name}" for name, path in paths.items()]


def _type(shape: Shape, struct: str, field: str, array: str) -> str:
    """The shape as an SQL type: ``struct``, ``field`` and ``array`` are the engine's spellings of the three."""
    if isinstance(shape, str):
        return shape
    if isinstance(shape, list):
        return array.format(_type(shape[0], struct, field, array))
    return struct.format(
        ", ".join(field.format(name, _type(part, struct, field, array)) for name, part in shape.items())
    )


def spark(raw: Path, target: Path) -> None:
    """Turn all CloudTrail files below ``raw`` into Parquet: ``read.json`` with a schema, then ``explode``."""
    schema = f"Records {_type([_shape()], 'STRUCT<{}>', '{}: {}', 'ARRAY<{}>')}"
    documents = spark_session().read.schema(schema).option("recursiveFileLookup", True).json(str(raw))
    events = documents.select(f.explode("Records").alias("event")).where("event.eventSource = 's3.amazonaws.com'")
    rows = events.selectExpr(*_columns(0)).withColumn("event_date", f.to_date("event_time"))
    spark_write(rows, target, "event_date")


def duckdb(raw: Path, target: Path) -> None:
    """Turn all CloudTrail files below ``raw`` into Parquet: ``read_json`` with declared columns, then ``unnest``."""
    # A document must fit into the buffer, and a larger buffer costs time for every file. The last four bytes of a gzip
    # member are its unpacked size: RFC 1952, section 2.3.1.
    largest = max(int.from_bytes(path.read_bytes()[-4:], "little") for path in trail_files(raw)) + 1024
    declared = _type([_shape()], "STRUCT({})", '"{}" {}', "{}[]")
    select = f"""
        SELECT *, event_time::DATE AS event_date
        FROM (
            SELECT {", ".join(_columns(1))}
            FROM (
                SELECT unnest(Records) AS event
                FROM read_json('{raw}/**/*.json.gz', columns = {{'Records': '{declared}'}},
                               format = 'newline_delimited', maximum_object_size = {largest})
            )
            WHERE event.eventSource = 's3.amazonaws.com'
        )
    """
    duckdb_copy(select, target, "event_date")


_CLICKHOUSE_FIELDS = {
    "eventTime": "String",
    **dict.fromkeys([*IDS.values(), *NAMES.values(), *TEXTS.values()], "Nullable(String)"),
    **dict.fromkeys(FLAGS.values(), "Nullable(Bool)"),
}
_PARAMETERS = "ifNull(tupleElement(event, 'requestParameters'), '')"
_ADDITIONAL = "ifNull(tupleElement(event, 'additionalEventData'), '')"

CLICKHOUSE_COLUMNS = {
    "event_time": "parseDateTimeBestEffortOrNull(tupleElement(event, 'eventTime'), 'UTC')",
    **{name: f"tupleElement(event, '{field}')" for name, field in {**IDS, **NAMES, **FLAGS, **TEXTS}.items()},
    "bucket": f"JSONExtractString({_PARAMETERS}, 'bucketName')",
    "key": f"JSONExtractString({_PARAMETERS}, 'key')",
    "bytes_out": f"toInt64(JSONExtractFloat({_ADDITIONAL}, 'bytesTransferredOut'))",
}
"""The columns, and their expressions of an ``event``."""


def clickhouse(raw: Path, target: Path) -> None:
    """Turn all CloudTrail files below ``raw`` into Parquet: documents as typed tuples, then ``arrayJoin``."""
    event = ", ".join(f"{name} {kind}" for name, kind in _CLICKHOUSE_FIELDS.items())
    columns = ",\n".join(f"{value} AS {name}" for name, value in CLICKHOUSE_COLUMNS.items())
    select = f"""
        SELECT *, toDate(event_time) AS event_date
        FROM (
            SELECT {columns}
            FROM (
                SELECT arrayJoin(Records) AS event
                FROM file('{raw}/**/*.json.gz', 'JSONEachRow', 'Records Array(Tuple({event}))')
            )
            WHERE tupleElement(event, 'eventSource') = 's3.amazonaws.com'
        )
    """
    # Parallel by file, because a document on one line cannot be split.
    clickhouse_copy(select, target, "input_format_parallel_parsing = 0")


class _Event(Event, forbid_unknown_fields=False, gc=False):
    """Fields without a column are skipped."""


class _Document(msgspec.Struct):
    Records: list[_Event]


_DOCUMENT = msgspec.json.Decoder(_Document)


def decode(path: Path) -> None:
    """Unpack and decode a file, the minimum for any method: nested fields are only located, not decoded."""
    _DOCUMENT.decode(isal_zlib.decompress(path.read_bytes(), GZIP_WINDOW))
