"""The function in the packaged template runs against S3 and a response URL on loopback."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.cloudformation.rendered import Json, Rendered
from tests.cloudformation.stacks import function_of
from tests.loopback import Handler, served
from tools.package import artifacts

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/usage/1"


@dataclass
class CloudFormation:
    """Receives the responses at ``url``; refuses the first ``refusals`` of them."""

    url: str = ""
    refusals: int = 0
    answers: list[Json] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    receiver = CloudFormation()

    class Response(Handler):
        def do_PUT(self) -> None:
            body = self.body()
            receiver.headers.append(self.headers["Content-Type"])
            if receiver.refusals:
                receiver.refusals -= 1
                self.answer(503)
                return
            receiver.answers.append(json.loads(body))
            assert len(body) <= 4096
            self.answer(200)

    with served(Response) as receiver.url:
        yield receiver


@pytest.fixture
def function(template: str, s3_endpoint: str) -> ModuleType:
    return function_of(Rendered(template))


def call(
    function: ModuleType,
    cloudformation: CloudFormation,
    request: str,
    kind: str = "Custom::Artifacts",
    seconds: float = 60,
    **properties: Any,
) -> Json:
    """Send an event; returns the response."""
    event = {
        "RequestType": request,
        "ResourceType": kind,
        "ResponseURL": cloudformation.url,
        "StackId": STACK,
        "RequestId": "request",
        "LogicalResourceId": "Thing",
        "ResourceProperties": {name: value for name, value in properties.items() if name != "PhysicalResourceId"},
        **{name: value for name, value in properties.items() if name == "PhysicalResourceId"},
    }
    before = len(cloudformation.answers)
    context = SimpleNamespace(log_stream_name="stream", get_remaining_time_in_millis=lambda: int(seconds * 1000))
    function.handler(event, context)
    (answer,) = cloudformation.answers[before:]
    assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == (STACK, "request", "Thing")
    return answer


def contents(bucket: str) -> dict[str, bytes]:
    client = boto3.client("s3")
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", ())]
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def test_artifacts_are_written_kept_and_deleted(
    function: ModuleType, cloudformation: CloudFormation, bucket: str
) -> None:
    name = bucket.removeprefix("s3://")
    created = call(function, cloudformation, "Create", Bucket=name, Prefix="usage-lake/1")
    assert (created["Status"], created["PhysicalResourceId"]) == ("SUCCESS", f"{name}/usage-lake/1")
    assert created["Data"] == {"Location": f"{bucket}/usage-lake/1"}
    assert contents(name) == {f"usage-lake/1/{each}": content for each, content in artifacts().items()}

    # New content is a new resource: both exist until CloudFormation has updated the jobs.
    old = created["PhysicalResourceId"]
    updated = call(function, cloudformation, "Update", Bucket=name, Prefix="usage-lake/2", PhysicalResourceId=old)
    assert (updated["Status"], updated["PhysicalResourceId"]) == ("SUCCESS", f"{name}/usage-lake/2")
    assert {key.split("/")[1] for key in contents(name)} == {"1", "2"}
    removed = call(function, cloudformation, "Delete", Bucket=name, Prefix="usage-lake/1", PhysicalResourceId=old)
    assert (removed["Status"], removed["PhysicalResourceId"]) == ("SUCCESS", old)
    assert {key.split("/")[1] for key in contents(name)} == {"2"}

    for _ in range(2):
        new = updated["PhysicalResourceId"]
        gone = call(function, cloudformation, "Delete", Bucket=name, Prefix="usage-lake/2", PhysicalResourceId=new)
        assert gone["Status"] == "SUCCESS"
        assert contents(name) == {}
    assert set(cloudformation.headers) == {""}


def test_a_failure_is_reported_with_the_id_of_the_resource(
    function: ModuleType, cloudformation: CloudFormation
) -> None:
    failed = call(function, cloudformation, "Create", Bucket="no-such-bucket-here", Prefix="usage-lake/1")
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", "no-such-bucket-here/usage-lake/1")
    assert re.search("NoSuchBucket.* .log stream stream.$", failed["Reason"])
    # CloudFormation deletes failed resources; a missing bucket must not stop the deletion of the stack.
    gone = call(function, cloudformation, "Delete", PhysicalResourceId=failed["PhysicalResourceId"])
    assert gone["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("Custom::Unheard", {}), ("Custom::Artifacts", {}), ("Custom::Artifacts", {"Bucket": "only-this"})],
)
def test_an_invalid_event_gets_a_response(
    function: ModuleType, cloudformation: CloudFormation, kind: str, properties: dict[str, str]
) -> None:
    answer = call(function, cloudformation, "Create", kind, **properties)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "unknown")
    assert answer["Reason"].startswith("KeyError")
    gone = call(function, cloudformation, "Delete", "Custom::Artifacts", PhysicalResourceId="unknown")
    assert gone["Status"] == "SUCCESS"


def test_a_long_reason_is_shortened(
    function: ModuleType, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Any) -> None:
        raise RuntimeError("no " * 4000)

    monkeypatch.setitem(function.ACTIONS, "Custom::Artifacts", fails)
    assert call(function, cloudformation, "Create", Bucket="b", Prefix="p")["Status"] == "FAILED"


def test_a_function_responds_before_it_runs_out_of_time(
    function: ModuleType, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleeps(_: Any) -> dict[str, str]:
        time.sleep(1)
        return {}

    monkeypatch.setitem(function.ACTIONS, "Custom::Artifacts", sleeps)
    answer = call(function, cloudformation, "Create", seconds=function.MARGIN_SECONDS + 0.2, Bucket="b", Prefix="p")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "b/p")
    assert "ran out of time" in answer["Reason"]


def test_a_response_that_is_refused_is_sent_again(
    function: ModuleType, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function.time, "sleep", lambda _: None)
    cloudformation.refusals = 2
    answer = call(function, cloudformation, "Create", "Custom::FirstRun", StateMachine="none")
    assert answer["Status"] == "SUCCESS"


def test_the_first_run_is_started_once(function: ModuleType, cloudformation: CloudFormation) -> None:
    client = boto3.client("stepfunctions")
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    role = "arn:aws:iam::123456789012:role/any"
    machine = client.create_state_machine(name="first", definition=definition, roleArn=role)["stateMachineArn"]
    alarms = {"Stack": "first", "Jobs": ["report", "s3_access_log"]}
    created = call(function, cloudformation, "Create", "Custom::FirstRun", StateMachine=machine, **alarms)
    (execution,) = client.list_executions(stateMachineArn=machine)["executions"]
    assert created["Data"] == {"Told": f"started as {execution['name']}"}
    # The alarms on successful runs begin to count.
    found = boto3.client("cloudwatch").list_metrics(Namespace="s3-usage-lake", MetricName="SuccessfulRuns")["Metrics"]
    dimensions = [{each["Name"]: each["Value"] for each in metric["Dimensions"]} for metric in found]
    assert {each["Job"] for each in dimensions if each["Stack"] == "first"} == {"report", "s3_access_log"}
    known = {"StateMachine": machine, "PhysicalResourceId": machine}
    for request in ("Update", "Delete"):
        again = call(function, cloudformation, request, "Custom::FirstRun", **known)
        assert (again["Status"], again["PhysicalResourceId"]) == ("SUCCESS", machine)
    assert len(client.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_the_stack_succeeds_if_the_first_run_does_not_start(
    function: ModuleType, cloudformation: CloudFormation
) -> None:
    answer = call(function, cloudformation, "Create", "Custom::FirstRun", StateMachine="not-there")
    assert answer["Status"] == "SUCCESS"
    assert re.match("not started .*; choose Start execution in the console", answer["Data"]["Told"])
