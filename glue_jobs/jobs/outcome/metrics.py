"""CloudWatch metrics of a run, for the alarms of the stack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from glue_jobs.ingest.discovery.watermark import window_start
from glue_jobs.progress import Reporter
from glue_jobs.storage import region

if TYPE_CHECKING:
    from glue_jobs.ingest.request import IngestRequest, IngestSummary
    from glue_jobs.lake import Lake

NAMESPACE = "s3-usage-lake"

# Name and unit of each metric.
SUCCESSFUL_RUNS = ("SuccessfulRuns", "Count")
REJECTED_PERCENT = ("RejectedPercent", "Percent")
DAYS_WITHOUT_DELIVERY = ("DaysWithoutDelivery", "Count")

Metrics = Mapping[tuple[str, str], float]


def ingest_metrics(request: IngestRequest, summary: IngestSummary) -> Metrics:
    """The metrics of an ingest run. DAYS_WITHOUT_DELIVERY is absent if nothing was ever ingested from the raw path.

    Raises:
        LakeError: the lake cannot be read.
    """
    found = {} if summary.failed else {SUCCESSFUL_RUNS: 1.0}
    if summary.totals.records:
        found[REJECTED_PERCENT] = 100 * summary.totals.rejected / summary.totals.records
    newest = window_start(request.lake.load(request.pipeline.table), request.raw, 0)
    if newest:
        found[DAYS_WITHOUT_DELIVERY] = float((datetime.now(UTC).date() - newest).days)
    return found


def publish_metrics(stack: str, job: str, lake: Lake, metrics: Metrics, reporter: Reporter) -> None:
    """Send the metrics of a job of the stack, in the lake's Region.

    A failure is reported but raises no error: without the metric, the alarm on successful runs goes off anyway.
    """
    if not metrics:
        return
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    dimensions = [{"Name": "Stack", "Value": stack}, {"Name": "Job", "Value": job}]
    data = [
        {"MetricName": name, "Unit": unit, "Value": value, "Dimensions": dimensions}
        for (name, unit), value in metrics.items()
    ]
    try:
        cloudwatch = boto3.client("cloudwatch", region_name=region(lake.location))
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    except (BotoCoreError, ClientError) as error:
        reporter.say(f"the metrics of this run were not sent: {error}")
