"""The job script for AWS Glue, and ``python -m glue_jobs.run`` elsewhere: from arguments to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec

from glue_jobs.errors import STOPPED, UsageLakeError
from glue_jobs.jobs.arguments.glue import given_names, parse, resolve, without_abbreviations
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import PlainReporter
from glue_jobs.workers.spark import STARTED_BY_JAVA, session

JOB_NAME = "JOB_NAME"


def main(arguments: Sequence[str]) -> str | int | None:
    """Run one job; returns the value for `sys.exit`: None after success, a sentence after failure, 130 after Ctrl-C.

    A run that finds a new invalid snapshot stores the others but still fails, so that somebody looks into it.
    """
    reporter = PlainReporter()
    try:
        with glue_job(arguments) if on_glue() else nullcontext(parse(arguments)) as values:
            result = run_job(values, reporter)
            if result.failed:
                raise UsageLakeError(result.sentence)
    except UsageLakeError as error:
        return f"error: {error}"
    except KeyboardInterrupt:
        reporter.say("stopped; the same command continues from here")
        return STOPPED
    reporter.say(result.sentence)
    return None


def on_glue() -> bool:
    """Whether AWS Glue started this program: a JVM started it, and Glue's library can be imported."""
    return STARTED_BY_JAVA in os.environ and find_spec("awsglue") is not None


@contextmanager
def glue_job(arguments: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Initialise the Glue job before the block and commit it after; yields the values of the job's arguments.

    Glue shows metrics, insights and run details only for such jobs. Nothing is read or written through the Glue
    context: docs/decisions/0015-glue-library.md.

    Raises:
        ArgumentError: a required argument of the job is missing.
    """
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from awsglue.utils import getResolvedOptions

    # `getResolvedOptions` treats every option in its list as required, so the list has only those that are given.
    names = given_names(arguments)
    wanted = [*names, JOB_NAME] if _has_name(arguments) else names
    options = getResolvedOptions(["run.py", *without_abbreviations(arguments)], wanted)
    job = Job(GlueContext(session().sparkContext))
    job.init(options.get(JOB_NAME, ""), options)
    yield resolve({name: options[name] for name in names})
    job.commit()


def _has_name(arguments: Sequence[str]) -> bool:
    return any(text.partition("=")[0] == f"--{JOB_NAME}" for text in arguments)


if __name__ == "__main__":
    # Older job types of Glue treat any call of exit, even exit(0), as a failure, so only a failed run exits. The text
    # goes to standard error, from there into the run's error message in Glue, and into the e-mail.
    if problem := main(sys.argv[1:]):
        sys.exit(problem)
