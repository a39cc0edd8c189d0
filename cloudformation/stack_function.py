"""The custom resources of the stack: copy its artifacts, and start the first run.

``tools/package.py`` puts this module into the template as an inline Lambda function and fills in ``ARTIFACTS``. It uses
only what Lambda has: the standard library and boto3.
"""

from __future__ import annotations

import base64
import json
import lzma
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import boto3

# Library and job script: content by name, compressed with LZMA, in base 85.
ARTIFACTS: dict[str, str] = {}

# The function gives up this long before its time limit, so that it can still report the failure.
MARGIN_SECONDS = 5.0
MAX_ATTEMPTS = 4
# CloudFormation accepts responses of up to 4,096 bytes.
MAX_REASON_LENGTH = 1_000

Event = Mapping[str, Any]
# The attributes that Fn::GetAtt returns.
Data = dict[str, str]


def handler(event: Event, context: Any) -> None:
    """Handle the event of a custom resource; respond to CloudFormation in every case, even before the time limit.

    Failures are responses, not exceptions: after an exception, Lambda retries and the stack waits an hour.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    response = _Response(event, context.log_stream_name)
    seconds = max(context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS, 0.1)
    timer = threading.Timer(seconds, response.failed, ["the function ran out of time; try again"])
    timer.daemon = True
    timer.start()
    try:
        data = ACTIONS[event["ResourceType"]](event)
    except Exception as error:
        response.failed(f"{type(error).__name__}: {error}")
    else:
        response.succeeded(data)
    finally:
        timer.cancel()


def artifacts(event: Event) -> Data:
    """Write the artifacts to ``Bucket`` below ``Prefix``, or delete those of this resource.

    The prefix contains a hash of the content, so new content is a new resource. CloudFormation deletes the old one
    after everything else is updated, so a rollback still finds the old objects.
    """
    client = boto3.client("s3")
    if event["RequestType"] == "Delete":
        bucket, _, prefix = str(event["PhysicalResourceId"]).partition("/")
        with suppress(client.exceptions.NoSuchBucket):
            for name in ARTIFACTS if prefix else ():
                client.delete_object(Bucket=bucket, Key=f"{prefix}/{name}")
        return {}
    bucket, prefix = _properties(event, "Bucket", "Prefix")
    for name in ARTIFACTS:
        client.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=content(name))
    return {"Location": f"s3://{bucket}/{prefix}"}


def content(name: str) -> bytes:
    """The uncompressed bytes of an artifact."""
    return lzma.decompress(base64.b85decode("".join(ARTIFACTS[name].split())))


def first_run(event: Event) -> Data:
    """Start the daily run once, when the stack is created.

    If it cannot be started, ``Told`` says so and the resource still succeeds: the schedule starts the next run anyway.
    """
    if event["RequestType"] != "Delete":
        _begin_alarms(event["ResourceProperties"])
    if event["RequestType"] != "Create":
        return {"Told": "started when the stack was created"}
    (machine,) = _properties(event, "StateMachine")
    try:
        execution = boto3.client("stepfunctions").start_execution(stateMachineArn=machine)["executionArn"]
        return {"Told": "started as " + execution.rpartition(":")[2]}
    except Exception as error:
        return {"Told": f"not started ({error}); choose Start execution in the console"[:MAX_REASON_LENGTH]}


def _begin_alarms(properties: Mapping[str, Any]) -> None:
    """Send a zero datum for each job: its alarm on successful runs counts from now."""
    try:
        boto3.client("cloudwatch").put_metric_data(
            Namespace="s3-usage-lake",
            MetricData=[
                {
                    "MetricName": "SuccessfulRuns",
                    "Unit": "Count",
                    "Value": 0,
                    "Dimensions": [{"Name": "Stack", "Value": properties["Stack"]}, {"Name": "Job", "Value": job}],
                }
                for job in properties["Jobs"]
            ],
        )
    except Exception as error:
        # Without it, the alarms go off early, until the first run succeeds.
        print(f"no metrics were sent: {error}")


ACTIONS: dict[str, Callable[[Event], Data]] = {"Custom::Artifacts": artifacts, "Custom::FirstRun": first_run}

# The properties that identify a resource of a type; joined by slashes, they are its physical id.
IDENTITIES = {"Custom::Artifacts": ("Bucket", "Prefix"), "Custom::FirstRun": ("StateMachine",)}


def _properties(event: Event, *names: str) -> list[str]:
    return [str(event["ResourceProperties"][name]) for name in names]


def _identity(event: Event) -> str:
    """The physical id of the resource; an update of its identity properties changes it."""
    if event["RequestType"] == "Delete":
        return str(event["PhysicalResourceId"])
    return "/".join(_properties(event, *IDENTITIES[event["ResourceType"]]))


class _Response:
    """The response to a request; only the first is sent."""

    def __init__(self, event: Event, log_stream: str) -> None:
        self._event = event
        self._log_stream = log_stream
        self._lock = threading.Lock()
        self._is_sent = False

    def succeeded(self, data: Data) -> None:
        self._send({"Status": "SUCCESS", "PhysicalResourceId": _identity(self._event), "Data": data})

    def failed(self, reason: str) -> None:
        try:
            # With this id, the delete request that follows removes a partial resource.
            identity = _identity(self._event)
        except LookupError:
            identity = "unknown"
        text = f"{reason[:MAX_REASON_LENGTH]} (log stream {self._log_stream})"
        self._send({"Status": "FAILED", "PhysicalResourceId": identity, "Reason": text})

    def _send(self, content: dict[str, Any]) -> None:
        with self._lock:
            if self._is_sent:
                return
            self._is_sent = True
            ids = {name: self._event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
            _send(self._event["ResponseURL"], json.dumps({**ids, **content}).encode())


def _send(url: str, body: bytes) -> None:
    for attempt in range(MAX_ATTEMPTS):
        try:
            # The signature of the URL requires an empty content type.
            request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")
            urllib.request.urlopen(request, timeout=10).close()
            return
        except OSError as error:
            print(f"CloudFormation was not reached: {error}")
            time.sleep(2**attempt / 4)
