"""One run of a job, from its arguments to the sentence that says what it did.

AWS Glue, the command line and `glue_jobs.Lake` all call `run_job`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from glue_jobs.jobs.arguments.declared import ENGINES, REPORT
from glue_jobs.jobs.arguments.values import choice_argument
from glue_jobs.jobs.early_workers import start_workers_early
from glue_jobs.progress import Reporter

if TYPE_CHECKING:
    from glue_jobs.ingest.request import IngestSummary
    from glue_jobs.publish.publish import Published


@dataclass(frozen=True)
class JobResult:
    """What a job did, in one sentence and in detail: ``ingested`` of an ingest job, ``published`` of a report job.

    ``failed`` is true if a run stored everything it could, but somebody should look into what it could not store.
    """

    sentence: str
    failed: bool = False
    ingested: IngestSummary | None = None
    published: Published | None = None


def run_job(values: Mapping[str, str], reporter: Reporter) -> JobResult:
    """Run the job that ``values`` describe: the values of `glue_jobs.jobs.arguments.declared.ARGUMENTS` by their names.

    ``pipeline`` says which job it is; absent values have their defaults.

    Raises:
        UsageLakeError: the job cannot continue; readers see nothing of it, or of its last step. An ArgumentError names
            the argument.
    """
    return _report(values, reporter) if values["pipeline"] == REPORT else _ingest(values, reporter)


# Each job imports only its half of the program: AWS's library for Athena alone takes a sixth of a second.


def _report(values: Mapping[str, str], reporter: Reporter) -> JobResult:
    from glue_jobs.jobs.outcome.metrics import SUCCESSFUL_RUNS, publish_metrics
    from glue_jobs.jobs.outcome.weekly_digest import send_digest, topic_argument
    from glue_jobs.jobs.report_job import report, report_request
    from glue_jobs.publish.publish import sentence
    from glue_jobs.publish.published_file import remove_unfinished

    request, topic = report_request(values), topic_argument(values)
    published = report(request, reporter)
    for edition in filter(None, (published, published.public)):
        remove_unfinished(f"{edition.folder}/{file.name}" for file in edition.files)
    # The public tier has no digest.
    if published.digest and topic:
        send_digest(topic, published.digest, request.edition.day, reporter)
    # Raises an error if some reports failed, so it precedes the metric of a successful run.
    text = sentence(published)
    if stack := values.get("stack"):
        publish_metrics(stack, REPORT, request.lake, {SUCCESSFUL_RUNS: 1}, reporter)
    return JobResult(text, published=published)


def _ingest(values: Mapping[str, str], reporter: Reporter) -> JobResult:
    start_workers_early(values)
    from glue_jobs.ingest.ingest import ingest
    from glue_jobs.jobs.ingest_job import ingest_request
    from glue_jobs.jobs.outcome.ingest_sentence import sentence
    from glue_jobs.jobs.outcome.last_success import record_success
    from glue_jobs.jobs.outcome.metrics import ingest_metrics, publish_metrics
    from glue_jobs.jobs.wrong_source import check_source
    from glue_jobs.workers.spark import session

    request, engine = ingest_request(values), choice_argument(values, "engine", ENGINES)
    # A first run checks the source before it creates a lake. A later run checks it only if the newest days are empty.
    is_first = not request.lake.has(request.pipeline.table)
    if is_first:
        check_source(request)
    if engine == "spark":
        # While a session exists, all tasks of this process run on Spark.
        session()
    summary = ingest(request, reporter)
    if not is_first and not summary.listed:
        check_source(request)
    if stack := values.get("stack"):
        publish_metrics(stack, request.pipeline.name, request.lake, ingest_metrics(request, summary), reporter)
    if not summary.failed:
        record_success(request.lake, request.pipeline.name, datetime.now(UTC))
    return JobResult(sentence(summary, request.pipeline.name), summary.failed, ingested=summary)
