"""``usage-lake connect`` against an S3 on loopback."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from glue_jobs.cli.main import main
from glue_jobs.setup.bucket_settings import BucketSettings
from glue_jobs.setup.deliveries import INVENTORY_FIELDS
from tests.cloudformation.rendered import Rendered
from tests.conftest import Bucket
from tools.package import TEMPLATE


@pytest.fixture
def logs(new_bucket: Bucket) -> str:
    """A log bucket with the bucket policy of the stack."""
    name = new_bucket().removeprefix("s3://")
    policy = Rendered(TEMPLATE).of_type("AWS::S3::BucketPolicy")["LogBucketPolicy"]["PolicyDocument"]
    # moto cannot read a statement with the principal *.
    allowed = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
    document = json.dumps({**policy, "Statement": allowed}).replace("log-bucket", name)
    boto3.client("s3").put_bucket_policy(Bucket=name, Policy=document)
    return name


@pytest.fixture
def published(new_bucket: Bucket) -> str:
    return new_bucket().removeprefix("s3://")


def connect(bucket: str, logs: str, *more: str) -> Result:
    return CliRunner().invoke(main, ["connect", bucket, "--to", logs, *more])


def settings(bucket: str) -> tuple[Any, list[Any]]:
    client = boto3.client("s3")
    listed = client.list_bucket_inventory_configurations(Bucket=bucket)
    return client.get_bucket_logging(Bucket=bucket).get("LoggingEnabled"), listed.get("InventoryConfigurationList", [])


def test_without_apply_nothing_is_changed(published: str, logs: str) -> None:
    result = connect(published, logs)
    assert result.exit_code == 0
    assert f"logging of {published} is missing; with --apply it becomes (put-bucket-logging):" in result.output
    assert '"PartitionDateSource": "EventTime"' in result.output
    assert f'"Bucket": "arn:aws:s3:::{logs}"' in result.output
    assert settings(published) == (None, [])


def test_with_apply_both_settings_are_set_and_then_kept(
    published: str, logs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # moto does not keep all settings, so the requests are recorded.
    sent: list[bytes] = []
    client = boto3.client("s3")
    for call in ("PutBucketLogging", "PutBucketInventoryConfiguration"):
        client.meta.events.register(f"before-call.s3.{call}", lambda params, **_: sent.append(params["body"]))
    monkeypatch.setattr("glue_jobs.cli.commands.connect.BucketSettings", lambda bucket: BucketSettings(bucket, client))
    result = connect(published, logs, "--apply", "--frequency", "Weekly")
    assert result.exit_code == 0, result.output
    assert f"logging of {published} is set" in result.output and f"inventory of {published} is set" in result.output
    assert b"<PartitionedPrefix><PartitionDateSource>EventTime" in sent[0]
    logging, (inventory,) = settings(published)
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (logs, "s3-access-log/")
    assert inventory["Destination"]["S3BucketDestination"]["Bucket"] == f"arn:aws:s3:::{logs}"
    assert inventory["Schedule"] == {"Frequency": "Weekly"}
    assert all(f"<Field>{field}</Field>".encode() in sent[1] for field in INVENTORY_FIELDS)

    listed = BucketSettings.inventories
    # moto drops the fields of an inventory.
    monkeypatch.setattr(
        BucketSettings,
        "inventories",
        lambda self: {name: {**each, "OptionalFields": [*INVENTORY_FIELDS]} for name, each in listed(self).items()},
    )
    again = connect(published, logs, "--apply")
    assert f"logging of {published} is kept: it already logs to s3://{logs}/s3-access-log/" in again.output
    assert f"inventory of {published} is kept: its inventory 'usage-lake' already goes there" in again.output
    assert len(sent) == 2
    assert settings(published) == (logging, [inventory])


def test_logging_to_another_place_is_reported_and_left_alone(published: str, logs: str, new_bucket: Bucket) -> None:
    elsewhere = new_bucket().removeprefix("s3://")
    client = boto3.client("s3")
    policy = client.get_bucket_policy(Bucket=logs)["Policy"].replace(logs, elsewhere)
    client.put_bucket_policy(Bucket=elsewhere, Policy=policy)
    theirs = {"TargetBucket": elsewhere, "TargetPrefix": "s3-access-log/"}
    client.put_bucket_logging(Bucket=published, BucketLoggingStatus={"LoggingEnabled": theirs})
    place = {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{elsewhere}", "Format": "CSV", "Prefix": "lists"}}
    theirs_too = {
        "Id": "theirs",
        "IsEnabled": True,
        "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Weekly"},
        "Destination": place,
    }
    client.put_bucket_inventory_configuration(Bucket=published, Id="theirs", InventoryConfiguration=theirs_too)
    result = connect(published, logs, "--apply")
    assert result.exit_code == 0
    assert f"logging of {published} is left alone: it logs to s3://{elsewhere}/s3-access-log/" in result.output
    logging, inventories = settings(published)
    assert logging["TargetBucket"] == elsewhere
    assert {each["Id"] for each in inventories} == {"theirs", "usage-lake"}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("no-such-bucket-anywhere", "logs"), 1, "cannot look at s3://no-such-bucket-anywhere: NoSuchBucket"),
        (("s3://published", "logs"), 2, "a bucket is given by its name, such as example-data, not 's3://published'"),
        (("published", "logs/"), 2, "a bucket is given by its name, such as example-data, not 'logs/'"),
        (("published", "published"), 2, "cannot deliver to itself; connect the buckets you publish from"),
        (("published", "logs", "--log-prefix", "logs"), 2, "and ends with a slash, not 'logs'"),
        (("published", "logs", "--log-prefix", "s3://logs/a/"), 2, "and ends with a slash, not 's3://logs/a/'"),
    ],
)
def test_an_error_is_one_sentence(
    arguments: tuple[str, ...], code: int, sentence: str, published: str, logs: str
) -> None:
    names = {"published": published, "logs": logs}
    bucket, to, *more = arguments
    result = connect(names.get(bucket, bucket), names.get(to, to), *more)
    assert result.exit_code == code
    assert sentence in result.output


def test_buckets_of_two_regions_are_refused(published: str, s3_endpoint: str) -> None:
    there = f"{published}-eu"
    boto3.client("s3").create_bucket(Bucket=there, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    result = connect(published, there, "--apply")
    assert result.exit_code == 2
    assert f"{published} is in us-east-1 and {there} in eu-west-1" in result.output
