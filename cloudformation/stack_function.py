"""What the stack does beyond CloudFormation's own resources: keep its artifacts, and start the first run.

``tools/package.py`` puts this module into the template as an inline Lambda function and fills in ``ARTIFACTS``.
It uses only what Lambda brings: the standard library and boto3.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import boto3

# Name to content, base85: the library and the job script.
ARTIFACTS: dict[str, str] = {}

# What is left of the function's time when it gives up, so that the failure is still told.
MARGIN = 5.0
TRIES = 4
# CloudFormation reads answers of 4,096 bytes at most.
LONGEST_REASON = 1_000

Event = Mapping[str, Any]
# The attributes that templates get with Fn::GetAtt.
Data = dict[str, str]


def handler(event: Event, context: Any) -> None:
    """Do what a custom resource asks for, and tell CloudFormation in every case, also shortly before time runs out.

    Failures are answers, not exceptions: after an exception Lambda would call again, and the stack would wait an hour.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    answer = _Answer(event, context.log_stream_name)
    seconds = max(context.get_remaining_time_in_millis() / 1000 - MARGIN, 0.1)
    timer = threading.Timer(seconds, answer.failed, ["the function ran out of time; try again"])
    timer.daemon = True
    timer.start()
    try:
        data = ACTIONS[event["ResourceType"]](event)
    except Exception as error:
        answer.failed(f"{type(error).__name__}: {error}")
    else:
        answer.succeeded(data)
    finally:
        timer.cancel()


def artifacts(event: Event) -> Data:
    """Put the artifacts into ``Bucket`` below ``Prefix``, or remove those of this resource.

    The prefix names their content, so new content makes a new resource: CloudFormation then deletes the old one, and
    only after everything else was updated. A roll-back finds the old objects where they were.
    """
    client = boto3.client("s3")
    if event["RequestType"] == "Delete":
        bucket, _, prefix = str(event["PhysicalResourceId"]).partition("/")
        with suppress(client.exceptions.NoSuchBucket):
            for name in ARTIFACTS if prefix else ():
                client.delete_object(Bucket=bucket, Key=f"{prefix}/{name}")
        return {}
    bucket, prefix = _properties(event, "Bucket", "Prefix")
    for name, content in ARTIFACTS.items():
        client.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=base64.b85decode("".join(content.split())))
    return {"Location": f"s3://{bucket}/{prefix}"}


def first_run(event: Event) -> Data:
    """Start the workflow once, when the stack is new.

    A workflow that cannot be started is told in ``Told``, not a failure: the scheduled run comes in any case.
    """
    if event["RequestType"] != "Create":
        return {"Told": "started when the stack was created"}
    (workflow,) = _properties(event, "Workflow")
    try:
        return {"Told": "started as " + boto3.client("glue").start_workflow_run(Name=workflow)["RunId"]}
    except Exception as error:
        return {"Told": f"not started ({error}); choose Run workflow in the console"[:LONGEST_REASON]}


ACTIONS: dict[str, Callable[[Event], Data]] = {"Custom::Artifacts": artifacts, "Custom::FirstRun": first_run}

# The properties that tell one resource of a type from another, joined by a slash.
IDENTITIES = {"Custom::Artifacts": ("Bucket", "Prefix"), "Custom::FirstRun": ("Workflow",)}


def _properties(event: Event, *names: str) -> list[str]:
    return [str(event["ResourceProperties"][name]) for name in names]


def _identity(event: Event) -> str:
    """The name CloudFormation knows the resource by; a new one when an update changed what the resource is."""
    if event["RequestType"] == "Delete":
        return str(event["PhysicalResourceId"])
    return "/".join(_properties(event, *IDENTITIES[event["ResourceType"]]))


class _Answer:
    """The one answer to a request; whoever comes first gives it."""

    def __init__(self, event: Event, log_stream: str) -> None:
        self._event = event
        self._log_stream = log_stream
        self._lock = threading.Lock()
        self._given = False

    def succeeded(self, data: Data) -> None:
        self._give({"Status": "SUCCESS", "PhysicalResourceId": _identity(self._event), "Data": data})

    def failed(self, reason: str) -> None:
        try:
            # With the name it would have had: the deletion that follows removes what was made of it.
            identity = _identity(self._event)
        except LookupError:
            identity = "unknown"
        told = f"{reason[:LONGEST_REASON]} (log stream {self._log_stream})"
        self._give({"Status": "FAILED", "PhysicalResourceId": identity, "Reason": told})

    def _give(self, answer: dict[str, Any]) -> None:
        with self._lock:
            if self._given:
                return
            self._given = True
            same = {name: self._event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
            _send(self._event["ResponseURL"], json.dumps({**same, **answer}).encode())


def _send(url: str, body: bytes) -> None:
    for attempt in range(TRIES):
        try:
            # The URL is signed for an empty content type.
            request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")
            urllib.request.urlopen(request, timeout=10).close()
            return
        except OSError as error:
            print(f"CloudFormation was not reached: {error}")
            time.sleep(2**attempt / 4)
