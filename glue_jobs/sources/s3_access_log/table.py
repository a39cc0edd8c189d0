"""The table of S3 server access logs: the documented fields under their documented names.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

from glue_jobs.tables.derived import DERIVED, FILTERED, derived_columns
from glue_jobs.tables.model import READER, Column, Table

S3_ACCESS_LOG = Table(
    name="s3_access_log",
    description="One row per request S3 logged; delivery is best effort, so counts are a lower bound.",
    columns=(
        Column(1, "bucket_owner", "string", "Canonical user id of the bucket's owner."),
        Column(2, "bucket", "string", "Bucket the request was for."),
        Column(3, "event_time", "timestamp", "When S3 received the request, UTC, to the second."),
        Column(
            4,
            "remote_ip",
            "string",
            "Address the request came from, if privacy.addresses is keep; also null for AWS's own work.",
        ),
        Column(5, "requester", "string", "Canonical id, ARN or service of the caller; null for an anonymous request."),
        Column(6, "request_id", "string", "Id of the request; several lines may share it (multi-object delete)."),
        Column(7, "operation", "string", "Request type, e.g. REST.GET.OBJECT, BATCH.DELETE.OBJECT, S3.EXPIRE.OBJECT."),
        Column(8, "key", "string", "Object key, decoded; joins with other tables."),
        Column(9, "request_uri", "string", "First line of the HTTP request as the client sent it."),
        Column(10, "http_status", "int", "HTTP status of the response; null for S3's own work (lifecycle)."),
        Column(11, "error_code", "string", "S3 error code, e.g. AccessDenied; null when the request succeeded."),
        Column(12, "bytes_sent", "bigint", "Response bytes without protocol overhead; null where S3 wrote '-' (zero)."),
        Column(13, "object_size", "bigint", "Size of the whole object in bytes."),
        Column(14, "total_time_ms", "bigint", "Milliseconds from receiving the request to sending the last byte."),
        Column(15, "turn_around_time_ms", "bigint", "Milliseconds S3 spent before the first byte of the response."),
        Column(16, "referer", "string", "HTTP Referer header, text of the client."),
        Column(17, "user_agent", "string", "HTTP User-Agent header, text of the client."),
        Column(18, "version_id", "string", "Requested version of the object; null when none was named."),
        Column(19, "host_id", "string", "S3 extended request id (x-amz-id-2)."),
        Column(20, "signature_version", "string", "SigV2 or SigV4; null for an unsigned request."),
        Column(21, "cipher_suite", "string", "TLS cipher; null for plain HTTP."),
        Column(
            22,
            "authentication_type",
            "string",
            "AuthHeader, QueryString (presigned URL), or null when unsigned; before 2019 QueryString or null.",
        ),
        Column(23, "host_header", "string", "Endpoint the client connected to."),
        Column(24, "tls_version", "string", "TLS version as logged, e.g. TLSv1.2; compare it case-insensitively."),
        Column(25, "access_point_arn", "string", "ARN of the access point used; null when none was."),
        Column(26, "acl_required", "boolean", "True when an ACL was needed to authorise the request."),
        Column(27, "source_region", "string", "AWS Region the request came from; null when not from AWS."),
        Column(28, "extra_fields", "array<string>", "Fields after the 27th, in order, if AWS adds any.", 39),
        Column(29, "key_raw", "string", "Object key as in text lines, URL-encoded."),
        *derived_columns(30, "account", "repository", "is_own", "is_robot", "event_date", "year", "month", "day"),
        Column(38, "source_object", "string", "Raw object the line came from."),
        *derived_columns(40, "country", "place", "network", "asset", *READER),
    ),
    partitions=("event_date",),
    sort=("bucket", "key", "event_time"),
    statistics=("operation", "http_status", *FILTERED),
    identity=("request_id", "operation", "key", "version_id", "event_time", "bucket"),
    # Records that CloudWatch Logs delivers may lack the field.
    repeats_without_id=True,
    address="remote_ip",
    texts_with_addresses=("extra_fields",),
    texts_with_own_address=("request_uri", "referer"),
    callers=("requester",),
    # JSON and Parquet do not have key_raw, and two spellings of one key are the same record. Lines of before 2019
    # do not name the authentication_type.
    derived=("key_raw", "authentication_type", "asset", *DERIVED),
)
