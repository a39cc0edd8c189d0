"""CPU seconds of a process and its descendants; Linux only, from /proc."""

from __future__ import annotations

import ctypes
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PR_SET_CHILD_SUBREAPER = 36
"""https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html"""


@dataclass(frozen=True)
class _Process:
    parent: int
    started: int
    ticks: int
    """User and system time of the process and of the children it has waited for."""


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, so that `TreeClock` finds them."""
    if PROC.exists():
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


class TreeClock:
    """The CPU seconds, user and system, that a process and its descendants have used so far.

    The time of a process that ends is added to the parent that waits for it. Parents that ignore SIGCHLD, such as
    Spark's Python daemon, do not get it (https://man7.org/linux/man-pages/man2/getrusage.2.html). `sample` records the
    times of their children, so call it a few times a second during the work.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._tree: dict[int, _Process] = {}
        self._not_waited_for: set[int] = set()
        self._lost_ticks = 0

    def sample(self) -> float | None:
        """CPU seconds so far; None on a system without /proc."""
        if not PROC.exists():
            return None
        tree = _tree(self._root)
        for number in self._not_waited_for:
            now, before = tree.get(number), self._tree[number]
            if now is None or now.started != before.started:
                self._lost_ticks += before.ticks
        self._tree = tree
        ignoring = {parent for parent in {each.parent for each in tree.values()} if _ignores_children(parent)}
        self._not_waited_for = {number for number, each in tree.items() if each.parent in ignoring}
        ticks = sum(each.ticks for each in tree.values()) + self._lost_ticks
        return ticks / os.sysconf("SC_CLK_TCK")


def _tree(root: int) -> dict[int, _Process]:
    everything = {int(path.name): found for path in PROC.glob("[0-9]*") if (found := _read(path))}
    below = {root} & everything.keys()
    while more := {number for number, each in everything.items() if each.parent in below} - below:
        below |= more
    return {number: everything[number] for number in below}


def _read(path: Path) -> _Process | None:
    try:
        # The name before it is in parentheses and may hold blanks: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        fields = (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return _Process(int(fields[1]), int(fields[19]), sum(map(int, fields[11:15])))


def _ignores_children(number: int) -> bool:
    try:
        ignored = re.search(r"^SigIgn:\s*([0-9a-f]+)", (PROC / str(number) / "status").read_text(), re.MULTILINE)
    except OSError:
        return False
    return bool(ignored and int(ignored[1], 16) >> (signal.SIGCHLD - 1) & 1)
