"""Run the garbage collector less often: nearly all objects are code and small descriptions without cycles."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Disable the garbage collector in the block, for all threads of the process.

    Creating many objects would start it again and again. If it was disabled before, it stays disabled.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def collect_rarely() -> None:
    """Collect garbage after 50,000 new objects instead of 700, and not at exit. Only for this project's own programs.

    With Python's defaults, a command with many imports spends a tenth of the import time on collection, and a third of
    it between its last output and its exit.
    """
    gc.set_threshold(50_000)
    atexit.register(_leave_garbage)


def _leave_garbage() -> None:
    # DuckDB reports its objects that still exist at exit, even if Ctrl-C has interrupted its import.
    if "_duckdb" not in sys.modules:
        # The collector does not traverse frozen objects.
        gc.freeze()
