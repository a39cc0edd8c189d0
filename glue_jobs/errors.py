"""Errors for users: one sentence that says what happened, to which object, and what to do."""

from __future__ import annotations

STOPPED = 130
"""The exit code of a program that Ctrl-C ended: 128 plus the number of SIGINT, as in shells."""


class UsageLakeError(Exception):
    """The base of all errors that users may see; its text is the whole message."""


class ArgumentError(UsageLakeError):
    """An argument or parameter cannot be used."""


class StorageError(UsageLakeError):
    """An object or file cannot be listed, read or written."""


class LakeError(UsageLakeError):
    """The lake's catalog or tables are missing or not usable."""


class LostRaceError(UsageLakeError):
    """Another run of the same pipeline committed first; nothing of this run is stored."""
