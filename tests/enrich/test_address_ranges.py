"""Ranges of addresses: which range each of many addresses is in."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.enrich.address_ranges import AddressRanges, packed_addresses, parse_network


def numbers(cidrs: dict[str, int], *addresses: str) -> list[int]:
    ranges = AddressRanges.of([(parse_network(cidr), number) for cidr, number in cidrs.items()])
    found: list[int] = ranges.find(packed_addresses(addresses)).tolist()
    return found


def test_the_smallest_range_around_an_address_decides() -> None:
    cidrs = {"192.0.2.0/24": 0, "192.0.2.16/28": 1, "192.0.2.16/30": 2, "192.0.2.31/32": 3}
    addresses = ("192.0.2.15", "192.0.2.16", "192.0.2.20", "192.0.2.31", "192.0.2.32")
    assert numbers(cidrs, *addresses) == [0, 2, 1, 3, 0]


def test_addresses_before_between_and_after_ranges_are_in_none() -> None:
    cidrs = {"192.0.2.0/25": 0, "198.51.100.0/24": 1, "2001:db8::/32": 2}
    assert numbers(cidrs, "192.0.1.255", "192.0.2.128", "203.0.113.1", "::1", "2001:db9::1", "nonsense", "") == [-1] * 7
    assert numbers({}, "192.0.2.1") == [-1]


def test_the_first_of_equal_ranges_decides() -> None:
    ranges = AddressRanges.of([(parse_network("192.0.2.0/24"), 5), (parse_network("192.0.2.0/24"), 6)])
    assert ranges.find(packed_addresses(["192.0.2.1"])).tolist() == [5]


def test_a_mapped_address_is_its_ipv4_address() -> None:
    assert numbers({"192.0.2.0/24": 0}, "::ffff:192.0.2.7") == [0]
    assert numbers({"::ffff:192.0.2.0/120": 0}, "192.0.2.7") == [0]


def test_ranges_reach_the_last_address_of_each_version() -> None:
    cidrs = {"255.255.255.255/32": 0, "ffff::/16": 1}
    assert numbers(cidrs, "255.255.255.255", "::", str(ip_address(2**128 - 1))) == [0, -1, 1]


# Ranges below 192.0.2.0/24 that contain, touch and repeat each other.
RANGES = st.lists(
    st.tuples(st.integers(0, 255), st.integers(24, 32)).map(
        lambda each: str(ip_network(f"192.0.2.{each[0]}/{each[1]}", strict=False))
    ),
    max_size=12,
    unique=True,
)


@given(RANGES)
def test_any_ranges_give_what_a_search_through_all_of_them_gives(cidrs: list[str]) -> None:
    networks = [ip_network(cidr) for cidr in cidrs]
    addresses = [f"192.0.2.{last}" for last in range(256)]

    def smallest_around(address: str) -> int:
        around = [number for number, network in enumerate(networks) if ip_address(address) in network]
        return max(around, key=lambda number: networks[number].prefixlen, default=-1)

    assert numbers(dict(zip(cidrs, range(len(cidrs)), strict=True)), *addresses) == list(
        map(smallest_around, addresses)
    )
