"""IP addresses as sortable bytes, and address ranges with a search for many addresses at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from socket import AF_INET, AF_INET6, inet_pton

import numpy as np
import numpy.typing as npt

from glue_jobs.columns.numpy_types import Ints

Packed = npt.NDArray[np.bytes_]
Network = IPv4Network | IPv6Network

# First bytes of an IPv4-mapped IPv6 address: RFC 4291, section 2.5.5.2.
_MAPPED = bytes(10) + b"\xff\xff"

KEY_TYPE = "S17"
"""The numpy type of packed addresses: the version, "4" or "6", and the bytes of the address."""


def packed_address(address: str) -> bytes:
    """The address as bytes that sort by version and number; empty if it is invalid, which sorts before all addresses.

    An IPv4-mapped IPv6 address counts as its IPv4 address.
    """
    try:
        if ":" not in address:
            return b"4" + inet_pton(AF_INET, address)
        packed = inet_pton(AF_INET6, address)
    except (OSError, ValueError):
        return b""
    return b"4" + packed[len(_MAPPED) :] if packed.startswith(_MAPPED) else b"6" + packed


def packed_addresses(addresses: Iterable[str]) -> Packed:
    """The addresses as `packed_address` gives them, in one array."""
    return np.array([packed_address(address) for address in addresses], KEY_TYPE)


def parse_network(cidr: str) -> Network:
    """The address range; a range of IPv4-mapped addresses becomes the range of their IPv4 addresses.

    Raises:
        ValueError: the text is not a range, or is an address within one.
    """
    network = ip_network(cidr)
    bits = network.prefixlen - 8 * len(_MAPPED)
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and bits >= 0:
        return IPv4Network((network.network_address.ipv4_mapped, bits))
    return network


@dataclass(frozen=True)
class AddressRanges:
    """Ranges, each with a number. Of nested ranges, the innermost decides."""

    starts: Packed
    numbers: Ints

    @classmethod
    def of(cls, ranges: Sequence[tuple[Network, int]]) -> AddressRanges:
        """From ranges and their numbers, 0 or more; of two equal ranges the first decides."""
        edges: list[tuple[bytes, int]] = []
        # The last address and the number of each range around the current one, outermost first.
        open_ranges: list[tuple[bytes, int]] = []
        seen: set[Network] = set()
        for network, number in sorted(ranges, key=lambda each: (_first(each[0]), each[0].prefixlen)):
            if network in seen:
                continue
            seen.add(network)
            first, last = _first(network), _packed(network.broadcast_address)
            _close(edges, open_ranges, first)
            edges.append((first, number))
            open_ranges.append((last, number))
        _close(edges, open_ranges, None)
        # If a range begins at the end of another, the later edge decides.
        by_start = dict(edges)
        return cls(np.array(list(by_start), KEY_TYPE), np.array(list(by_start.values()), np.int64))

    def find(self, addresses: Packed) -> Ints:
        """The number of the range of each address, -1 for none."""
        if not len(self.starts):
            return np.full(len(addresses), -1, np.int64)
        places = np.searchsorted(self.starts, addresses, side="right") - 1
        return np.where(places < 0, -1, self.numbers[places])


def _first(network: Network) -> bytes:
    return _packed(network.network_address)


def _packed(address: IPv4Address | IPv6Address) -> bytes:
    return str(address.version).encode() + address.packed


def _close(edges: list[tuple[bytes, int]], open_ranges: list[tuple[bytes, int]], start: bytes | None) -> None:
    """Add the ends of the ranges that end before ``start``; after each end, the enclosing range continues."""
    while open_ranges and (start is None or open_ranges[-1][0] < start):
        last, _ = open_ranges.pop()
        around = open_ranges[-1][1] if open_ranges else -1
        edges.append((_next(last), around))


def _next(key: bytes) -> bytes:
    """The key after an address; the key after the last IPv4 address lies between the two versions."""
    number = int.from_bytes(key[1:], "big") + 1
    size = len(key) - 1
    return bytes([key[0] + 1]) if number >> (8 * size) else key[:1] + number.to_bytes(size, "big")
