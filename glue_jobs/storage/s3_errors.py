"""Turn errors of S3 into sentences: errors of one object, which do not affect others, and errors of the storage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, PreconditionError, UnauthenticatedError

from glue_jobs.errors import StorageError, UnreadableObjectError

CHANGED = "it changed while it was being read"
ARCHIVED = "it is archived; restore it"
DENIED = "access denied; check the role or credentials"

# Why one object cannot be read, by S3's error code or HTTP status. Other errors may affect all objects.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
UNREADABLE = {
    "InvalidObjectState": ARCHIVED,
    "AccessDenied": DENIED,
    "403": DENIED,
    "NoSuchKey": "there is no such object",
    "404": "there is no such object",
    "PreconditionFailed": CHANGED,
    "412": CHANGED,
}

# The code and message of the error response's body, as they appear in obstore's messages.
ERROR_BODY = re.compile(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?")

# The status for errors whose response has no body.
STATUS_OF: dict[str, tuple[type[Exception], ...]] = {
    "412": (PreconditionError,),
    "403": (PermissionDeniedError, UnauthenticatedError),
    "404": (NotFoundError, FileNotFoundError),
}

REASONS = {
    "403": DENIED,
    "404": "there is no such object",
    "AccessDenied": "AccessDenied; check the role or credentials",
    "NoCredentialsError": "Unable to locate credentials; run aws configure, or set AWS_PROFILE",
    "NoSuchBucket": "NoSuchBucket; check the name",
    "NoSuchKey": "there is no such object",
}


@contextmanager
def explained(action: str, address: str) -> Iterator[None]:
    """Turn errors of boto3 and obstore into a StorageError: cannot ``action`` the address, and why.

    A ValueError concerns the settings of a client, such as an endpoint that is not a URL.
    """
    try:
        yield
    except (ClientError, BotoCoreError, BaseError, OSError, ValueError) as error:
        code, message = _code_and_message(error)
        if action == "read" and (reason := _reason_of_one_object(code, message)):
            raise UnreadableObjectError(address, reason, denied=reason.startswith(DENIED)) from error
        reason = REASONS.get(code) or message or code
        raise StorageError(f"cannot {action} {address}: {reason}") from error


def _reason_of_one_object(code: str, message: str) -> str | None:
    if code.startswith("KMS.") or (code == "AccessDenied" and "kms:" in message):
        # Only the message says that the KMS key is the cause, and names it.
        return f"{DENIED}: {message or code}"
    return UNREADABLE.get(code)


def _code_and_message(error: Exception) -> tuple[str, str]:
    """S3's error code and message; without a message, the first line of the error's text."""
    if isinstance(error, ClientError):
        return str(error.response["Error"].get("Code", "")), str(error.response["Error"].get("Message", ""))
    text = str(error) or type(error).__name__
    if body := ERROR_BODY.search(text):
        return body[1], body[2] or ""
    # Responses to HEAD have no body, and errors of a client have no status.
    status = next((code for code, kinds in STATUS_OF.items() if isinstance(error, kinds)), type(error).__name__)
    return status, text.splitlines()[0]
