"""Jobs as processes end: with an exit code, and what they exit with on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from glue_jobs import run


def main(arguments: Sequence[str]) -> int:
    """Run one job; its exit code."""
    ended = run.main(arguments)
    if isinstance(ended, str):
        print(ended, file=sys.stderr)
        return 1
    return ended or 0
