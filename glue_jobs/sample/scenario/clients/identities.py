"""Requesters as CloudTrail describes them.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa

from glue_jobs.sample.scenario.clients.places import AWS_REGIONS, place_of
from glue_jobs.sample.scenario.clients.requesters import (
    ANONYMOUS,
    ATHENA,
    CLOUDFRONT,
    OWN_PRINCIPAL,
    PRESIGNED,
    SISTER,
    Requester,
    is_robot,
)
from glue_jobs.sample.scenario.publisher import ARCHIVE_ACCOUNT, PUBLISHER_ACCOUNT, storable

ID_LETTERS = 17


def requester_table(requesters: list[Requester]) -> pa.Table:
    """One row per requester: ``requester`` is its position. The ``subscriber_account_id`` of a service is null.

    Rows with the same ``identity`` are one reader, identified by name, or else by address and user agent, as are users
    of presigned URLs; it is null for requests of CloudFront on behalf of readers. ``address_country``,
    ``address_place`` and ``address_network`` belong to the address, ``region_country`` to the AWS Region in access
    logs.
    """
    identities: dict[str, int] = {}
    rows = [
        {
            **vars(each),
            "requester": number,
            "user_agent": storable(each.user_agent),
            "subscriber_account_id": each.account or None,
            "identity": None
            if each.group == CLOUDFRONT
            else identities.setdefault(
                (each.style != PRESIGNED and each.name) or f"{each.address} {each.user_agent}", len(identities)
            ),
            "is_foreign": each.is_foreign,
            "is_cloudfront": each.group == CLOUDFRONT,
            "is_signed": bool(each.name and (each.account or each.group == CLOUDFRONT)),
            "is_robot": is_robot(each.user_agent),
            "is_own": each.is_own_in_trail or each.name == OWN_PRINCIPAL,
            "is_own_in_trail": each.is_own_in_trail,
            "user_identity": identity(each),
            "home_identity": identity(each, at_home=True) if each.group == SISTER else None,
            "client": client(each),
            "vpc_endpoint": vpc_endpoint(each),
            **{f"address_{name}": value for name, value in place_of(each.address)._asdict().items()},
            "region_country": AWS_REGIONS.get(each.source_region),
        }
        for number, each in enumerate(requesters)
    ]
    return pa.Table.from_pylist(rows).drop_columns("account")


def identity(requester: Requester, at_home: bool = False) -> str:
    """The requester's ``userIdentity`` as JSON; a session begins at midnight of ``{day}``.

    A trail has fewer details of other accounts' callers; ``at_home`` is for the trail of the requester's own account.
    """
    account, (kind, role, session) = requester.account, [*requester.name.split(":")[-1].split("/"), "", ""][:3]
    if not account:
        return _compact({"type": "AWSService", "invokedBy": requester.service})
    if account == ANONYMOUS:
        return _compact({"type": "AWSAccount", "principalId": "", "accountId": ANONYMOUS})
    if requester.group == "login":
        user = {"type": "IAMUser", "principalId": _unique_id("AIDA", "someone"), "accountId": account}
        return _compact({**user, "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"})
    if account == PUBLISHER_ACCOUNT or (account == ARCHIVE_ACCOUNT and (requester.group != SISTER or at_home)):
        invoked_by = {"invokedBy": ATHENA} if requester.is_through_athena else {}
        return _compact({**_role_session(account, role, session), **invoked_by})
    # The owner of the bucket does not see the names of another account's callers.
    session_id = f"{_unique_id('AROA', account + role)}:{session}"
    principal = session_id if kind == "assumed-role" else _unique_id("AIDA", requester.name)
    return _compact({"type": "AWSAccount", "principalId": principal, "accountId": account})


def client(requester: Requester) -> str:
    """Address and user agent as JSON members."""
    address, agent = requester.address, f"[{requester.user_agent}]"
    if requester.is_through_athena:
        address = agent = ATHENA
    elif not requester.account:
        address = agent = requester.service
    # A trail is UTF-8 throughout: other bytes become replacement characters.
    agent = agent.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f'"sourceIPAddress":{_compact(address)},"userAgent":{_compact(agent)}'


def vpc_endpoint(requester: Requester) -> str | None:
    """The VPC endpoint that a subscriber's machine uses; None for most."""
    digest = hashlib.sha256(f"{requester.address} {requester.name}".encode()).hexdigest()
    return f"vpce-{digest[:17]}" if requester.is_foreign and int(digest[0], 16) < 5 else None


def _role_session(account: str, role: str, session: str) -> dict[str, Any]:
    principal, attributes = _unique_id("AROA", role), {"creationDate": "{day}T00:00:00Z", "mfaAuthenticated": "false"}
    issuer = {"type": "Role", "principalId": principal, "arn": f"arn:aws:iam::{account}:role/{role}"}
    issuer |= {"accountId": account, "userName": role}
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        # AWS uses this key in its documentation.
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {"sessionIssuer": issuer, "webIdFederationData": {}, "attributes": attributes},
    }


def _unique_id(kind: str, name: str) -> str:
    """An id in IAM's format for a role (AROA) or user (AIDA) with this name."""
    return f"{kind}{hashlib.sha256(name.encode()).hexdigest()[:ID_LETTERS].upper()}"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
