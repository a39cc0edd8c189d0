"""The one Glue script, and ``python -m glue_jobs.run``: arguments to pipeline to exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from glue_jobs.args import REPORT, parse
from glue_jobs.errors import STOPPED, UsageLakeError
from glue_jobs.ingest import ingest
from glue_jobs.order import order
from glue_jobs.outcome import sentence
from glue_jobs.progress import PlainReporter, Reporter
from glue_jobs.reports.order import report, report_order
from glue_jobs.reports.publish import sentence as reports_sentence


def main(arguments: Sequence[str]) -> int:
    """Run one job; 0 when it succeeded, else 1 (130 after Ctrl-C) and one sentence on standard error.

    A run that refused a snapshot for the first time has stored the others, and ends with 1 too: somebody should look.
    """
    reporter = PlainReporter()
    try:
        return _run(parse(arguments), reporter)
    except UsageLakeError as error:
        reporter.say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        reporter.say("stopped; the next run goes on from here")
        return STOPPED


def _run(values: Mapping[str, str], reporter: Reporter) -> int:
    if values["pipeline"] == REPORT:
        reporter.say(reports_sentence(report(report_order(values), reporter)))
        return 0
    outcome = ingest(order(values), reporter)
    reporter.say(sentence(outcome))
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    # Glue takes any exit, even exit(0), for a failure of older job types, so only a failure exits.
    if main(sys.argv[1:]) != 0:
        sys.exit(1)
