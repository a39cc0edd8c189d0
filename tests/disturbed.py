"""Disturb a function call: the network fails, somebody presses Ctrl-C, an object changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from inspect import getattr_static
from typing import Any

import pytest

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.storage import Entry
from glue_jobs.storage.folder import FolderStorage


def appends_to(*names: str) -> Callable[..., bool]:
    """Whether a call of ``LoadedTable.append`` is of one of the tables."""
    return lambda loaded, *_: loaded.table.name in names


def disturb(
    patch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    happens: Callable[[], object],
    when: Callable[..., bool] = lambda *_: True,
    *,
    after: bool = False,
    nth: int = 1,
) -> Callable[[], bool]:
    """Cause an event before the ``nth`` call of the function for which ``when`` is true, or after that call.

    Returns a function that says whether the event has happened.
    """
    original, calls = getattr(owner, name), 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        fits = bool(when(*arguments))
        calls += fits
        now = fits and calls == nth
        if now and not after:
            happens()
        result = original(*arguments, **named)
        if now and after:
            happens()
        return result

    is_static = isinstance(getattr_static(owner, name), staticmethod)
    patch.setattr(owner, name, staticmethod(call) if is_static else call)
    return lambda: calls >= nth


@contextmanager
def disturbed(owner: Any, name: str, happens: Callable[[], object], **options: Any) -> Iterator[None]:
    """Disturb only in the block, where the event must happen; the options are those of ``disturb``."""
    with pytest.MonkeyPatch.context() as patch:
        has_happened = disturb(patch, owner, name, happens, **options)
        yield
        assert has_happened(), f"the call of {name} that was to be disturbed never came"


def failing(owner: Any, name: str, error: BaseException, **options: Any) -> AbstractContextManager[None]:
    """In the block, that call of the function raises the error; the options are those of ``disturb``."""

    def fail() -> None:
        raise error

    return disturbed(owner, name, fail, **options)


@contextmanager
def denied(*addresses: str) -> Iterator[None]:
    """In the block, these files cannot be read."""
    read = FolderStorage.read

    def read_others(self: FolderStorage, entry: Entry, *part: Any) -> bytes:
        if entry.address in addresses:
            raise UnreadableObjectError(entry.address, "Permission denied", denied=True)
        return read(self, entry, *part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FolderStorage, "read", read_others)
        yield
