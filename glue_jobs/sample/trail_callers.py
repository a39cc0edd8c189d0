"""Who asks, as CloudTrail tells it: identity, account, address and user agent of every reader, and of AWS services.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from glue_jobs.sample.publisher import Ints
from glue_jobs.sample.readers import OWN_ACCOUNT, SUBSCRIBERS, VIRTUAL, Reader, Readers

ANONYMOUS = "anonymous"
OLD_ANONYMOUS = "ANONYMOUS_PRINCIPAL"
UNNAMED_ACCOUNT = "000000077777"
"""A subscriber the configuration has no name for."""
SERVICE = "s3.amazonaws.com"
# S3 delivers an inventory as itself; the publisher's last machine reads through Athena.
THROUGH_ATHENA = "athena.amazonaws.com"
BYTES_OF_ID = 17


class Callers:
    """All callers: the readers, and after them an AWS service; columns and lists have one entry per caller.

    ``accounts`` are the different accounts, null for services; ``account`` is each caller's position there.
    """

    def __init__(self, readers: Readers) -> None:
        everyone, style = readers.all, readers.style
        canonical = sorted({reader.requester for reader in everyone if _is_canonical(reader)})
        accounts = [_account(reader, canonical) for reader in everyone]
        self.accounts: list[str | None] = [*dict.fromkeys(accounts), None]
        self.account: Ints = np.array([self.accounts.index(account) for account in [*accounts, None]], np.int64)
        self.style: Ints = np.append(style, VIRTUAL)
        self.is_robot: npt.NDArray[np.bool_] = np.append(readers.is_robot, 0) == 1
        own = [
            account == OWN_ACCOUNT or not reader.requester for account, reader in zip(accounts, everyone, strict=True)
        ]
        self.is_own: npt.NDArray[np.bool_] = np.append((readers.is_own == 1) & np.array(own), False)
        self.clients = [*(_client(reader) for reader in everyone), _client_of(SERVICE, SERVICE)]
        self.is_anonymous = [account == ANONYMOUS for account in accounts] + [False]
        self.is_console = [_is_console(reader) for reader in everyone] + [False]
        self.is_foreign = [account not in (ANONYMOUS, OWN_ACCOUNT) for account in accounts] + [False]
        self.endpoint = [_endpoint(*pair) for pair in zip(everyone, accounts, strict=True)] + [""]
        self._everyone = list(zip(everyone, accounts, strict=True))
        self._texts = {name: self._identities("", name) for name in (ANONYMOUS, OLD_ANONYMOUS)}

    def identities(self, day: str, old: bool) -> list[str]:
        """The ``userIdentity`` of every caller on a day ('2026-03-01'); ``old`` is how anonymous ones were spelled."""
        found = list(self._texts[OLD_ANONYMOUS if old else ANONYMOUS])
        for place, (reader, account) in enumerate(self._everyone):
            # Sessions of own roles begin anew every day; all others are always the same.
            if account == OWN_ACCOUNT:
                found[place] = _json(_identity(reader, account, day, ""))
        return found

    def _identities(self, day: str, anonymous: str) -> list[str]:
        found = [_json(_identity(reader, account, day, anonymous)) for reader, account in self._everyone]
        return [*found, _json({"type": "AWSService", "invokedBy": SERVICE})]


def role_session(account: str, role: str, session: str, day: str, invoked_by: str = "") -> dict[str, Any]:
    """The ``userIdentity`` of a session of the account's own role, begun at midnight."""
    principal = unique_id("AROA", role)
    issuer = {
        "type": "Role",
        "principalId": principal,
        "arn": f"arn:aws:iam::{account}:role/{role}",
        "accountId": account,
        "userName": role,
    }
    identity = {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        # AWS uses this key in its documentation.
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": issuer,
            "webIdFederationData": {},
            "attributes": {"creationDate": f"{day}T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }
    return {**identity, "invokedBy": invoked_by} if invoked_by else identity


def unique_id(kind: str, name: str) -> str:
    """An id as IAM gives it to a role (AROA) or user (AIDA) of this name; always the same."""
    return f"{kind}{hashlib.sha256(name.encode()).hexdigest()[:BYTES_OF_ID].upper()}"


def _identity(reader: Reader, account: str, day: str, anonymous: str) -> dict[str, Any]:
    if account == ANONYMOUS:
        return {"type": "AWSAccount", "principalId": "", "accountId": anonymous}
    kind, *rest = reader.requester.split(":")[-1].split("/")
    if account == OWN_ACCOUNT:
        return role_session(account, rest[0], rest[1], day, THROUGH_ATHENA if _is_athena(reader) else "")
    # Of another account's caller the owner of the bucket sees no name.
    session = f"{unique_id('AROA', account + rest[0])}:{rest[1]}" if kind == "assumed-role" else ""
    return {"type": "AWSAccount", "principalId": session or unique_id("AIDA", reader.requester), "accountId": account}


def _account(reader: Reader, canonical: list[str]) -> str:
    if _is_canonical(reader):
        number = canonical.index(reader.requester)
        return UNNAMED_ACCOUNT if number % 3 == 0 else list(SUBSCRIBERS)[number % len(SUBSCRIBERS)]
    return reader.requester.split(":")[4] if reader.requester.startswith("arn:") else ANONYMOUS


def _is_canonical(reader: Reader) -> bool:
    return len(reader.requester) == 64


def _is_athena(reader: Reader) -> bool:
    return reader.requester.endswith(f"/i-{5:017x}")


def _is_console(reader: Reader) -> bool:
    return bool(reader.requester) and reader.user_agent.startswith("S3Console")


def _client(reader: Reader) -> str:
    if _is_athena(reader):
        return _client_of(THROUGH_ATHENA, THROUGH_ATHENA)
    # A trail is UTF-8 throughout: bytes that are none became replacement characters.
    agent = reader.user_agent.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _client_of(reader.ip, f"[{agent}]")


def _client_of(address: str, agent: str) -> str:
    return f'"sourceIPAddress":{_json(address)},"userAgent":{_json(agent)}'


def _endpoint(reader: Reader, account: str) -> str:
    """The VPC endpoint that some machines of subscribers go through."""
    name = hashlib.sha256(f"{reader.ip} {reader.requester}".encode()).hexdigest()
    uses_one = account not in (ANONYMOUS, OWN_ACCOUNT) and int(name[0], 16) < 5
    return f"vpce-{name[:17]}" if uses_one else ""


_json: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
