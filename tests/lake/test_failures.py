"""Errors of catalogs and storage as sentences: what could not be done, why, and a hint only where it helps."""

from __future__ import annotations

import errno
import logging
import sqlite3
import ssl

import pytest
from botocore.exceptions import ClientError, InvalidRegionError, NoCredentialsError
from sqlalchemy.exc import DatabaseError, OperationalError

from glue_jobs.errors import LakeError
from glue_jobs.lake.failures import explained, without_warnings


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "GetTable")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "[Errno 28] No space left on device; free some space and"),
        (
            OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full")),
            "database or disk is full; free some space and start the run again",
        ),
        (OSError(errno.EACCES, "Permission denied"), "[Errno 13] Permission denied"),
        (OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked")), "database is locked"),
        (client_error("AccessDeniedException"), "AccessDeniedException (because); check the role or credentials"),
        (client_error("ThrottlingException"), "ThrottlingException (because)"),
        (
            FileNotFoundError("[Errno 2] Failed to open local file '/lake/a.json'. Detail: [errno 2] No such file"),
            "/lake/a.json is gone; try again, and if it stays gone, bring it back from a copy, or ingest",
        ),
        (
            FileNotFoundError("Path does not exist 'bucket/a.json'"),
            "bucket/a.json is gone; try again, and if it stays gone, bring it back from a copy",
        ),
        (
            DatabaseError("SELECT", {}, sqlite3.DatabaseError("file is not a database")),
            "file is not a database; bring it back from a copy, or ingest",
        ),
        (
            DatabaseError("SELECT", {}, sqlite3.DatabaseError("database disk image is malformed")),
            "database disk image is malformed; bring it back from a copy, or ingest",
        ),
        (NoCredentialsError(), "Unable to locate credentials"),
        (OSError("first line\nsecond line"), "first line"),
        (InvalidRegionError(region_name="us east 1"), "Provided region_name 'us east 1' doesn't match a supported"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "self-signed certificate"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize("action", ["open the lake", "read the lake"])
def test_an_error_says_what_could_not_be_done_and_why(error: Exception, reason: str, action: str) -> None:
    with pytest.raises(LakeError) as raised, explained(action):
        raise error
    assert str(raised.value).startswith(f"cannot {action}: {reason}")
    for hint in ("free some space", "check the role or credentials", "second line", "from a copy"):
        assert (hint in str(raised.value)) == (hint in reason)


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="a bug"), explained("open the lake"):
        raise ValueError("a bug")


def test_warnings_of_pyiceberg_are_silenced_for_a_while() -> None:
    logger = logging.getLogger("pyiceberg")
    before = logger.level
    with without_warnings():
        assert not logger.isEnabledFor(logging.WARNING)
    assert logger.level == before
