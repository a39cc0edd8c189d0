"""What the sample of the tests declares: its days, and what robots and own traffic are."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

import yaml
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

LAST_DAY, DAYS = date(2026, 3, 10), 24
ROBOTS = [re.compile(entry["pattern"]) for entry in CRAWLER_USER_AGENTS_DATA if "http-library" not in entry["tags"]]


@cache
def is_robot(agent: str | None) -> bool:
    return bool(agent) and any(pattern.search(str(agent)) for pattern in ROBOTS)


@cache
def is_own(folder: Path, account: str | None, principal: str | None, address: str) -> bool:
    """Whether config.yaml declares an account, a principal or the network of an address the publisher's own."""
    own = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["own_traffic"]
    is_address = re.fullmatch("[0-9a-f.:]+", address)
    in_network = is_address and any(ip_address(address) in ip_network(network) for network in own["cidrs"])
    return account in own["accounts"] or principal in own["principals"] or bool(in_network)
