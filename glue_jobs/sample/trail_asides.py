"""Records of a trail that are no requests for objects: management events of S3, and events of other services."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from glue_jobs.sample.publisher import PUBLISHER_ACCOUNT, Publisher
from glue_jobs.sample.scene import DAY_SECONDS
from glue_jobs.sample.trail_callers import role_session, unique_id

ARCHIVE_ACCOUNT = "000000002222"
"""A second account of the publisher's organization, with management events only."""
TRAILS = ((PUBLISHER_ACCOUNT, "us-east-1"), (PUBLISHER_ACCOUNT, "us-west-2"), (ARCHIVE_ACCOUNT, "us-east-1"))
"""Account and region of the events of one file; the first two are those of the buckets."""
S3 = "s3.amazonaws.com"
TRAIL_SERVICE = "cloudtrail.amazonaws.com"
CONSOLE = "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.656 Linux/5.10.210 OpenJDK_64-Bit_Server_VM/25.402-b08]"


@dataclass(frozen=True)
class Aside:
    """One record: seconds since 1970, number in ``TRAILS``, who asked (null for a service), and the JSON text."""

    time: int
    trail: int
    source: str
    name: str
    account: str | None
    text: str


def asides_of(day: date, start: int, each: int, publisher: Publisher, rng: np.random.Generator) -> list[Aside]:
    """``each`` records of every kind for the day that begins at ``start``."""
    found = []
    for number in range(each):
        trail = number % 2
        kinds = (
            (trail, _settings(day, publisher, trail)),
            (trail, _service("GetBucketAcl", {"bucketName": publisher.buckets[trail].name})),
            (2, _archive(day, number)),
            (trail, _service("AssumeRole", {"roleSessionName": "usage"}, "sts.amazonaws.com")),
            (trail, _decrypt(day)),
            (0, _login()),
        )
        found += [_aside(trail, content, start, rng) for trail, content in kinds]
    return found


def _settings(day: date, publisher: Publisher, number: int) -> dict[str, Any]:
    """The publisher switches access logs on in the console."""
    bucket = publisher.buckets[number]
    target = {"TargetBucket": f"{bucket.name}-logs", "TargetPrefix": "logs/"}
    status = {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "LoggingEnabled": target}
    return {
        "userIdentity": role_session(PUBLISHER_ACCOUNT, "admin", "console", f"{day}"),
        "eventSource": S3,
        "eventName": "PutBucketLogging",
        "sourceIPAddress": "203.0.113.241",
        "userAgent": CONSOLE,
        "requestParameters": {"bucketName": bucket.name, "logging": "", "BucketLoggingStatus": status},
        "readOnly": False,
        "resources": [
            {"accountId": PUBLISHER_ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket.name}"}
        ],
        "sessionCredentialFromConsole": "true",
    }


def _service(name: str, parameters: dict[str, Any], source: str = S3) -> dict[str, Any]:
    return {
        "userIdentity": {"type": "AWSService", "invokedBy": TRAIL_SERVICE},
        "eventSource": source,
        "eventName": name,
        "sourceIPAddress": TRAIL_SERVICE,
        "userAgent": TRAIL_SERVICE,
        "requestParameters": parameters,
        "readOnly": True,
    }


def _archive(day: date, number: int) -> dict[str, Any]:
    """The second account looks at a bucket's policy, or at its buckets' names."""
    denied = {"errorCode": "AccessDenied", "errorMessage": "Access Denied"} if number % 2 else {}
    return {
        "userIdentity": role_session(ARCHIVE_ACCOUNT, "audit", "nightly", f"{day}"),
        "eventSource": S3,
        "eventName": "GetBucketPolicy" if number % 2 else "ListBuckets",
        "sourceIPAddress": "198.51.100.200",
        "userAgent": "[Boto3/1.34.69]",
        **denied,
        "requestParameters": {"bucketName": "example-archive", "policy": ""} if number % 2 else None,
        "readOnly": True,
    }


def _decrypt(day: date) -> dict[str, Any]:
    key = f"arn:aws:kms:us-east-1:{PUBLISHER_ACCOUNT}:key/00000000-0000-4000-8000-000000000001"
    return {
        "userIdentity": role_session(PUBLISHER_ACCOUNT, "publisher-ingest", "etl", f"{day}", "athena.amazonaws.com"),
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "sourceIPAddress": "athena.amazonaws.com",
        "userAgent": "athena.amazonaws.com",
        "requestParameters": {
            "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "encryptionContext": {"s3.amazonaws.com": "x"},
        },
        "readOnly": True,
        "resources": [{"accountId": PUBLISHER_ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}],
    }


def _login() -> dict[str, Any]:
    identity = {
        "type": "IAMUser",
        "principalId": unique_id("AIDA", "someone"),
        "accountId": PUBLISHER_ACCOUNT,
        "accessKeyId": "",
        "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }
    return {
        "userIdentity": identity,
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "sourceIPAddress": "192.0.2.77",
        "userAgent": "Mozilla/5.0",
        "errorMessage": "No username found in supplied account",
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Failure"},
        "eventType": "AwsConsoleSignIn",
        "readOnly": False,
    }


def _aside(trail: int, content: dict[str, Any], start: int, rng: np.random.Generator) -> Aside:
    time, (account, region) = start + int(rng.integers(DAY_SECONDS)), TRAILS[trail]
    text = rng.bytes(24).hex()
    whole = {
        "eventVersion": f"1.{int(rng.integers(8, 12)):02d}",
        "eventTime": f"{np.datetime64(time, 's')}Z",
        "awsRegion": region,
        "responseElements": None,
        "requestID": text[32:].upper(),
        "eventID": f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}",
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
        "recipientAccountId": account,
        **content,
    }
    caller = content["userIdentity"].get("accountId")
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    return Aside(time, trail, content["eventSource"], content["eventName"], caller, text)
