"""Address ranges as their owners publish them: AWS, Google Cloud, Azure and GitHub in their own JSON, others as CIDRs.

Formats: https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html,
https://www.gstatic.com/ipranges/cloud.json, https://www.microsoft.com/download/details.aspx?id=56519,
https://docs.github.com/rest/meta/meta.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from glue_jobs.enrich.address_ranges import AddressRanges, parse_network

# Entries of GitHub's file that are not addresses.
_NOT_ADDRESSES = {
    "domains",
    "ssh_key_fingerprints",
    "ssh_keys",
    "verifiable_password_authentication",
}

_Range = tuple[str, str | None]
"""A CIDR, and the Region or scope it belongs to."""


@dataclass(frozen=True)
class NetworkFile:
    """The ranges of one file. Their numbers are indexes into ``regions``; None stands for ranges without a Region.

    ``provider`` is the part of a label before the Region: AWS, GCP or Azure; None for other lists. ``date`` is the
    creation date that the file states, None if it states none.
    """

    title: str
    provider: str | None
    date: date | None
    licence: str
    ranges: AddressRanges
    regions: tuple[str | None, ...]


def read_network_file(content: bytes) -> NetworkFile:
    """The ranges in a file of any known format.

    Raises:
        ValueError: the format is unknown, or the file has no range.
    """
    if content.startswith(b"\x1f\x8b"):
        raise ValueError("this file is compressed; unpack it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("this is not text") from None
    if text.lstrip()[:1] not in ("{", "["):
        return _network_file("address ranges, one a line", None, None, "", _lines(text))
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"this is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ValueError(_UNKNOWN)
    for is_form, read in _FORMS:
        if is_form(value):
            try:
                return read(value)
            except (AttributeError, KeyError, TypeError) as error:
                raise ValueError(f"an entry is not as its provider writes it ({error!r})") from None
    raise ValueError(_UNKNOWN)


_UNKNOWN = "these are not address ranges of AWS, Google Cloud, Azure or GitHub, nor one CIDR a line"


def _aws(value: dict[str, Any]) -> NetworkFile:
    ranges = [(entry["ip_prefix"], entry["region"]) for entry in value["prefixes"]]
    ranges += [(entry["ipv6_prefix"], entry["region"]) for entry in value.get("ipv6_prefixes", ())]
    return _network_file("AWS address ranges", "AWS", _day(value.get("createDate")), "published by AWS", ranges)


def _google(value: dict[str, Any]) -> NetworkFile:
    ranges = [(entry.get("ipv4Prefix") or entry["ipv6Prefix"], entry.get("scope")) for entry in value["prefixes"]]
    made = _day(value.get("creationTime"))
    return _network_file("Google Cloud address ranges", "GCP", made, "published by Google", ranges)


def _azure(value: dict[str, Any]) -> NetworkFile:
    tags = [entry["properties"] for entry in value["values"]]
    # The whole cloud's tag repeats the ranges of Regions, so tags with a Region come first.
    tags.sort(key=lambda tag: not tag.get("region"))
    ranges = [(cidr, tag.get("region") or None) for tag in tags for cidr in tag["addressPrefixes"]]
    return _network_file("Azure service tags", "Azure", None, "published by Microsoft", ranges)


def _github(value: dict[str, Any]) -> NetworkFile:
    ranges = [(cidr, None) for entries in _github_lists(value) for cidr in entries]
    return _network_file("GitHub address ranges", None, None, "published by GitHub", ranges)


def _github_lists(value: dict[str, Any]) -> list[list[str]]:
    return [
        entries
        for name, entries in value.items()
        if name not in _NOT_ADDRESSES and isinstance(entries, list) and all(isinstance(each, str) for each in entries)
    ]


_FORMS: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], NetworkFile]], ...] = (
    (lambda value: "createDate" in value and "prefixes" in value, _aws),
    (lambda value: any("ip_prefix" in entry for entry in _objects(value.get("prefixes"))), _aws),
    (
        lambda value: any({"ipv4Prefix", "ipv6Prefix"} & entry.keys() for entry in _objects(value.get("prefixes"))),
        _google,
    ),
    (lambda value: any("properties" in entry for entry in _objects(value.get("values"))), _azure),
    (lambda value: any(_github_lists(value)), _github),
)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _lines(text: str) -> Iterator[_Range]:
    for number, line in enumerate(text.splitlines(), 1):
        cidr = line.partition("#")[0].strip()
        if cidr:
            try:
                parse_network(cidr)
            except ValueError:
                raise ValueError(f"line {number} is no address range such as 192.0.2.0/24: {cidr[:60]!r}") from None
            yield cidr, None


def _network_file(title: str, provider: str | None, made: date | None, licence: str, ranges: Any) -> NetworkFile:
    by_cidr: dict[str, str | None] = {}
    for cidr, region in ranges:
        by_cidr.setdefault(cidr, region)
    if not by_cidr:
        raise ValueError("there is no address range in it")
    regions = tuple(dict.fromkeys(by_cidr.values()))
    number = {region: index for index, region in enumerate(regions)}
    try:
        numbered = [(parse_network(cidr), number[region]) for cidr, region in by_cidr.items()]
    except ValueError as error:
        raise ValueError(f"it has an entry that is no address range ({error})") from None
    return NetworkFile(title, provider, made, licence, AddressRanges.of(numbered), regions)


def _day(text: Any) -> date | None:
    """The day of AWS's ``2026-11-20-03-04-05`` or Google's ``2026-11-20T03:04:05.678``."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
