"""Addresses as texts: their canonical form, the network around them, and addresses inside longer texts."""

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

# Bytes of the network that stays known of an address: a /24 of IPv4, a /48 of IPv6. Both are what a provider gives to
# one customer at most: RFC 6177.
PREFIX_BYTES = {b"4": 3, b"6": 6}

# Each address has one of these. RE2 finds what begins with one known letter in a tenth of the time.
_HINTS = (r"[.][0-9]{1,3}[.][0-9]{1,3}[.]", r":[0-9A-Fa-f]{0,4}:", r"%(?:25)?3[Aa][0-9A-Fa-f]{0,4}%")

# What RE2 can tell: it cannot look at what stands before and after a match, as _ADDRESS does.
_MAY_HOLD = (
    r"[0-9][.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]"
    r"|(?:^|[^0-9A-Za-z:]|%(?:25)?[0-9A-Fa-f]{2})"
    r"(?:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?::|(?:[0-9A-Fa-f]{1,4}:){7})"
    r"|%(?:25)?3[Aa][0-9A-Fa-f]{0,4}%(?:25)?3[Aa]"
)

AFTER_ENCODED = "(?<=%[0-9A-Fa-f]{2})(?<!%25)|(?<=%25[0-9A-Fa-f]{2})"
"""Matches behind a character that is URL-encoded, or encoded twice, as in a URL within a URL."""

_COLON = "(?::|%(?:25)?3[Aa])"
_AFTER_COLON = "(?<=%3[Aa])|(?<=%253[Aa])"
_ADDRESS = re.compile(
    # Not 12.192.0.2.1, v1.2.3.4 and 192.0.2.1.5: those are numbers of versions.
    rf"(?:(?<![0-9A-Za-z.%])|{AFTER_ENCODED})(?:[0-9]{{1,3}}[.]){{3}}[0-9]{{1,3}}(?![0-9A-Za-z]|[.][0-9])"
    rf"|(?!{_AFTER_COLON})(?:(?<![0-9A-Za-z:.%])|{AFTER_ENCODED})[0-9A-Fa-f]{{0,4}}{_COLON}(?:[0-9A-Fa-f]|{_COLON})*{_COLON}"
    rf"(?:(?:[0-9A-Fa-f.]|{_COLON})*(?:[0-9A-Fa-f]|{_COLON}))?(?![0-9A-Za-z])"
)
_RANGE = re.compile("/([0-9]{1,3})(?![0-9])")

NOBODYS = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})
"""Addresses that identify nobody: the unspecified address and the loopback address."""


def plain_address(text: str) -> str | None:
    """The canonical text of the address, that of IPv4 for an IPv4-mapped one; None if the text is no address."""
    packed = packed_address(text)
    if packed and ":" not in text:
        return text
    return inet_ntop(AF_INET if packed[:1] == b"4" else AF_INET6, packed[1:]) if packed else None


def prefix_of(text: str) -> str | None:
    """The network of the address, ``192.0.2.0/24`` or ``2001:db8::/48``; None if the text is no address."""
    packed = packed_address(text)
    if not packed:
        return None
    if ":" not in text:
        return f"{text[: text.rindex('.')]}.0/24"
    version, size = packed[:1], PREFIX_BYTES[packed[:1]]
    network = packed[1 : 1 + size].ljust(len(packed) - 1, b"\0")
    return f"{inet_ntop(AF_INET if version == b'4' else AF_INET6, network)}/{8 * size}"


def may_hold_address(texts: pa.StringArray) -> Flags:
    """Which texts may hold an address; null holds none."""
    found: Flags = np.any([_matches(texts, hint) for hint in _HINTS], axis=0)
    hinted = np.flatnonzero(found)
    found[hinted] = _matches(texts.take(pa.array(hinted)), _MAY_HOLD)
    return found


def _matches(texts: pa.StringArray, pattern: str) -> Flags:
    found: Flags = pc.match_substring_regex(texts, pattern).fill_null(False).to_numpy(False)
    return found


def replace_addresses(text: str, replacement: Callable[[str], str]) -> str:
    """The text with ``replacement(address)`` in place of each address in it; the replacement gets its canonical text.

    Ranges such as 192.0.2.0/24 stay, and so do addresses that are nobody's. An address may be URL-encoded.
    """

    def replaced(match: re.Match[str]) -> str:
        found = re.sub(_COLON, ":", match[0])
        # A colon behind an address looks like a part of it.
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
