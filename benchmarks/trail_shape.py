"""A CloudTrail event as the usual ways declare it before they read JSON, and the columns it becomes."""

from __future__ import annotations

from pathlib import Path

import msgspec
from isal import isal_zlib

from glue_jobs.read.unpack import GZIP_WINDOW
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import FLAGS, IDS, NAMES
from glue_jobs.sources.cloudtrail_s3_event.parser.event import Event
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT

Shape = str | dict[str, "Shape"] | list["Shape"]

SHAPE: dict[str, Shape] = {
    "eventTime": "timestamp",
    **dict.fromkeys([*IDS.values(), *NAMES.values(), "responseElements"], "string"),
    **dict.fromkeys(FLAGS.values(), "boolean"),
    "userIdentity": {
        **dict.fromkeys(["type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy"], "string"),
        "sessionContext": {"sessionIssuer": {"arn": "string"}},
    },
    "requestParameters": dict.fromkeys(["bucketName", "key"], "string"),
    "additionalEventData": {
        **dict.fromkeys(["SignatureVersion", "CipherSuite", "AuthenticationMethod"], "string"),
        # Old events have them with a decimal point.
        **dict.fromkeys(["bytesTransferredIn", "bytesTransferredOut"], "double"),
    },
    "tlsDetails": dict.fromkeys(["tlsVersion", "clientProvidedHostHeader"], "string"),
    "resources": [{"ARN": "string"}],
}
"""Names and types of the fields that become columns, nested as they are in an event."""


def columns(first: int) -> list[str]:
    """What SQL selects of an ``event``, where the elements of a list are numbered from ``first`` on."""
    paths = {
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
        "access_point_arn": f"resources[{first + 2}].ARN",
        "host_header": "tlsDetails.clientProvidedHostHeader",
        "bytes_out": "additionalEventData.bytesTransferredOut",
        "bytes_in": "additionalEventData.bytesTransferredIn",
        "authentication_method": "additionalEventData.AuthenticationMethod",
        "signature_version": "additionalEventData.SignatureVersion",
        "tls_version": "tlsDetails.tlsVersion",
        "cipher_suite": "additionalEventData.CipherSuite",
    }
    types = {column.name: column.type for column in CLOUDTRAIL_S3_EVENT.columns}
    return [f"CAST(event.{path} AS {types[name]}) AS {name}" for name, path in paths.items()]


class _Event(Event, forbid_unknown_fields=False, gc=False):
    """Fields without a column are passed over."""


class _Document(msgspec.Struct):
    Records: list[_Event]


_DOCUMENT = msgspec.json.Decoder(_Document)


def decode(path: Path) -> None:
    """Unpack and decode a file, the least that any way must do: nested fields are only found, not read."""
    _DOCUMENT.decode(isal_zlib.decompress(path.read_bytes(), GZIP_WINDOW))
