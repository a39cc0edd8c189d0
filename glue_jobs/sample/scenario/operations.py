"""Actions of clients and services: the name of each in access logs and in trails, and how both write it.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from glue_jobs.sample.scenario.publisher import PUBLISHER_ACCOUNT

S3 = "s3.amazonaws.com"


@dataclass(frozen=True)
class Operation:
    """One action. ``operation_name`` is its name in access logs, ``event_name`` in CloudTrail; empty: not recorded.

    ``method`` and ``query`` are in the request line; without a method S3 acts on its own. Access logs percent-encode
    keys twice, or once in form encoding with ``is_encoded_once``. ``parameters``, ``response`` and ``resources`` are
    JSON; ``{bucket}`` stands for the bucket's name. Data events have ``parameters`` in addition to bucket, host and
    key; management events have no other parameters, and only these ``resources``.
    """

    operation_name: str = ""
    event_name: str = ""
    method: str = ""
    query: str = ""
    has_key: bool = True
    is_encoded_once: bool = False
    parameters: str = ""
    response: str = "null"
    read_only: bool = True
    event_type: str = "AwsApiCall"
    is_management: bool = False
    event_source: str = S3
    resources: str = ""


def _upload(operation_name: str, event_name: str, method: str, query: str = "", parameters: str = "") -> Operation:
    stored = '{"x-amz-server-side-encryption":"AES256"}'
    return Operation(operation_name, event_name, method, query, parameters=parameters, response=stored, read_only=False)


def _management(event_name: str, parameters: str, source: str = S3, resources: str = "") -> Operation:
    return Operation(
        event_name=event_name,
        has_key=False,
        parameters=parameters,
        is_management=True,
        event_source=source,
        resources=resources,
    )


def _resource(kind: str, arn: str) -> str:
    return f',"resources":[{{"accountId":"{PUBLISHER_ACCOUNT}","type":"{kind}","ARN":"{arn}"}}]'


VIEWED = "CLOUDFRONT.GET.OBJECT"
"""A GET that CloudFront answered: it is in CloudFront's log only, not in the access log or the trail."""
LIST_PARAMETERS = ',"list-type":"2","delimiter":"/","max-keys":"1000","encoding-type":"url"'
LOGGING_PARAMETERS = (
    '{"bucketName":"{bucket}","logging":"","BucketLoggingStatus":{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/",'
    '"LoggingEnabled":{"TargetBucket":"{bucket}-logs","TargetPrefix":"logs/"}}}'
)
DECRYPT_PARAMETERS = '{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"s3.amazonaws.com":"x"}}'
KMS_KEY = f"arn:aws:kms:us-east-1:{PUBLISHER_ACCOUNT}:key/00000000-0000-4000-8000-000000000001"

# Trails do not record lifecycle actions. Whether they record requests to website endpoints is undocumented; here, not.
OPERATIONS = (
    Operation("REST.GET.OBJECT", "GetObject", "GET", parameters=',"x-id":"GetObject"'),
    Operation("REST.HEAD.OBJECT", "HeadObject", "HEAD"),
    Operation("WEBSITE.GET.OBJECT", "", "GET"),
    Operation("REST.GET.BUCKET", "ListObjects", "GET", has_key=False, parameters=LIST_PARAMETERS),
    _upload("REST.PUT.OBJECT", "PutObject", "PUT", "", ',"x-id":"PutObject"'),
    _upload("REST.POST.UPLOADS", "CreateMultipartUpload", "POST", "?uploads", ',"uploads":""'),
    _upload("REST.PUT.PART", "UploadPart", "PUT"),
    _upload("REST.POST.UPLOAD", "CompleteMultipartUpload", "POST"),
    _upload("REST.COPY.OBJECT", "CopyObject", "PUT"),
    Operation("REST.COPY.OBJECT_GET"),
    Operation("REST.COPY.PART_GET"),
    Operation("REST.DELETE.OBJECT", "DeleteObject", "DELETE", read_only=False),
    Operation(
        "REST.POST.MULTI_OBJECT_DELETE",
        "DeleteObjects",
        "POST",
        "?delete",
        has_key=False,
        parameters=',"delete":""',
        read_only=False,
    ),
    # One per key of a DeleteObjects.
    Operation(
        "BATCH.DELETE.OBJECT", "DeleteObject", is_encoded_once=True, read_only=False, event_type="AwsServiceEvent"
    ),
    Operation("S3.EXPIRE.OBJECT", is_encoded_once=True),
    Operation("S3.TRANSITION_SIA.OBJECT"),
    Operation("S3.CREATE.DELETEMARKER", is_encoded_once=True),
    Operation(VIEWED, method="GET"),
    Operation(event_name="HeadBucket", has_key=False),
    Operation(event_name="GetObjectAcl", parameters=',"acl":""'),
    # Copies into a bucket of somebody else, whose access log has the line of the request.
    Operation(event_name="CopyObject", read_only=False),
    Operation(event_name="UploadPartCopy", read_only=False),
    _management("PutBucketLogging", LOGGING_PARAMETERS, S3, _resource("AWS::S3::Bucket", "arn:aws:s3:::{bucket}")),
    _management("GetBucketAcl", '{"bucketName":"{bucket}"}'),
    _management("ListBuckets", "null"),
    _management("GetBucketPolicy", '{"bucketName":"{bucket}","policy":""}'),
    _management("AssumeRole", '{"roleSessionName":"usage"}', "sts.amazonaws.com"),
    _management("Decrypt", DECRYPT_PARAMETERS, "kms.amazonaws.com", _resource("AWS::KMS::Key", KMS_KEY)),
    replace(
        _management("ConsoleLogin", "null", "signin.amazonaws.com"),
        event_type="AwsConsoleSignIn",
        response='{"ConsoleLogin":"Failure"}',
        read_only=False,
    ),
)
NUMBER = {each.operation_name or each.event_name: number for number, each in enumerate(OPERATIONS)}
"""Value of the column ``operation``, by the access log's name or else by CloudTrail's."""

ANSWERS = (
    (403, "AccessDenied", "Access Denied"),
    (404, "NoSuchKey", "The specified key does not exist."),
    (503, "SlowDown", "Please reduce your request rate."),
)
"""HTTP status, error code and message of requests that fail."""


def operation_table() -> pa.Table:
    """One row per operation: ``operation`` is its position."""
    return pa.Table.from_pylist([{"operation": number, **asdict(each)} for number, each in enumerate(OPERATIONS)])


def answer_table() -> pa.Table:
    """One row per HTTP status of a request that fails."""
    return pa.table([*map(list, zip(*ANSWERS, strict=True))], ["status", "error_code", "error_message"])
