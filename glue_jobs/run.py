"""The one Glue script, and ``python -m glue_jobs.run``: arguments to pipeline to exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from glue_jobs.errors import STOPPED, UsageLakeError
from glue_jobs.ingest.ingest import ingest
from glue_jobs.jobs.arguments import REPORT, parse
from glue_jobs.jobs.ingest_job import ingest_request
from glue_jobs.jobs.report_job import report, report_request
from glue_jobs.jobs.run_summary import sentence
from glue_jobs.progress import PlainReporter, Reporter
from glue_jobs.publish.publish import sentence as reports_sentence


def main(arguments: Sequence[str]) -> str | int | None:
    """Run one job; returns what to exit with: None when it succeeded, a sentence when not, 130 after Ctrl-C.

    A run that refused a snapshot for the first time has stored the others, and fails too: somebody should look.
    """
    reporter = PlainReporter()
    try:
        return _run(parse(arguments), reporter)
    except UsageLakeError as error:
        return f"error: {error}"
    except KeyboardInterrupt:
        reporter.say("stopped; the next run goes on from here")
        return STOPPED


def _run(values: Mapping[str, str], reporter: Reporter) -> str | None:
    if values["pipeline"] == REPORT:
        reporter.say(reports_sentence(report(report_request(values), reporter)))
        return None
    summary = ingest(ingest_request(values), reporter)
    if summary.failed:
        return sentence(summary)
    reporter.say(sentence(summary))
    return None


if __name__ == "__main__":
    # Glue takes any exit, even exit(0), for a failure of older job types, so only a failure exits. What it exits with
    # goes to standard error, and is the message of the run in Glue and of the e-mail.
    if problem := main(sys.argv[1:]):
        sys.exit(problem)
