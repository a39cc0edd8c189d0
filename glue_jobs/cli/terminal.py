"""The width of the terminal."""

from __future__ import annotations

import os
import shutil
import sys


def width() -> int | None:
    """The number of columns of standard output; None for a pipe or a file, where nothing has to be cut.

    The variable COLUMNS decides where it is set, as in other programs.
    """
    if os.environ.get("COLUMNS", "").isdecimal() or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None
