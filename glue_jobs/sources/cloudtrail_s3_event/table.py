"""The table of CloudTrail events of S3: documented fields in snake_case, fields without a column as JSON text.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from glue_jobs.tables.derived import DERIVED, FILTERED, derived_columns
from glue_jobs.tables.model import READER, Column, Table

CLOUDTRAIL_S3_EVENT = Table(
    name="cloudtrail_s3_event",
    description="One row per CloudTrail data or management event of Amazon S3; each event and each correction once.",
    columns=(
        Column(1, "event_time", "timestamp", "When the request was completed, UTC, to the second."),
        Column(2, "event_id", "string", "Id that CloudTrail gave the event; the same in all copies for one account."),
        Column(3, "event_name", "string", "API action, e.g. GetObject, HeadObject, ListObjects, PutObject."),
        Column(
            4,
            "event_source",
            "string",
            "Service of the request: s3.amazonaws.com, s3express.amazonaws.com or s3-outposts.amazonaws.com.",
        ),
        Column(5, "event_version", "string", "Version of the event format; the minor is an integer: 1.10 follows 1.9."),
        Column(6, "aws_region", "string", "AWS Region the request was made to."),
        Column(
            7,
            "source_ip_address",
            "string",
            "AWS service that made the request or, if privacy.addresses is keep, the address it came from.",
        ),
        Column(8, "user_agent", "string", "Client that made the request, up to 1 KB; text of the client."),
        Column(9, "error_code", "string", "Error, e.g. AccessDenied; null when the request succeeded."),
        Column(10, "error_message", "string", "Description of the error, up to 1 KB."),
        Column(11, "request_id", "string", "Id of the request, the same as in S3 access logs."),
        Column(12, "event_type", "string", "AwsApiCall; AwsServiceEvent for each key of a DeleteObjects request."),
        Column(13, "read_only", "boolean", "True when the action changes nothing."),
        Column(
            14,
            "management_event",
            "boolean",
            "True for actions on buckets and settings, false for objects; by the name of events that do not say.",
        ),
        Column(15, "event_category", "string", "Data, Management or NetworkActivity; null before event version 1.07."),
        Column(16, "recipient_account_id", "string", "Account the event was delivered to."),
        Column(17, "shared_event_id", "string", "Id shared by the copies of an event that went to several accounts."),
        Column(18, "vpc_endpoint_id", "string", "VPC endpoint the request came through."),
        Column(19, "vpc_endpoint_account_id", "string", "Account that owns the VPC endpoint."),
        Column(20, "user_identity_type", "string", "Kind of caller, such as AssumedRole, IAMUser or AWSService."),
        Column(21, "principal_id", "string", "Unique id of the caller; for a role: its id, a colon and the session."),
        Column(22, "principal_arn", "string", "ARN of the caller; null for other accounts and anonymous callers."),
        Column(
            23,
            "subscriber_account_id",
            "string",
            "Account of the caller; 'anonymous' for an unsigned request; null for AWS services.",
        ),
        Column(24, "access_key_id", "string", "Access key the request was signed with."),
        Column(25, "session_issuer_arn", "string", "ARN of the role or user that temporary credentials come from."),
        Column(26, "user_name", "string", "Name of the user, or of the role that temporary credentials come from."),
        Column(27, "invoked_by", "string", "AWS service that made the request for the caller."),
        Column(28, "bucket", "string", "Bucket of the request; an access point's alias if the event names none."),
        Column(29, "key", "string", "Object key; null for requests that name none, such as listings."),
        Column(30, "access_point_arn", "string", "ARN of the access point used; null when none was."),
        Column(31, "host_header", "string", "Endpoint the client connected to."),
        Column(32, "bytes_out", "bigint", "Bytes sent to the caller, error messages included."),
        Column(33, "bytes_in", "bigint", "Bytes received from the caller."),
        Column(34, "authentication_method", "string", "AuthHeader, QueryString (presigned URL); null when unsigned."),
        Column(35, "signature_version", "string", "SigV2 or SigV4; null for an unsigned request."),
        Column(36, "tls_version", "string", "TLS version, e.g. TLSv1.3."),
        Column(37, "cipher_suite", "string", "TLS cipher; null for plain HTTP."),
        Column(38, "request_parameters", "string", "JSON: parameters of the request, as in the event."),
        Column(39, "response_elements", "string", "JSON: elements of the response; null for actions that only read."),
        Column(40, "additional_event_data", "string", "JSON: further data from S3, e.g. x-amz-id-2, SSEApplied."),
        Column(41, "resources", "string", "JSON: objects, bucket and access point of the request, with ARN and owner."),
        Column(42, "user_identity", "string", "JSON: all of the event's data on the caller, its session included."),
        Column(43, "tls_details", "string", "JSON: all of the event's data on the TLS connection."),
        Column(
            44,
            "other_fields",
            "string",
            "JSON: fields without a column, and those whose type differs from the documented one; mostly null.",
        ),
        *derived_columns(45, "account"),
        Column(46, "repository", "string", "Data set the key or the access point belongs to, by the configuration."),
        *derived_columns(47, "is_own", "is_robot", "event_date", "year", "month", "day"),
        Column(53, "source_object", "string", "Raw object the event came from."),
        Column(
            54, "is_copy_source", "boolean", "True when bucket and key are a copy's source, not its target; else null."
        ),
        Column(
            55,
            "addendum_reason",
            "string",
            "Why the event came late or again: DELIVERY_DELAY, SERVICE_OUTAGE or UPDATED_DATA; mostly null.",
        ),
        Column(
            56,
            "original_event_id",
            "string",
            "For a correction (UPDATED_DATA), id of the event that it replaces, which may be its own; else null.",
        ),
        *derived_columns(57, "country", "place", "network", "asset", *READER),
        Column(
            64,
            "bucket_owner_account_id",
            "string",
            "Account that owns the bucket, from resources; null where they name none, or several buckets.",
        ),
    ),
    partitions=("event_date",),
    sort=("bucket", "key", "event_time"),
    statistics=(
        "event_name",
        "error_code",
        "subscriber_account_id",
        "access_point_arn",
        *FILTERED,
        # Nearly all files have no correction. The view `cloudtrail_request` skips them by these bounds.
        "original_event_id",
    ),
    # AWS may deliver an event twice. Both copies have the same eventID; later copies may have more fields. A correction
    # may keep the eventID of what it corrects.
    identity=("event_id", "recipient_account_id"),
    same=("event_id", "recipient_account_id", "original_event_id"),
    address="source_ip_address",
    texts_with_addresses=(
        "error_message",
        "request_parameters",
        "response_elements",
        "additional_event_data",
        "resources",
        "user_identity",
        "tls_details",
        "other_fields",
    ),
    callers=(
        "principal_id",
        "principal_arn",
        "subscriber_account_id",
        "session_issuer_arn",
        "vpc_endpoint_account_id",
        "user_identity",
    ),
    derived=("asset", *DERIVED),
)
