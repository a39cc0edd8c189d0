"""CPU seconds of a process and its descendants; Linux only."""

from __future__ import annotations

import ctypes
import re
import signal
from contextlib import suppress
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36
"""https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html"""


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, so that `TreeClock` finds them."""
    if psutil.LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


class TreeClock:
    """The CPU seconds, user and system, that a process and its descendants have used so far.

    The time of a process that ends is added to the parent that waits for it. Parents that ignore SIGCHLD, such as
    Spark's Python daemon, do not get it (https://man7.org/linux/man-pages/man2/getrusage.2.html). `sample` records the
    times of their children, so call it a few times a second during the work.
    """

    def __init__(self, root: int) -> None:
        self._root = psutil.Process(root)
        self._not_waited_for: dict[psutil.Process, float] = {}
        self._lost = 0.0

    def sample(self) -> float | None:
        """CPU seconds so far; None on systems other than Linux."""
        if not psutil.LINUX:
            return None
        seconds: dict[psutil.Process, float] = {}
        parents: dict[psutil.Process, int] = {}
        for each in (self._root, *self._root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                # Those of the process, and of the children it has waited for.
                times = each.cpu_times()
                parents[each] = each.ppid()
                seconds[each] = times.user + times.system + times.children_user + times.children_system
        self._lost += sum(before for each, before in self._not_waited_for.items() if each not in seconds)
        ignoring = {*filter(_ignores_children, {*parents.values()})}
        self._not_waited_for = {each: used for each, used in seconds.items() if parents[each] in ignoring}
        return sum(seconds.values()) + self._lost


def _ignores_children(number: int) -> bool:
    try:
        ignored = re.search(r"^SigIgn:\s*([0-9a-f]+)", Path(f"/proc/{number}/status").read_text(), re.MULTILINE)
    except OSError:
        return False
    return bool(ignored and int(ignored[1], 16) >> (signal.SIGCHLD - 1) & 1)
