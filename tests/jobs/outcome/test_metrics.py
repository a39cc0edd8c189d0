"""The metrics of a run, as CloudWatch receives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from glue_jobs.jobs.outcome.metrics import NAMESPACE
from tests.end_to_end.lakes import without_spark
from tests.end_to_end.sources import ACCESS_LOGS, Raw, events
from tests.job_process import main


@pytest.fixture
def stack(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    without_spark(monkeypatch)
    return str(request.node.name)


def run(raw: Raw, lake: Path, *more: str) -> int:
    return main(["--pipeline", "s3_access_log", "--raw_path", raw.address, "--lake_path", str(lake), *more])


def metrics(stack: str) -> dict[str, list[float]]:
    """The values of each metric of the stack."""
    client = boto3.client("cloudwatch")
    now = datetime.now(UTC)
    found = {}
    for name in ("SuccessfulRuns", "RejectedPercent", "DaysWithoutDelivery"):
        points = client.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[{"Name": "Stack", "Value": stack}, {"Name": "Job", "Value": "s3_access_log"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        found[name] = [point["Sum"] for point in points]
    return found


def test_a_run_sends_its_success_the_share_of_rejects_and_the_age_of_the_newest_log(stack: str, tmp_path: Path) -> None:
    day = datetime.now(UTC).date() - timedelta(days=5)
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    raw.deliver(day, 1, events(day, range(3)), bad=1)
    assert run(raw, tmp_path / "lake", "--stack", stack) == 0
    assert metrics(stack) == {"SuccessfulRuns": [1], "RejectedPercent": [25], "DaysWithoutDelivery": [5]}


def test_a_source_that_delivered_nothing_yet_is_not_silent(stack: str, tmp_path: Path, bucket: str) -> None:
    assert run(Raw(ACCESS_LOGS, f"{bucket}/logs"), tmp_path / "lake", "--stack", stack) == 0
    assert metrics(stack) == {"SuccessfulRuns": [1], "RejectedPercent": [], "DaysWithoutDelivery": []}


def test_a_run_that_fails_sends_no_success_and_metrics_that_cannot_be_sent_are_told(
    stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    assert run(raw, tmp_path / "lake", "--stack", stack) == 1
    assert metrics(stack) == {"SuccessfulRuns": [], "RejectedPercent": [], "DaysWithoutDelivery": []}
    day = datetime.now(UTC).date()
    raw.deliver(day, 1, events(day, range(3)))
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert run(raw, tmp_path / "lake", "--stack", stack) == 0
    assert "the metrics of this run were not sent" in capsys.readouterr().err
