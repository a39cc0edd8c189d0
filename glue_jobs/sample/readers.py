"""Who asks: subscribers, anonymous readers, robots, the publisher's own people, and clients that send odd headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import ip_address, ip_network

import numpy as np
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from glue_jobs.sample.headers import (
    BROWSERS,
    ODD_HEADERS,
    REFERERS,
    ROBOTS,
    SCRIPTS,
    TOOLS,
)
from glue_jobs.sample.publisher import PUBLISHER_ACCOUNT, Ints

VIRTUAL, PATH, PRESIGNED, WEBSITE, ACCESS_POINT = range(5)
"""How a reader addresses a bucket."""

OWN_ACCOUNT = PUBLISHER_ACCOUNT
OWN_PRINCIPAL = "arn:aws:iam::123456789012:user/publisher-contractor"
OWN_NETWORKS = ("203.0.113.240/28", "2001:db8:0:1::/64")

SUBSCRIBERS = {
    "123456789012": "Coastal Analytics",
    "000000000012": "Delta University, Hydrology",
    "000000000345": 'Maps "R" Us',
    "000000006789": "Société des Eaux",
}
"""Names of the subscribers' AWS accounts; leading zeros are part of an account id."""


@dataclass(frozen=True)
class Reader:
    """One client. An empty string stands for what it did not send; ``bare`` for headers logged without quotes."""

    group: str
    ip: str
    requester: str = ""
    user_agent: str = ""
    referer: str = ""
    region: str = ""
    style: int = VIRTUAL
    bare: bool = False
    two_blanks: bool = False

    @property
    def identity(self) -> str:
        """What makes two requests one reader's: the requester, or else address and user agent."""
        return self.requester or f"{self.ip} {self.user_agent}"

    @property
    def is_robot(self) -> bool:
        """Whether the user agent is on the list of crawlers, and more than a library people download with."""
        return _is_robot(self.user_agent)

    @property
    def is_own(self) -> bool:
        """Whether the sample's configuration declares this reader the publisher's own."""
        if self.requester == OWN_PRINCIPAL or f":{OWN_ACCOUNT}:" in self.requester:
            return True
        return bool(self.ip) and any(ip_address(self.ip) in ip_network(network) for network in OWN_NETWORKS)


@lru_cache(maxsize=1024)
def _is_robot(user_agent: str) -> bool:
    return any(pattern.search(user_agent) for pattern in _robot_patterns())


@lru_cache(maxsize=1)
def _robot_patterns() -> list[re.Pattern[str]]:
    return [re.compile(entry["pattern"]) for entry in CRAWLER_USER_AGENTS_DATA if "http-library" not in entry["tags"]]


@dataclass(frozen=True)
class Readers:
    """All readers; columns have one entry per reader, ``identity`` is equal where the identity is."""

    all: list[Reader]
    identity: Ints
    is_robot: Ints
    is_own: Ints
    style: Ints

    def pick(self, group: str, how_many: int, rng: np.random.Generator) -> Ints:
        """Readers of a group by chance: a few ask often, most seldom."""
        members = self.groups[group]
        popularity = np.cumsum(1.0 / (np.arange(len(members)) + 5.0))
        picked: Ints = members[np.searchsorted(popularity, rng.random(how_many) * popularity[-1])]
        return picked

    @cached_property
    def groups(self) -> dict[str, Ints]:
        """Positions of the readers of every group."""
        names = np.array([reader.group for reader in self.all])
        return {str(name): np.flatnonzero(names == name) for name in np.unique(names)}


def make_readers(seed: int, scale: float) -> Readers:
    """The readers of a seed; a bigger publisher has more anonymous ones."""
    rng = np.random.default_rng([seed, 2])
    everyone = [*_signed(rng), *_anonymous(rng, int(2_500 * max(scale, 0.2) ** 0.5)), *_odd(), *_own()]
    numbers: dict[str, int] = {}
    return Readers(
        all=everyone,
        identity=np.array([numbers.setdefault(reader.identity, len(numbers)) for reader in everyone], np.int64),
        is_robot=np.array([reader.is_robot for reader in everyone], np.int64),
        is_own=np.array([reader.is_own for reader in everyone], np.int64),
        style=np.array([reader.style for reader in everyone], np.int64),
    )


def _signed(rng: np.random.Generator) -> Iterator[Reader]:
    accounts = list(SUBSCRIBERS)
    for number in range(36):
        account = accounts[number % len(accounts)]
        role = f"arn:aws:sts::{account}:assumed-role/research-{number % 7}/session-{number:03d}"
        requester = rng.bytes(32).hex() if number % 6 == 5 else role
        # One subscriber is many machines.
        for _ in range(3):
            ip, agent, region = _address(rng), _one_of(rng, TOOLS), _one_of(rng, ("us-east-1", "us-west-2", "", ""))
            style = PATH if number % 9 == 4 else VIRTUAL
            yield Reader("subscriber", ip, requester, agent, region=region, style=style)
            if number % 4 == 0:
                yield Reader("partner", ip, requester, agent, region=region, style=ACCESS_POINT)
    portal = "arn:aws:iam::123456789012:user/data-portal"
    for _ in range(60):
        yield Reader("presigned", _address(rng), portal, _one_of(rng, BROWSERS), style=PRESIGNED)


def _anonymous(rng: np.random.Generator, how_many: int) -> Iterator[Reader]:
    for number in range(how_many):
        agents, tool = ((BROWSERS, False), (BROWSERS, False), (SCRIPTS, True), (TOOLS, True))[number % 4]
        referer = "" if tool else _one_of(rng, REFERERS)
        region = _one_of(rng, ("", "", "eu-west-1", "us-east-1"))
        style = PATH if number % 23 == 0 else VIRTUAL
        yield Reader("anonymous", _address(rng), "", _one_of(rng, agents), referer, region, style)
        if number % 8 == 1:
            yield Reader("visitor", _address(rng), "", _one_of(rng, BROWSERS), referer, style=WEBSITE)
        if number % 60 == 0:
            yield Reader("robot", _address(rng), "", ROBOTS[number // 60 % len(ROBOTS)])


def _odd() -> Iterator[Reader]:
    # Addresses no other reader has: these readers are told apart by nothing else.
    for number, (referer, agent) in enumerate(ODD_HEADERS):
        yield Reader("odd", f"192.0.2.{241 + number}", "", agent, referer)
    yield Reader("odd", "192.0.2.251", bare=True)
    yield Reader("odd", "192.0.2.252", f"arn:aws:iam::{list(SUBSCRIBERS)[1]}:user/etl", TOOLS[1], two_blanks=True)
    yield Reader("lifecycle", "", "AmazonS3", bare=True)


def _own() -> Iterator[Reader]:
    for number in range(6):
        role = f"arn:aws:sts::{OWN_ACCOUNT}:assumed-role/publisher-ingest/i-{number:017x}"
        yield Reader("own", f"198.51.100.{number + 1}", role, TOOLS[number % 2], region="us-west-2")
    yield Reader("own", "198.51.100.9", OWN_PRINCIPAL, TOOLS[4])
    for number in range(4):
        yield Reader("staff", f"203.0.113.{241 + number}", "", BROWSERS[number], REFERERS[3])
        yield Reader("staff", f"2001:db8:0:1::{number + 1:x}", "", BROWSERS[number + 4])


def _address(rng: np.random.Generator) -> str:
    """A public documentation address outside the publisher's own networks and the odd readers' addresses."""
    last = int(rng.integers(1, 240))
    if rng.random() < 0.15:
        return f"2001:db8:{int(rng.integers(2, 0xFFFF)):x}::{last:x}"
    return _one_of(rng, ("192.0.2.", "198.51.100.", "203.0.113.")) + str(last)


def _one_of(rng: np.random.Generator, texts: tuple[str, ...]) -> str:
    return texts[int(rng.integers(len(texts)))]
