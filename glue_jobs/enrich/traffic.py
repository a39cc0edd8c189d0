"""Which requests are the publisher's own."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from socket import AF_INET, AF_INET6, inet_pton

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.config import Config, OwnTraffic
from glue_jobs.enrich.datasets import distinct

Bools = npt.NDArray[np.bool_]

# First bytes of an IPv4-mapped IPv6 address: RFC 4291, section 2.5.5.2.
_MAPPED = bytes(10) + b"\xff\xff"


# The authentication of a presigned URL, in access logs and CloudTrail.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
PRESIGNED = "QueryString"


def is_own(requester: pa.Array, remote_ip: pa.Array, authentication: pa.Array, config: Config) -> pa.BooleanArray:
    """Whether a request is the publisher's own by ``config.own_traffic``; never null.

    ``requester`` is a canonical user id, an ARN or an account id, ``remote_ip`` an IPv4 or IPv6 address. Null and any
    other text match nothing. The requester of a presigned URL (``authentication`` is QueryString) is its signer and
    anybody may use it, so only the address decides. Arrays are strings, plain or dictionary-encoded.
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
        result |= np.append(_own_addresses(addresses.to_pylist(), own.cidrs), False)[rows]
    return pa.array(result)


def _own_callers(callers: pa.StringArray, own: OwnTraffic) -> Bools:
    accounts = "|".join(own.accounts)
    patterns = [_principal_regex(text) for principal in own.principals for text in _spellings(principal)]
    if accounts:
        patterns += [f"(?:{accounts})", f"arn:[^:]*:[^:]*:[^:]*:(?:{accounts}):.*"]
    mine = f"(?s)^(?:{'|'.join(patterns)})$"
    # A session such as arn:aws:sts::111122223333:assumed-role/Loader/session also counts as its role.
    session = r"(?s)^(arn:[^:]*):sts:([^:]*):([^:]*):assumed-role/([^/]*)/.*$"
    roles = pc.replace_substring_regex(callers, session, r"\1:iam:\2:\3:role/\4")
    either = pc.or_(pc.match_substring_regex(callers, mine), pc.match_substring_regex(roles, mine))
    return np.asarray(either.fill_null(False))


def _spellings(principal: str) -> tuple[str, ...]:
    """The principal, and for a role with a path also the role without it, because ARNs of sessions have no path."""
    before, role, path = principal.partition(":role/")
    return (principal, f"{before}:role/{path.rpartition('/')[2]}") if role and "/" in path else (principal,)


def _principal_regex(principal: str) -> str:
    return ".*".join(re.escape(text) for text in principal.split("*"))


def _own_addresses(addresses: list[str | None], cidrs: tuple[str, ...]) -> Bools:
    first, last = _ranges(cidrs)
    packed = np.array([_packed(address or "") for address in addresses], first.dtype)
    place = np.searchsorted(first, packed, side="right") - 1
    return np.asarray((place >= 0) & (packed <= last[place]))


@lru_cache(maxsize=8)
def _ranges(cidrs: tuple[str, ...]) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.bytes_]]:
    """First and last address of each range, packed, sorted and without overlaps."""
    networks = [_network(cidr) for cidr in cidrs]
    merged: list[IPv4Network | IPv6Network] = [
        *collapse_addresses(network for network in networks if isinstance(network, IPv4Network)),
        *collapse_addresses(network for network in networks if isinstance(network, IPv6Network)),
    ]
    first = [_packed(str(network.network_address)) for network in merged]
    last = [_packed(str(network.broadcast_address)) for network in merged]
    return np.array(first, "S17"), np.array(last, "S17")


def _network(cidr: str) -> IPv4Network | IPv6Network:
    """The range; a range of IPv4-mapped addresses is the range of their IPv4 addresses."""
    network = ip_network(cidr)
    bits = network.prefixlen - 8 * len(_MAPPED)
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and bits >= 0:
        return IPv4Network((network.network_address.ipv4_mapped, bits))
    return network


def _packed(address: str) -> bytes:
    """The address as bytes that sort by version and number; empty, and so before all addresses, if it is invalid.

    An IPv4-mapped IPv6 address is its IPv4 address.
    """
    try:
        if ":" not in address:
            return b"4" + inet_pton(AF_INET, address)
        packed = inet_pton(AF_INET6, address)
    except (OSError, ValueError):
        return b""
    return b"4" + packed[len(_MAPPED) :] if packed.startswith(_MAPPED) else b"6" + packed
