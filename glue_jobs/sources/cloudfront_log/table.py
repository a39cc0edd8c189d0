"""The table of CloudFront standard logs: the documented fields under the names that Athena's pages give them.

Fields: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
Fields of version 2 alone: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
Names of columns: https://docs.aws.amazon.com/athena/latest/ug/create-cloudfront-table-manual-parquet.html
"""

from __future__ import annotations

from glue_jobs.tables.derived import DERIVED, FILTERED, derived_columns
from glue_jobs.tables.model import READER, Column, Table

CLOUDFRONT_LOG = Table(
    name="cloudfront_log",
    description=(
        "One row per viewer request that CloudFront logged; delivery is best effort, so counts are a lower bound. Rows "
        "with the same x_edge_request_id and time are one request; equal rows without it are different requests, "
        "unless they are from copies of one raw object. A field that a log does not have is null. Texts are decoded: "
        "they are as the viewer sent them."
    ),
    columns=(
        Column(1, "event_time", "timestamp", "When CloudFront finished the response, UTC, to the second."),
        Column(2, "x_edge_location", "string", "Edge location that answered, e.g. DFW3; its letters name an airport."),
        Column(3, "sc_bytes", "bigint", "Bytes sent to the viewer, with headers."),
        Column(4, "c_ip", "string", "Address of the viewer or its proxy, if privacy.addresses is keep."),
        Column(5, "cs_method", "string", "HTTP method of the request."),
        Column(6, "cs_host", "string", "Domain of the distribution, e.g. d111111abcdef8.cloudfront.net."),
        Column(7, "cs_uri_stem", "string", "Path of the URL, without the query."),
        Column(8, "sc_status", "int", "HTTP status; 0 where the viewer closed the connection before an answer."),
        Column(9, "cs_referer", "string", "HTTP Referer header, text of the client."),
        Column(10, "cs_user_agent", "string", "HTTP User-Agent header, text of the client."),
        Column(11, "cs_uri_query", "string", "Query of the URL; null when there is none."),
        Column(12, "cs_cookie", "string", "HTTP Cookie header, if the distribution logs cookies."),
        Column(13, "x_edge_result_type", "string", "Hit, RefreshHit, Miss, Error, Redirect, LimitExceeded and so on."),
        Column(14, "x_edge_request_id", "string", "Id of the request; the header x-amz-cf-id of the response."),
        Column(15, "x_host_header", "string", "Host header of the request, which may be your own domain name."),
        Column(16, "cs_protocol", "string", "http, https, grpcs, ws or wss."),
        Column(17, "cs_bytes", "bigint", "Bytes the viewer sent, with headers."),
        Column(18, "time_taken", "double", "Seconds from receiving the request to writing the last byte."),
        Column(19, "x_forwarded_for", "string", "Address before the viewer's proxy, text of the client."),
        Column(20, "ssl_protocol", "string", "TLS version; null for plain HTTP."),
        Column(21, "ssl_cipher", "string", "TLS cipher; null for plain HTTP."),
        Column(22, "x_edge_response_result_type", "string", "Result type just before the response was sent."),
        Column(23, "cs_protocol_version", "string", "HTTP version of the request, e.g. HTTP/2.0."),
        Column(24, "fle_status", "string", "What field-level encryption did with the body of the request."),
        Column(25, "fle_encrypted_fields", "string", "Number of fields that field-level encryption encrypted."),
        Column(26, "c_port", "int", "Port of the viewer."),
        Column(27, "time_to_first_byte", "double", "Seconds from receiving the request to writing the first byte."),
        Column(
            28, "x_edge_detailed_result_type", "string", "Result type with the reason of an error, e.g. OriginError."
        ),
        Column(29, "sc_content_type", "string", "HTTP Content-Type header of the response."),
        Column(30, "sc_content_len", "bigint", "HTTP Content-Length header of the response."),
        Column(31, "sc_range_start", "bigint", "First byte of the object in the response, if it is a range."),
        Column(32, "sc_range_end", "bigint", "Last byte of the object in the response, if it is a range."),
        Column(33, "distribution_tenant_id", "string", "Id of the distribution tenant."),
        Column(34, "connection_id", "string", "Id of the TLS connection, for mutual TLS."),
        Column(35, "timestamp_ms", "bigint", "Time of the request in milliseconds since 1970, UTC."),
        Column(36, "origin_fbl", "double", "Seconds until the first byte of the origin's response."),
        Column(37, "origin_lbl", "double", "Seconds until the last byte of the origin's response."),
        Column(38, "asn", "bigint", "Number of the viewer's network (autonomous system)."),
        Column(39, "c_country", "string", "Country of the viewer's address, two letters (ISO 3166-1)."),
        Column(40, "cache_behavior_path_pattern", "string", "Path pattern of the cache behavior that applied."),
        Column(41, "viewer_request_log_data", "string", "Data that your function logged about the request."),
        Column(42, "viewer_response_log_data", "string", "Data that your function logged about the response."),
        Column(43, "extra_fields", "array<string>", "Fields with other names as name=value, in order.", 53),
        Column(44, "key", "string", "The object's key: path of the URL, decoded as S3 does (a plus is a blank)."),
        *derived_columns(45, "account", "repository", "is_own", "is_robot", "event_date", "year", "month", "day"),
        Column(54, "source_object", "string", "Raw object the record came from."),
        Column(55, "country", "string", "Country of the viewer, two letters: c_country, else by the address; or null."),
        *derived_columns(56, "place", "network"),
        Column(58, "bucket", "string", "Bucket that the distribution reads, by the configuration; else null."),
        *derived_columns(59, *READER),
    ),
    partitions=("event_date",),
    sort=("cs_host", "key", "event_time"),
    statistics=("cs_method", "sc_status", *FILTERED),
    identity=("x_edge_request_id", "event_time"),
    same=("x_edge_request_id", "event_time"),
    # Without the field, all requests for an object in one second may be equal.
    repeats_without_id=True,
    address="c_ip",
    texts_with_addresses=("x_forwarded_for", "viewer_request_log_data", "viewer_response_log_data", "extra_fields"),
    texts_with_own_address=("cs_referer", "cs_uri_query", "cs_cookie"),
    derived=("key", "bucket", *DERIVED),
)

_LAST = CLOUDFRONT_LOG.record.index("extra_fields")
FIELDS = {column.name: column.type for column in CLOUDFRONT_LOG.columns[1:_LAST]}
"""The type of each documented field except date and time, by column name."""
