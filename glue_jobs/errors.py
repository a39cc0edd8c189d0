"""Errors for users: each is a sentence that says what happened, to which object, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

STOPPED = 130
"""The exit code of a program that Ctrl-C ended: 128 plus the number of SIGINT, as in shells."""


MAX_NAMES = 40
"""A sentence lists at most this many names."""


class UsageLakeError(Exception):
    """The base of all errors that users may see; its text is the whole message."""


class ArgumentError(UsageLakeError):
    """An argument or parameter cannot be used."""


class StorageError(UsageLakeError):
    """An object or file cannot be listed, read or written."""


class UnreadableObjectError(StorageError):
    """One object cannot be read now. Other objects are not affected, and a later run tries again.

    ``reason`` follows the object's ``address`` in a sentence; ``denied`` if access to the object is denied.
    """

    def __init__(self, address: str, reason: str, denied: bool = False) -> None:
        super().__init__(f"cannot read {address}: {reason}")
        self.address, self.reason, self.denied = address, reason, denied

    # By default, an exception is pickled with its message alone; workers send this one to the caller.
    def __reduce__(self) -> tuple[type[UnreadableObjectError], tuple[str, str, bool]]:
        return UnreadableObjectError, (self.address, self.reason, self.denied)


class LakeError(UsageLakeError):
    """The lake's catalog or tables are missing or not usable."""


class LostRaceError(UsageLakeError):
    """Another run of the same pipeline committed first; nothing of this run, or of its last step, is stored."""

    @classmethod
    def of_table(cls, name: str) -> LostRaceError:
        """The error of a run that could not commit to this table."""
        return cls(f"another run committed to {name} first, so nothing of this run is stored; start it again")


def known_names(name: object, known: Iterable[str], listing: str = "") -> str:
    """The end of a sentence about an unknown name: ``did you mean 'access/tools'``, or all known names.

    If there are too many names, the sentence refers to ``listing``, the command that lists them.
    """
    names = list(known)
    if near := nearest(str(name), names).removeprefix("; "):
        return near
    if listing and len(names) > MAX_NAMES:
        return f"there are {len(names)}, see {listing}"
    return f"there are {', '.join(names) or 'none at all'}"


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'access/tools'`` if known names are similar, and otherwise ''."""
    from difflib import get_close_matches

    name = name.lower()
    # A path is also known by its last part: top_objects for access/top_objects.
    parts = [(spelling.lower(), each) for each in known for spelling in {each.rpartition("/")[2], each}]
    close = [name] if name in dict(parts) else get_close_matches(name, dict(parts))
    near = [each for wanted in close for spelling, each in parts if spelling == wanted]
    return f"; did you mean {' or '.join(map(repr, dict.fromkeys(near)))}" if near else ""
