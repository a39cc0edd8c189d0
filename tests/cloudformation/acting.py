"""S3, Glue and Secrets Manager on loopback that enforce the policies of a role.

moto checks credentials and names the action of a request. This module decides whether a policy allows it, because moto
knows neither the tables that a Glue request names nor the condition ``s3:prefix``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4
from xml.etree import ElementTree

import boto3
import pytest
from moto.core.authorization import enable_iam_authentication
from moto.iam import access_control

from glue_jobs.storage import forget_clients
from tests.cloudformation.rendered import PSEUDO, Json

HERE = f"{PSEUDO['AWS::Region']}:{PSEUDO['AWS::AccountId']}"

# The services whose requests are checked.
ENFORCED = ("s3:", "glue:", "secretsmanager:")

# What requests used: the Sid of a statement with one of its actions or resources.
Used = set[tuple[str, str]]


@contextmanager
def acting_as(statements: Sequence[Json], used: Used) -> Iterator[None]:
    """In the block, the environment has the credentials of a role with exactly these statements.

    ``used`` collects the actions and resources of the statements that allowed a request.
    """

    def check(request: Any, resource: str) -> None:
        for needed in _needed(request, resource):
            matches = [match for statement in statements for match in _matches(statement, *needed)]
            if not matches:
                request._raise_access_denied()
            used.update(matches)

    name = f"role-{uuid4().hex[:12]}"
    iam = boto3.client("iam")
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    arn = f"arn:aws:iam::{PSEUDO['AWS::AccountId']}:role/{name}"
    credentials = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="job")["Credentials"]
    with pytest.MonkeyPatch.context() as patch, enable_iam_authentication():
        patch.setenv("AWS_ACCESS_KEY_ID", credentials["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", credentials["SecretAccessKey"])
        patch.setenv("AWS_SESSION_TOKEN", credentials["SessionToken"])
        patch.setattr(access_control.IAMRequestBase, "check_action_permitted", check)
        forget_clients()
        try:
            yield
        finally:
            forget_clients()


def _needed(request: Any, resource: str) -> Iterator[tuple[str, str, str | None]]:
    """Each action, resource and listed prefix for which AWS evaluates the policies of a request."""
    action = request._action
    if action.startswith("glue:"):
        body = json.loads(request._body)
        database = body.get("DatabaseName") or body.get("DatabaseInput", {}).get("Name") or body["Name"]
        yield action, f"arn:aws:glue:{HERE}:catalog", None
        yield action, f"arn:aws:glue:{HERE}:database/{database}", None
        if "Table" in action:
            table = body.get("Name") or body.get("TableInput", {}).get("Name") or "*"
            yield action, f"arn:aws:glue:{HERE}:table/{database}/{table}", None
    elif action.startswith("secretsmanager:"):
        yield action, json.loads(request._body)["SecretId"], None
    elif action == "s3:DeleteObject" and "/" not in resource:
        for element in ElementTree.fromstring(request._body).iter():
            if element.tag.endswith("Key"):
                yield action, f"{resource}/{element.text}", None
    elif action == "s3:HeadBucket":
        yield "s3:ListBucket", resource, ""
    elif action == "s3:ListBucket":
        query = parse_qs(urlsplit(request._path).query)
        yield action, resource, query.get("prefix", [""])[0]
    else:
        yield action, unquote(resource), None


def _matches(statement: Json, action: str, arn: str, prefix: str | None) -> Used:
    """The statement's action and resources that allow the request; empty if it does not."""
    conditions = dict(statement.get("Condition", {}))
    like = conditions.pop("StringLike", {"s3:prefix": "*"})
    assert statement["Effect"] == "Allow" and set(like) == {"s3:prefix"}
    resources = {each for each in many(statement["Resource"]) if fnmatchcase(arn, each)}
    listed = prefix is None or any(fnmatchcase(prefix, each) for each in many(like["s3:prefix"]))
    if action not in many(statement["Action"]) or not resources or conditions or not listed:
        return set()
    return {(statement["Sid"], each) for each in (action, *resources)}


def enforced(statement: Json) -> bool:
    """Whether requests need the statement here."""
    return all(action.startswith(ENFORCED) for action in many(statement["Action"]))


def many(value: str | list[str]) -> list[str]:
    """The value as a list; a single value becomes a list of one."""
    return [value] if isinstance(value, str) else value
