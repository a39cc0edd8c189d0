"""The publisher's own requests."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import distinct
from glue_jobs.columns.numpy_types import Flags
from glue_jobs.config import Config, OwnTraffic
from glue_jobs.enrich.address_ranges import AddressRanges, packed_addresses, parse_network

# The authentication of a presigned URL, in access logs and CloudTrail.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
PRESIGNED = "QueryString"

# Amazon Cognito gives one session name to all users of an application, even guests, and S3 Access Grants another one to
# each set of credentials. The role is that of the application or the grants.
# https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html
# https://docs.aws.amazon.com/lake-formation/latest/dg/identity-center-ct-logs.html
USER_OF_AN_APPLICATION = "/(CognitoIdentityCredentials|access-grants-[0-9a-f-]+)$"

# Lake Formation reads with a role of the lake's account. The session has the account that asked for the credentials.
# https://docs.aws.amazon.com/lake-formation/latest/dg/cross-account-logging.html
_LAKE_FORMATION = r"^(arn:[^:]*:sts::)[0-9]{12}(:assumed-role/[^/]*/AWSLF-[^/]*-([0-9]{12})-[^-/]*)$"


def is_own(requester: pa.Array, remote_ip: pa.Array, authentication: pa.Array, config: Config) -> pa.BooleanArray:
    """Whether a request is the publisher's own by ``config.own_traffic``; never null.

    ``requester`` is a canonical user id, an ARN or an account id, ``remote_ip`` an IPv4 or IPv6 address. Null and any
    other text match nothing. The requester of a presigned URL (``authentication`` is QueryString) is its signer, but
    anybody may use the URL, so only the address counts. The account of a session of Amazon Cognito or S3 Access Grants
    is not its user's, so it does not count. A session of Lake Formation is of the account in its name. Arrays are
    strings, plain or dictionary-encoded.
    """
    own = config.own_traffic
    result = np.zeros(len(requester), bool)
    if own.accounts or own.principals:
        callers, rows = distinct(requester, encode=True)
        result |= np.append(_own_callers(callers, own), False)[rows]
        ways, way_rows = distinct(authentication, encode=True)
        result &= np.append([way != PRESIGNED for way in ways.to_pylist()], True).astype(bool)[way_rows]
    if own.cidrs:
        addresses, rows = distinct(remote_ip, encode=True)
        found = _ranges(own.cidrs).find(packed_addresses(address or "" for address in addresses.to_pylist()))
        result |= np.append(found >= 0, False)[rows]
    return pa.array(result)


def _own_callers(callers: pa.StringArray, own: OwnTraffic) -> Flags:
    principals = [_principal_regex(text) for principal in own.principals for text in _spellings(principal)]
    # A session such as arn:aws:sts::111122223333:assumed-role/Loader/session also counts as its role.
    session = r"(?s)^(arn:[^:]*):sts:([^:]*):([^:]*):assumed-role/([^/]*)/.*$"
    roles = pc.replace_substring_regex(callers, session, r"\1:iam:\2:\3:role/\4")
    accounts = [text for account in own.accounts for text in (account, f"arn:[^:]*:[^:]*:[^:]*:{account}:.*")]
    is_user: Flags = np.asarray(pc.match_substring_regex(callers, USER_OF_AN_APPLICATION).fill_null(False))
    of_accounts = pc.replace_substring_regex(callers, _LAKE_FORMATION, r"\1\3\2")
    return (_matches(of_accounts, accounts) & ~is_user) | _matches(callers, principals) | _matches(roles, principals)


def _matches(callers: pa.StringArray, patterns: list[str]) -> Flags:
    if not patterns:
        return np.zeros(len(callers), bool)
    return np.asarray(pc.match_substring_regex(callers, f"(?s)^(?:{'|'.join(patterns)})$").fill_null(False))


def _spellings(principal: str) -> tuple[str, ...]:
    """The principal, and for a role with a path also the role without it, because session ARNs have no path."""
    before, role, path = principal.partition(":role/")
    return (principal, f"{before}:role/{path.rpartition('/')[2]}") if role and "/" in path else (principal,)


def _principal_regex(principal: str) -> str:
    return ".*".join(re.escape(text) for text in principal.split("*"))


@lru_cache(maxsize=8)
def _ranges(cidrs: tuple[str, ...]) -> AddressRanges:
    return AddressRanges.of([(parse_network(cidr), 0) for cidr in cidrs])
