"""``usage-lake``, the command line."""

from __future__ import annotations

import os
import sys

from glue_jobs.errors import STOPPED
from glue_jobs.workers.gc_pause import collect_rarely

# Import names of the packages in the extra `local` that commands import.
OF_THE_EXTRA_LOCAL = frozenset({"click", "duckdb", "pandas", "rich", "sqlglot", "xlsxwriter"})


def main() -> None:
    """Run the command that the program's arguments name; a missing package ends it with one sentence."""
    collect_rarely()
    _open_closed_streams()
    try:
        from glue_jobs.cli.main import main as command

        command()
    except KeyboardInterrupt:
        # The command, which reports this itself, is not imported yet.
        sys.stderr.write("\nstopped\n")
        sys.exit(STOPPED)
    except ModuleNotFoundError as error:
        if error.name not in OF_THE_EXTRA_LOCAL:
            raise
        sys.exit("error: the command line needs the extra local: pip install 's3-usage-lake[local]'")


def _open_closed_streams() -> None:
    """Open the null device for each stream that the caller closed; otherwise an opened file gets its descriptor."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
