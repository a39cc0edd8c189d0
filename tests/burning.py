"""Functions that use half a second of CPU time. Processes that import this module import nothing else."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress


def burn() -> None:
    end = time.process_time() + 0.5
    while time.process_time() < end:
        # User time; reading the clock may be system time.
        sum(range(10_000))


def burn_in_a_child(*, ignored: bool, orphaned: bool) -> None:
    """Burn in a grandchild, whose parent ignores SIGCHLD or ends before it."""
    read, write = os.pipe()
    if child := os.fork():
        os.close(write)
        os.waitpid(child, 0)
        # The end of the pipe: all its writers have ended.
        os.read(read, 1)
        return
    signal.signal(signal.SIGCHLD, signal.SIG_IGN if ignored else signal.SIG_DFL)
    if grandchild := os.fork():
        if not orphaned:
            with suppress(ChildProcessError):
                os.waitpid(grandchild, 0)
        os._exit(0)
    burn()
    os._exit(0)
