"""Less work for the garbage collector: nearly all objects here are code and small descriptions without cycles."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Disable the garbage collector in the block, for all threads of the process.

    Otherwise many new objects start it again and again. If it was disabled before, it stays disabled.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def collect_rarely() -> None:
    """For a program of our own: collect garbage after 50,000 new objects instead of 700, and none at its end.

    Otherwise a command that imports much spends a tenth of its imports on it, and then as long as a third of them
    between its last word and its end.
    """
    gc.set_threshold(50_000)
    atexit.register(_leave_garbage)


def _leave_garbage() -> None:
    # DuckDB complains of its objects that are still there at the end, also where Ctrl-C has stopped its import.
    if "_duckdb" not in sys.modules:
        # What is frozen is not looked through again.
        gc.freeze()
