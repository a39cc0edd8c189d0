"""The digest of the week reaches the subscribers of a topic on Mondays."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.outcome.weekly_digest import send_digest
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import PlainReporter, SilentReporter

MONDAY = date(2026, 3, 9)
TEXT = "Usage of 2–8 March 2026 (UTC)\n1 download, 1 byte, 1 reader\n"


def test_it_is_sent_on_mondays_with_its_first_line_as_subject(s3_endpoint: str) -> None:
    name = f"digest-{uuid4().hex[:8]}"
    topic = boto3.client("sns").create_topic(Name=name)["TopicArn"]
    queue = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:123456789012:{name}")
    for day in (MONDAY, date(2026, 3, 10)):
        send_digest(topic, TEXT, day, PlainReporter())
    (message,) = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    body = json.loads(message["Body"])
    assert body["Subject"] == "Usage of 2-8 March 2026 (UTC)"
    assert body["Message"] == TEXT


def test_a_topic_that_is_not_there_is_told_and_no_error(s3_endpoint: str, capfd: pytest.CaptureFixture[str]) -> None:
    send_digest("arn:aws:sns:us-east-1:123456789012:gone", TEXT, MONDAY, PlainReporter())
    assert "the digest of the week was not sent" in capfd.readouterr().err


@pytest.mark.parametrize("topic", ["usage-digest", "arn:aws:sqs:us-east-1:123456789012:queue", "arn:aws:sns:us-east-1"])
def test_a_topic_that_is_no_arn_is_told_before_anything_is_published(tmp_path: Path, topic: str) -> None:
    places = {"lake_path": str(tmp_path / "lake"), "report_path": str(tmp_path / "reports")}
    with pytest.raises(ArgumentError, match="digest_topic is the ARN of a topic, such as arn:aws:sns:"):
        run_job({"pipeline": "report", **places, "digest_topic": topic}, SilentReporter())
    assert not (tmp_path / "reports").exists()
