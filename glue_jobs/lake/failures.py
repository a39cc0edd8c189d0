"""Turn errors of catalogs and storage into sentences for people, and silence pyiceberg's warnings."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from glue_jobs.errors import LakeError

WHAT_TO_DO = "bring it back from a copy, or ingest the raw objects into a new lake"
DAMAGED = f"a file is damaged or cut short; {WHAT_TO_DO}"


@contextmanager
def explained(action: str) -> Iterator[None]:
    """Turn errors of catalogs, storage and Arrow into a LakeError: cannot ``action``, and why."""
    try:
        yield
    except Exception as error:
        # Athena and Glue delete by position; Flink deletes by value.
        if isinstance(error, ValueError) and "equality deletes" in str(error):
            reason = (
                "another program deleted rows of it with equality deletes, which pyiceberg cannot read;"
                " let that program rewrite its data files, as Spark's rewrite_data_files does with"
                " 'delete-file-threshold'"
            )
        elif _is_damage(error):
            reason = DAMAGED
        # Must precede the errors of parsing: some errors of networks and settings are a ValueError too.
        elif isinstance(error, _library_errors()):
            reason = _reason(error)
        elif action.startswith("read ") and isinstance(error, _parsing_errors()):
            reason = DAMAGED
        else:
            raise
        raise LakeError(f"cannot {action}: {reason}") from error


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence pyiceberg's warnings.

    It warns about every column without statistics, although most columns lack them on purpose, and about the retry of
    a lost commit, which never happens.
    """
    logger = logging.getLogger("pyiceberg")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


# The libraries below take a fifth of a second to import, so they are imported only if an error occurs.


def _library_errors() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError
    from pyarrow import ArrowException
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError, ClientError, BotoCoreError, ArrowException, OSError


def _is_damage(error: Exception) -> bool:
    """Whether the error means that metadata or a data file is damaged; manifests raise an EOFError."""
    from pyarrow import ArrowInvalid
    from pydantic import ValidationError

    # pyiceberg wraps the error of pydantic for a metadata file in an error of its own.
    return isinstance(error, EOFError | ArrowInvalid) or isinstance(error.__cause__, ValidationError)


def _parsing_errors() -> tuple[type[Exception], ...]:
    """What pyiceberg raises for truncated or damaged metadata, which it hardly validates."""
    from zlib import error as inflating_error

    from pyiceberg.exceptions import ResolveError, ValidationError

    return ValueError, LookupError, TypeError, SystemError, inflating_error, ResolveError, ValidationError


def _reason(error: Exception) -> str:
    from botocore.exceptions import ClientError
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, ClientError):
        code, message = (str(error.response["Error"].get(name, "")) for name in ("Code", "Message"))
        # Glue's message names the action and the resource that the role lacks.
        return f"{code} ({message}){'; check the role or credentials' if 'AccessDenied' in code else ''}"
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = str(cause).splitlines()[0]
    if isinstance(error, FileNotFoundError) and (file := re.search("'(.+?)'", reason)):
        # A commit may have replaced the file since this process loaded the table.
        return f"{file[1]} is gone; try again, and if it stays gone, {WHAT_TO_DO}"
    if "No space left on device" in reason or "is full" in reason:
        return f"{reason}; free some space and start the run again"
    if "is malformed" in reason or "not a database" in reason:
        return f"{reason}; {WHAT_TO_DO}"
    return reason
