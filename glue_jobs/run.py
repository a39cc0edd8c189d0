"""The one Glue script, and ``python -m glue_jobs.run``: arguments to pipeline to exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from glue_jobs.args import order, parse
from glue_jobs.errors import UsageLakeError
from glue_jobs.ingest import ingest
from glue_jobs.outcome import sentence
from glue_jobs.progress import PlainReporter


def main(arguments: Sequence[str]) -> int:
    """Run one job; 0 when it succeeded, 1 when it could not, with one sentence on standard error."""
    reporter = PlainReporter()
    try:
        wanted = order(parse(arguments))
        reporter.say(sentence(ingest(wanted, reporter)))
    except UsageLakeError as error:
        reporter.say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    # Glue takes any exit, even exit(0), for a failure of older job types, so only a failure exits.
    if main(sys.argv[1:]) != 0:
        sys.exit(1)
