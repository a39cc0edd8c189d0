"""The job script of AWS Glue, and ``python -m glue_jobs.run``: arguments to a job to an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from glue_jobs.errors import STOPPED, UsageLakeError
from glue_jobs.jobs.arguments import parse
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import PlainReporter


def main(arguments: Sequence[str]) -> str | int | None:
    """Run one job; returns what to exit with: None after success, a sentence after failure, 130 after Ctrl-C.

    A run that meets an invalid snapshot for the first time stores the others, and fails too: somebody should look.
    """
    reporter = PlainReporter()
    try:
        result = run_job(parse(arguments), reporter)
    except UsageLakeError as error:
        return f"error: {error}"
    except KeyboardInterrupt:
        reporter.say("stopped; the next run continues from here")
        return STOPPED
    if result.failed:
        return result.sentence
    reporter.say(result.sentence)
    return None


if __name__ == "__main__":
    # Older job types of Glue take any call of exit, even exit(0), for a failure: only a failed run exits. What it exits
    # with goes to standard error, and from there into the run's error message in Glue and into the e-mail.
    if problem := main(sys.argv[1:]):
        sys.exit(problem)
