"""Files of address ranges as AWS, Google, Microsoft and GitHub publish them, and plain lists."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from glue_jobs.enrich.address_ranges import packed_addresses
from glue_jobs.enrich.places.network_files import NetworkFile, read_network_file

AWS = {
    "syncToken": "1795920245",
    "createDate": "2026-11-20-03-04-05",
    "prefixes": [
        {"ip_prefix": "192.0.2.0/24", "region": "us-east-2", "service": "AMAZON", "network_border_group": "us-east-2"},
        {"ip_prefix": "192.0.2.0/24", "region": "us-east-2", "service": "S3", "network_border_group": "us-east-2"},
        {"ip_prefix": "192.0.2.64/26", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
    ],
    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "region": "GLOBAL", "service": "CLOUDFRONT"}],
}
GOOGLE = {
    "syncToken": "1795920245000",
    "creationTime": "2026-11-20T03:04:05.678",
    "prefixes": [
        {"ipv4Prefix": "192.0.2.0/24", "service": "Google Cloud", "scope": "us-central1"},
        {"ipv6Prefix": "2001:db8::/32", "service": "Google Cloud", "scope": "europe-west1"},
    ],
}
AZURE = {
    "changeNumber": 1,
    "cloud": "Public",
    "values": [
        {"name": "AzureCloud", "properties": {"region": "", "addressPrefixes": ["192.0.2.0/24", "2001:db8::/32"]}},
        {"name": "AzureCloud.eastus", "properties": {"region": "eastus", "addressPrefixes": ["192.0.2.0/24"]}},
    ],
}
GITHUB = {
    "verifiable_password_authentication": False,
    "ssh_keys": ["ssh-ed25519 AAAA"],
    "domains": {"website": ["*.example.com"]},
    "hooks": ["192.0.2.0/25", "2001:db8::/32"],
    "actions": ["192.0.2.128/25"],
}


def read(value: Any) -> NetworkFile:
    return read_network_file(json.dumps(value).encode())


def regions(file: NetworkFile, *addresses: str) -> list[str | None]:
    numbers = file.ranges.find(packed_addresses(addresses)).tolist()
    return ["(not in it)" if number < 0 else file.regions[number] for number in numbers]


def test_aws_ranges_have_the_region_of_the_smallest_prefix() -> None:
    file = read(AWS)
    assert (file.provider, file.date) == ("AWS", date(2026, 11, 20))
    addresses = ("192.0.2.1", "192.0.2.65", "2001:db8::1", "198.51.100.1")
    assert regions(file, *addresses) == ["us-east-2", "eu-west-1", "GLOBAL", "(not in it)"]


def test_google_ranges_have_their_scope() -> None:
    file = read(GOOGLE)
    assert (file.provider, file.date) == ("GCP", date(2026, 11, 20))
    assert regions(file, "192.0.2.1", "2001:db8::1") == ["us-central1", "europe-west1"]


def test_azure_ranges_have_a_region_where_any_tag_has_one() -> None:
    file = read(AZURE)
    assert (file.provider, file.date) == ("Azure", None)
    assert regions(file, "192.0.2.1", "2001:db8::1") == ["eastus", None]


def test_github_ranges_are_all_its_lists_of_addresses() -> None:
    file = read(GITHUB)
    assert file.provider is None
    assert regions(file, "192.0.2.1", "192.0.2.129", "2001:db8::1") == [None] * 3


def test_plain_lists_have_a_range_a_line_and_comments() -> None:
    file = read_network_file(b"# of an example\r\n192.0.2.0/25  # half\r\n\r\n2001:db8::/32\n198.51.100.7\n")
    assert regions(file, "192.0.2.1", "192.0.2.200", "2001:db8::1", "198.51.100.7") == [None, "(not in it)", None, None]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "there is no address range in it"),
        (b"# nothing\n", "there is no address range in it"),
        (b'{"prefixes": [', "this is not JSON"),
        (b'{"prefixes": []}', "these are not address ranges of AWS, Google Cloud, Azure or GitHub"),
        (b'["192.0.2.0/24"]', "these are not address ranges of AWS, Google Cloud, Azure or GitHub"),
        (b'{"prefixes": [{"ip_prefix": "192.0.2.0/24"}]}', "an entry is not as its provider writes it"),
        (b'{"hooks": ["192.0.2.0/24", "everywhere"]}', "it has an entry that is no address range"),
        (b"192.0.2.0/24\n192.0.2.1/24\n", "line 2 is no address range such as 192.0.2.0/24: '192.0.2.1/24'"),
        (b"\xff\xfe", "this is not text"),
        (b"\x1f\x8b\x08", "this file is compressed; unpack it"),
    ],
)
def test_other_files_are_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_network_file(content)
