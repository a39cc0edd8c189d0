"""Addresses as text: their canonical form, their network, and addresses within longer texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from socket import AF_INET, AF_INET6, inet_ntop

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags
from glue_jobs.enrich.address_ranges import packed_address

# Bytes of an address that its network keeps: a /24 of IPv4, a /48 of IPv6. These are the largest networks that a
# provider gives to one customer: RFC 6177.
PREFIX_BYTES = {b"4": 3, b"6": 6}

# Each address contains one of these. RE2 finds patterns that begin with one known character in a tenth of the time.
_HINTS = (r"[.][0-9]{1,3}[.][0-9]{1,3}[.]", r":[0-9A-Fa-f]{0,4}:", r"%(?:25)?3[Aa][0-9A-Fa-f]{0,4}%")

# An approximation of _ADDRESS for RE2, which has no look-around.
_MAY_HOLD = (
    r"[0-9][.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]"
    r"|(?:^|[^0-9A-Za-z:]|%(?:25)?[0-9A-Fa-f]{2})"
    r"(?:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?::|(?:[0-9A-Fa-f]{1,4}:){7})"
    r"|%(?:25)?3[Aa][0-9A-Fa-f]{0,4}%(?:25)?3[Aa]"
)

AFTER_ENCODED = "(?<=%[0-9A-Fa-f]{2})(?<!%25)|(?<=%25[0-9A-Fa-f]{2})"
"""Matches after a character that is URL-encoded, or encoded twice, as in a URL within a URL."""

_COLON = "(?::|%(?:25)?3[Aa])"
_AFTER_COLON = "(?<=%3[Aa])|(?<=%253[Aa])"
_ADDRESS = re.compile(
    # 12.192.0.2.1, v1.2.3.4 and 192.0.2.1.5 do not match: they are version numbers.
    rf"(?:(?<![0-9A-Za-z.%])|{AFTER_ENCODED})(?:[0-9]{{1,3}}[.]){{3}}[0-9]{{1,3}}(?![0-9A-Za-z]|[.][0-9])"
    rf"|(?!{_AFTER_COLON})(?:(?<![0-9A-Za-z:.%])|{AFTER_ENCODED})[0-9A-Fa-f]{{0,4}}{_COLON}(?:[0-9A-Fa-f]|{_COLON})*{_COLON}"
    rf"(?:(?:[0-9A-Fa-f.]|{_COLON})*(?:[0-9A-Fa-f]|{_COLON}))?(?![0-9A-Za-z])"
)
_RANGE = re.compile("/([0-9]{1,3})(?![0-9])")

NOBODYS = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})
"""Addresses that identify nobody: the unspecified address and the loopback address."""


def plain_address(text: str) -> str | None:
    """The canonical text of the address, as IPv4 if it is IPv4-mapped; None if the text is not an address."""
    packed = packed_address(text)
    if packed and ":" not in text:
        return text
    return inet_ntop(AF_INET if packed[:1] == b"4" else AF_INET6, packed[1:]) if packed else None


def prefix_of(text: str) -> str | None:
    """The network of the address, ``192.0.2.0/24`` or ``2001:db8::/48``; None if the text is not an address."""
    packed = packed_address(text)
    if not packed:
        return None
    if ":" not in text:
        return f"{text[: text.rindex('.')]}.0/24"
    version, size = packed[:1], PREFIX_BYTES[packed[:1]]
    network = packed[1 : 1 + size].ljust(len(packed) - 1, b"\0")
    return f"{inet_ntop(AF_INET if version == b'4' else AF_INET6, network)}/{8 * size}"


def may_hold_address(texts: pa.StringArray) -> Flags:
    """Which texts may contain an address; null contains none."""
    found: Flags = np.any([_matches(texts, hint) for hint in _HINTS], axis=0)
    hinted = np.flatnonzero(found)
    found[hinted] = _matches(texts.take(pa.array(hinted)), _MAY_HOLD)
    return found


def _matches(texts: pa.StringArray, pattern: str) -> Flags:
    found: Flags = pc.match_substring_regex(texts, pattern).fill_null(False).to_numpy(False)
    return found


def replace_addresses(text: str, replacement: Callable[[str], str]) -> str:
    """The text with each address replaced by ``replacement(address)``, which is called with the canonical text.

    Ranges such as 192.0.2.0/24 and the addresses in `NOBODYS` stay. An address may be URL-encoded.
    """

    def replaced(match: re.Match[str]) -> str:
        found = re.sub(_COLON, ":", match[0])
        # The pattern also matches a colon after an address.
        written = found if packed_address(found) else found.rstrip(":")
        address = plain_address(written)
        if address is None or address in NOBODYS or _is_range(written, text[match.end() :]):
            return match[0]
        new = replacement(address)
        return match[0] if new == address else new + found[len(written) :]

    return _ADDRESS.sub(replaced, text)


def _is_range(address: str, rest: str) -> bool:
    bits = _RANGE.match(rest)
    if bits is None:
        return False
    try:
        return ip_network(f"{address}/{bits[1]}").num_addresses > 1
    except ValueError:
        return False
