"""The stack of a data lake: its processor makes tables of uploads, with exactly the rights that this takes."""

from __future__ import annotations

import json
import re
from functools import cache

import boto3
import pytest
from botocore.exceptions import ClientError

from glue_jobs.ingest.staging.run_folder import DEAD_AFTER
from glue_jobs.jobs.arguments.declared import ARGUMENTS, INGEST_JOB
from glue_jobs.jobs.arguments.glue import parse as parse_arguments
from glue_jobs.lake import Lake
from glue_jobs.sources.lake_tables import uploaded_tables
from tests.cloudformation.acting import Used, enforced, many
from tests.cloudformation.rendered import Json, Rendered
from tests.cloudformation.stacks import create, loaded, run_as
from tests.cloudformation.state_machines import ALREADY_RUNS, end_run, execute, jobs_of
from tests.cloudformation.test_template import OF_GLUE
from tests.end_to_end.lakes import without_spark
from tests.end_to_end.sources import put
from tools.package import MAX_TEMPLATE_BYTES, ZONES, packaged

PROCESSOR = "usage-processor"

# Statements and rights that no request of these tests uses: AWS Glue writes logs and metrics, and clients abort an
# upload in parts that fails.
UNSEEN = {"WriteLogs", "WriteMetrics", "s3:AbortMultipartUpload"}


class Zones:
    """The stack's buckets on a loopback S3, its processor, and ``used``: the rights its runs needed."""

    def __init__(self) -> None:
        self.used: Used = set()
        self.rendered = create(packaged(ZONES))
        self.job = self.rendered.jobs["upload"]
        for location in loaded(self.job):
            put(location, b"")
        arguments = self.job["DefaultArguments"]
        self.lake = Lake(arguments["--lake_path"], arguments["--database"])
        self.raw = arguments["--raw_path"].rstrip("/")
        self.statements = self.rendered.statements_of(self.job)
        self._runs = 0

    def run(self, statements: list[Json]) -> None:
        """Upload an object again with another type, and another one; then run the processor with these statements."""
        self._runs += 1
        put(f"{self.raw}/products.json", f'{{"id": 1, "price": {self._runs}}}\n{{"id": {self._runs}'.encode())
        put(f"{self.raw}/sales/{self._runs}.csv", b"id,note\n1," + (b"7" if self._runs % 2 else b"text"))
        run_as(statements, self.used, self.job)


@cache
def zones() -> Zones:
    """One stack for all runs, so that tables are created once."""
    return Zones()


@pytest.fixture
def here(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_spark(monkeypatch)


@pytest.mark.usefixtures("here")
def test_the_processor_has_exactly_the_rights_it_uses(capfd: pytest.CaptureFixture[str]) -> None:
    stack = zones()
    allowed = [each for each in stack.statements.values() if enforced(each)]
    for _ in range(2):
        stack.run(allowed)
    assert re.search("ingested 2 objects: 3 records = 2 rows", capfd.readouterr().err)
    assert {table.name for table in uploaded_tables(stack.lake)} == {"processed_table", "sales"}
    rights = {
        (each["Sid"], right)
        for each in allowed
        for right in (*many(each["Action"]), *many(each["Resource"]))
        if right not in UNSEEN
    }
    assert {(sid, right) for sid, right in stack.used if right not in UNSEEN} == rights


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "left_out",
    ["ReadArtifacts", "ListUploads", "ReadUploads", "ListProcessedData", "KeepProcessedData", "KeepTables"],
)
def test_the_processor_fails_without_any_one_statement(left_out: str, capfd: pytest.CaptureFixture[str]) -> None:
    stack = zones()
    with pytest.raises((PermissionError, ClientError)) as failure:
        stack.run([each for sid, each in stack.statements.items() if sid != left_out and enforced(each)])
    output = f"{failure.value} {capfd.readouterr().err}"
    assert re.search("(?i)access.?denied|not authorized", output), output


def test_the_processor_is_a_job_as_those_of_the_other_stack() -> None:
    job = Rendered(ZONES).of_type("AWS::Glue::Job")["Processor"]
    arguments = job["DefaultArguments"]
    declared = {f"--{argument.name}" for argument in ARGUMENTS if INGEST_JOB in argument.jobs and argument.on_glue}
    assert set(arguments) - OF_GLUE == declared
    values = parse_arguments([text for pair in arguments.items() for text in pair])
    assert values["pipeline"] == "upload"
    assert (values["raw_path"], values["lake_path"]) == ("s3://raw-bucket/data/", "s3://processed-bucket/processed")
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert job["Timeout"] * 60 < DEAD_AFTER.total_seconds()


def test_the_template_is_small_enough_and_has_the_outputs_of_the_old_stack(zones_template: str) -> None:
    assert len(zones_template.encode()) < MAX_TEMPLATE_BYTES
    places = set(re.findall("@[a-z_]+@", ZONES.read_text()))
    assert places and not places & set(re.findall("@[a-z_]+@", zones_template))
    assert set(Rendered(ZONES).outputs) >= {
        "RawBucketName", "ProcessedBucketName", "CuratedBucketName", "GlueDatabaseName", "GlueCrawlerName",
        "AthenaWorkGroupName", "AthenaQueryExample",
    }  # fmt: skip


def test_an_object_below_data_starts_the_processor() -> None:
    rendered = Rendered(ZONES)
    rule = rendered.of_type("AWS::Events::Rule")["UploadRule"]
    bucket = rendered.of_type("AWS::S3::Bucket")["RawBucket"]
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": [rendered.ref("RawBucket")]},
        "object": {"key": [{"prefix": "data/"}]},
    }
    with jobs_of(rendered) as jobs:
        assert execute(rendered, "UploadArrival")["status"] == "SUCCEEDED"
    assert (jobs.names, jobs.waited) == ([PROCESSOR], [30])


def test_uploads_of_the_same_time_share_a_run() -> None:
    rendered = Rendered(ZONES)
    with jobs_of(rendered) as jobs:
        # While this execution waits, that of another upload starts the processor, which takes both.
        jobs.during_wait = [lambda: boto3.client("glue").start_job_run(JobName=PROCESSOR)]
        assert execute(rendered, "UploadArrival")["status"] == "SUCCEEDED"
    assert jobs.names == [PROCESSOR]


def test_an_upload_during_a_run_is_taken_by_the_next_one() -> None:
    rendered = Rendered(ZONES)
    with jobs_of(rendered) as jobs:
        jobs.outcomes[PROCESSOR] = ["RUNNING", ALREADY_RUNS]
        boto3.client("glue").start_job_run(JobName=PROCESSOR)
        jobs.during_wait = [int, lambda: end_run(PROCESSOR)]
        assert execute(rendered, "UploadArrival")["status"] == "SUCCEEDED"
    assert (jobs.names, jobs.waited) == ([PROCESSOR, PROCESSOR], [30, 60, 60])


def test_thousands_of_uploads_at_once_do_not_all_ask_again_at_the_same_moment() -> None:
    (retry,) = Rendered(ZONES).of_type("AWS::StepFunctions::StateMachine")["UploadArrival"]["Definition"]["States"][
        "LatestRun"
    ]["Retry"]
    assert retry["JitterStrategy"] == "FULL"


def test_the_function_copies_artifacts_and_starts_nothing() -> None:
    statements = Rendered(ZONES).statements("StackFunctionRole")
    assert {sid: each["Action"] for sid, each in statements.items()} == {
        "KeepArtifacts": ["s3:PutObject", "s3:DeleteObject"],
        "WriteItsLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
    }


def test_alarms_watch_the_processor_and_what_starts_it() -> None:
    rendered = Rendered(ZONES, AlarmEmail="owner@example.com", RejectedPercent="5")
    alarms = rendered.of_type("AWS::CloudWatch::Alarm")
    rejected = alarms["RejectedUploadsAlarm"]
    assert (rejected["MetricName"], rejected["Threshold"]) == ("RejectedPercent", "5")
    assert {each["Name"]: each["Value"] for each in rejected["Dimensions"]} == {"Stack": "usage", "Job": "upload"}
    assert "UploadArrival" in json.dumps(rendered.raw["Resources"]["FailedArrivalAlarm"])
    (recipient,) = rendered.of_type("AWS::SNS::Topic")["AlarmTopic"]["Subscription"]
    assert recipient["Endpoint"] == "owner@example.com"
    rule = rendered.of_type("AWS::Events::Rule")["FailureRule"]
    assert rule["EventPattern"]["detail"]["jobName"] == [rendered.ref("Processor")]
