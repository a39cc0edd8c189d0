"""Which requests are the publisher's own."""

from __future__ import annotations

import pyarrow as pa
import pytest

from glue_jobs.config import Config, OwnTraffic
from glue_jobs.enrich.traffic import is_own

CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LOADER = "arn:aws:sts::123456789012:assumed-role/Loader/session"
IN_TEAM = "arn:aws:iam::123456789012:role/team/sub/Loader"


def own(
    requester: str | None = None, ip: str | None = None, authentication: str | None = None, **traffic: tuple[str, ...]
) -> object:
    config = Config(own_traffic=OwnTraffic(**traffic))
    columns = [pa.array([text], pa.string()) for text in (requester, ip, authentication)]
    return is_own(*columns, config).to_pylist()[0]


@pytest.mark.parametrize(
    ("authentication", "by_signer", "by_address"),
    [("QueryString", False, True), ("AuthHeader", True, True), (None, True, True)],
)
def test_a_presigned_url_is_own_by_its_address_only(
    authentication: str | None, by_signer: bool, by_address: bool
) -> None:
    accounts, cidrs = ("123456789012",), ("192.0.2.0/24",)
    assert own(LOADER, "198.51.100.1", authentication, accounts=accounts, cidrs=cidrs) is by_signer
    assert own(LOADER, "198.51.100.1", authentication, principals=(IN_TEAM,)) is by_signer
    assert own(LOADER, "192.0.2.1", authentication, accounts=accounts, cidrs=cidrs) is by_address


@pytest.mark.parametrize(
    "session", ["CognitoIdentityCredentials", "access-grants-e653760c-4e8b-44fd-94d9-309e035b75ab"]
)
def test_who_uses_an_application_by_way_of_cognito_is_own_by_its_role_or_an_address_and_not_by_its_account(
    session: str,
) -> None:
    guest = f"arn:aws:sts::123456789012:assumed-role/App_Unauth/{session}"
    assert own(guest, "198.51.100.1", accounts=("123456789012",), cidrs=("192.0.2.0/24",)) is False
    assert own(guest, "192.0.2.1", accounts=("123456789012",), cidrs=("192.0.2.0/24",)) is True
    assert own(guest, principals=("arn:aws:iam::123456789012:role/App_Unauth",)) is True


def test_a_session_of_lake_formation_is_of_the_account_that_asked_for_it() -> None:
    session = "arn:aws:sts::123456789012:assumed-role/lake/AWSLF-00-AT-111122223333-K7FUMxovuq"
    assert own(session, accounts=("123456789012",)) is False
    assert own(session, accounts=("111122223333",)) is True
    assert own(session, principals=("arn:aws:iam::123456789012:role/lake",)) is True


@pytest.mark.parametrize(
    ("account", "requester", "expected"),
    [
        ("111122223333", "arn:aws:iam::111122223333:user/ada", True),
        ("111122223333", "arn:aws:sts::111122223333:assumed-role/Loader/session", True),
        ("111122223333", "arn:aws-cn:iam::111122223333:root", True),
        ("111122223333", "111122223333", True),
        ("111122223333", "arn:aws:iam::123456789012:user/111122223333", False),
        ("111122223333", "arn:aws:iam::123456789012:user/x:111122223333:y", False),
        ("111122223333", "1111222233334", False),
        (CANONICAL, CANONICAL, True),
        (CANONICAL, CANONICAL[:-1], False),
        (CANONICAL, None, False),
        (CANONICAL, "svc:delivery.logs.amazonaws.com", False),
    ],
)
def test_own_accounts(account: str, requester: str | None, expected: bool) -> None:
    assert own(requester, accounts=(account,)) is expected


@pytest.mark.parametrize(
    ("principal", "requester", "expected"),
    [
        ("arn:aws:iam::123456789012:role/Loader", LOADER, True),
        (IN_TEAM, LOADER, True),
        ("arn:aws:iam::123456789012:role/Load*", LOADER, True),
        ("arn:aws:iam::123456789012:role/*", LOADER, True),
        ("arn:aws:iam::*:role/Loader", LOADER, True),
        ("arn:aws:sts::123456789012:assumed-role/Loader/*", LOADER, True),
        ("arn:aws:sts::123456789012:assumed-role/Loader/other", LOADER, False),
        ("arn:aws:iam::123456789012:role/Loader2", LOADER, False),
        ("arn:aws:iam::123456789012:role/Load", LOADER, False),
        ("arn:aws:iam::111122223333:role/Loader", LOADER, False),
        ("arn:aws:iam::123456789012:user/session", LOADER, False),
        ("arn:aws:iam::123456789012:user/a.b", "arn:aws:iam::123456789012:user/a.b", True),
        ("arn:aws:iam::123456789012:user/a.b", "arn:aws:iam::123456789012:user/axb", False),
        ("arn:aws:iam::123456789012:user/a.b", "x arn:aws:iam::123456789012:user/a.b", False),
    ],
)
def test_own_principals(principal: str, requester: str, expected: bool) -> None:
    assert own(requester, principals=(principal,)) is expected


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("192.0.2.0", True),
        ("192.0.2.127", True),
        ("192.0.2.128", False),
        ("192.0.1.255", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
        ("2001:db8::1", True),
        ("2001:db8:0:0:0:0:0:ff", True),
        ("2001:db9::1", False),
        ("::", False),
        ("0.0.0.0", False),
        ("", False),
        ("example.com", False),
        ("192.0.2.1\0", False),
        (None, False),
    ],
)
def test_own_addresses(ip: str | None, expected: bool) -> None:
    assert own(ip=ip, cidrs=("2001:db8::/32", "192.0.2.64/26", "192.0.2.0/26", "198.51.100.7/32")) is expected


def test_without_own_traffic_nothing_is_own() -> None:
    assert own(LOADER, "192.0.2.1") is False
