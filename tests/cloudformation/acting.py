"""S3 and Glue on loopback as they are for a role: what its policies do not allow is refused.

moto checks signatures and credentials and knows which action a request is. Whether a policy allows it is decided here,
because moto knows neither the tables a Glue request names nor the condition s3:prefix.
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


@contextmanager
def acting_as(statements: Sequence[Json]) -> Iterator[None]:
    """Within the block the environment's credentials are those of a role with these statements and no others."""
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
        patch.setattr(access_control.IAMRequestBase, "check_action_permitted", _check)
        forget_clients()
        try:
            yield
        finally:
            forget_clients()


def _check(request: Any, resource: str) -> None:
    (policy,) = request._access_key.collect_policies()
    statements = json.loads(policy["policy_document"] if isinstance(policy, dict) else policy)["Statement"]
    for action, arn, prefix in _asked(request, resource):
        if not any(_allows(statement, action, arn, prefix) for statement in statements):
            request._raise_access_denied()


def _asked(request: Any, resource: str) -> Iterator[tuple[str, str, str | None]]:
    """Action, resource and listed prefix of all that AWS would look for in a policy."""
    action = request._action
    if action.startswith("glue:"):
        body = json.loads(request._body)
        database = body.get("DatabaseName") or body.get("DatabaseInput", {}).get("Name") or body["Name"]
        yield action, f"arn:aws:glue:{HERE}:catalog", None
        yield action, f"arn:aws:glue:{HERE}:database/{database}", None
        if "Table" in action:
            table = body.get("Name") or body.get("TableInput", {}).get("Name") or "*"
            yield action, f"arn:aws:glue:{HERE}:table/{database}/{table}", None
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


def _allows(statement: Json, action: str, arn: str, prefix: str | None) -> bool:
    conditions = dict(statement.get("Condition", {}))
    like = conditions.pop("StringLike", {"s3:prefix": "*"})
    assert statement["Effect"] == "Allow" and set(like) == {"s3:prefix"}
    return (
        any(fnmatchcase(action, each) for each in _many(statement["Action"]))
        and any(fnmatchcase(arn, each) for each in _many(statement["Resource"]))
        and not conditions
        and (prefix is None or any(fnmatchcase(prefix, each) for each in _many(like["s3:prefix"])))
    )


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
