"""The derived columns that all tables of requests and events share."""

from __future__ import annotations

from glue_jobs.tables.model import READER, Column

_MEANINGS = {
    "account": ("string", "Account (publisher) of the data set the key belongs to, by the configuration."),
    "repository": ("string", "Data set the key belongs to, by the configuration."),
    "is_own": ("boolean", "True for the publisher's own traffic, by the configuration."),
    "is_robot": ("boolean", "True when the user agent is on the crawler-user-agents list, or a monitor of AWS."),
    "event_date": ("date", "Day of event_time, UTC; the partition."),
    "year": ("string", "Year of event_time, four digits."),
    "month": ("string", "Month of event_time, two digits."),
    "day": ("string", "Day of the month of event_time, two digits."),
    "country": ("string", "ISO 3166-1 alpha-2 code of the country the request came from; null if unknown."),
    "place": (
        "string",
        "Where the request came from: US/California, US, AWS/us-east-2, GitHub, VPN, bogon or unknown; see place.",
    ),
    "network": ("string", "Network it came from: aws, gcp, azure, github, cloudflare, vpn or other."),
    "asset": ("string", "Path within the data set that a mapping gives; null where the key is the path."),
    "reader_id": (
        "string",
        "Pseudonym of the address: its HMAC-SHA-256 with a secret key, 128 bits in hexadecimal digits.",
    ),
    "remote_prefix": ("string", "Network of the address: /24 for IPv4, /48 for IPv6."),
    "reader_key": ("string", "Id of the key that made reader_id; ids of different keys cannot be compared."),
}

FILTERED = ("account", "repository", "is_own", "is_robot", "year", "month", "day")
"""Derived columns that most queries filter by."""

DERIVED = (*FILTERED, "event_date", "source_object", "country", "place", "network", *READER)
"""Derived columns of every table of requests or events."""


def derived_columns(first_id: int, *names: str) -> tuple[Column, ...]:
    """The columns with these names; their field ids count up from ``first_id``."""
    return tuple(Column(number, name, *_MEANINGS[name]) for number, name in enumerate(names, first_id))
