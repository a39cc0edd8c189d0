"""Run a job as a process does: the result is an exit code, and errors go to standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from glue_jobs import run


def main(arguments: Sequence[str]) -> int:
    """Run one job; returns its exit code."""
    ended = run.main(arguments)
    if isinstance(ended, str):
        print(ended, file=sys.stderr)
        return 1
    return ended or 0
