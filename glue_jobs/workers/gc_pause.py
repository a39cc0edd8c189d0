"""Python's collector of cycles, kept from looking at thousands of new objects that have none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Without the collector: many objects at once make it run again and again, and it finds nothing.

    It is of the whole process, for all threads; whoever was without it before stays so.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
