"""``usage-lake``, the command line."""

from __future__ import annotations

import sys

from glue_jobs.workers.gc_pause import collect_rarely

# Packages of the extra `local` that commands import, by the names they are imported by.
OF_THE_EXTRA_LOCAL = frozenset({"click", "duckdb", "pandas", "rich", "sqlglot", "xlsxwriter"})


def main() -> None:
    """Run the command that the program's arguments name; a package that is missing is one sentence."""
    collect_rarely()
    try:
        from glue_jobs.cli.main import main as command

        command()
    except ModuleNotFoundError as error:
        if error.name not in OF_THE_EXTRA_LOCAL:
            raise
        sys.exit("error: the command line needs the extra local: pip install 's3-usage-lake[local]'")
