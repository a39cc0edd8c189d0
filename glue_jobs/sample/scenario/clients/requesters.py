"""The requesters: subscribers, anonymous readers, robots, the publisher's own people, AWS services, odd clients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network

import numpy as np
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from glue_jobs.sample.scenario.clients.headers import BROWSERS, CONSOLE, ODD_HEADERS, REFERERS, ROBOTS, SCRIPTS, TOOLS
from glue_jobs.sample.scenario.operations import S3
from glue_jobs.sample.scenario.publisher import ARCHIVE_ACCOUNT, PUBLISHER_ACCOUNT

VIRTUAL, PATH, PRESIGNED, WEBSITE, ACCESS_POINT = "virtual", "path", "presigned", "website", "access point"
"""The ways in which a requester addresses a bucket."""

OWN_PRINCIPAL = "arn:aws:iam::123456789012:user/publisher-contractor"
OWN_NETWORKS = (ip_network("203.0.113.240/28"), ip_network("2001:db8:0:1::/64"))
ANONYMOUS = "anonymous"
SISTER = "sister"
"""The publisher's second account, whose trail is in the sample too, requesting objects of the first account."""
UNNAMED_ACCOUNT = "000000077777"
"""A subscriber the configuration has no name for."""
CLOUDFRONT, CLOUDFRONT_AGENT = "cloudfront.amazonaws.com", "Amazon CloudFront"
ATHENA, TRAIL = "athena.amazonaws.com", "cloudtrail.amazonaws.com"

SUBSCRIBERS = {
    "123456789012": "Coastal Analytics",
    "000000000012": "Delta University, Hydrology",
    "000000000345": 'Maps "R" Us',
    "000000006789": "Société des Eaux",
}
"""Names of the subscribers' AWS accounts; leading zeros are part of an account id."""
ANONYMOUS_AT_SCALE_ONE = 2_500


@dataclass(frozen=True)
class Requester:
    """One client. Empty text means that it does not send the value; ``bare`` that headers are logged without quotes.

    ``name`` is its requester in access logs. ``account`` is its AWS account: empty for AWS services.
    """

    group: str
    address: str
    name: str = ""
    user_agent: str = ""
    account: str = ANONYMOUS
    referer: str = ""
    source_region: str = ""
    style: str = VIRTUAL
    bare: bool = False
    two_blanks: bool = False

    @property
    def service(self) -> str:
        """The name of the requesting AWS service in a trail; empty for other requesters."""
        return "" if self.account else CLOUDFRONT if self.group == CLOUDFRONT else self.address

    @property
    def is_own_in_trail(self) -> bool:
        """Whether account or address is the publisher's own; a trail does not name principals of other accounts."""
        is_own_address = bool(re.fullmatch("[0-9a-f.:]+", self.address)) and any(
            ip_address(self.address) in network for network in OWN_NETWORKS
        )
        return self.account == PUBLISHER_ACCOUNT or is_own_address

    @property
    def is_foreign(self) -> bool:
        """Whether it signs with the account of somebody else than the publisher."""
        return self.account not in ("", ANONYMOUS, PUBLISHER_ACCOUNT)

    @property
    def is_through_athena(self) -> bool:
        """Whether Athena sends the requests on behalf of the requester."""
        return self.name.endswith(f"/i-{5:017x}")


@cache
def is_robot(user_agent: str) -> bool:
    """Whether the user agent is on the list of crawlers, HTTP libraries excepted."""
    return any(pattern.search(user_agent) for pattern in _robot_patterns())


@cache
def _robot_patterns() -> list[re.Pattern[str]]:
    return [re.compile(entry["pattern"]) for entry in CRAWLER_USER_AGENTS_DATA if "http-library" not in entry["tags"]]


def make_requesters(seed: int, scale: float) -> list[Requester]:
    """The requesters of a seed; a larger sample has more anonymous ones."""
    rng = np.random.default_rng([seed, 2])
    anonymous = int(ANONYMOUS_AT_SCALE_ONE * max(scale, 0.2) ** 0.5)
    return [*_signed(rng), *_anonymous(rng, anonymous), *_fixed()]


def _signed(rng: np.random.Generator) -> Iterator[Requester]:
    for number in range(36):
        account = list(SUBSCRIBERS)[number % len(SUBSCRIBERS)]
        name = f"arn:aws:sts::{account}:assumed-role/research-{number % 7}/session-{number:03d}"
        if number % 6 == 5:
            name = rng.bytes(32).hex()
            account = UNNAMED_ACCOUNT if number % 9 == 5 else account
        # A subscriber uses several machines.
        for _ in range(3):
            address, agent = _address(rng), _one_of(rng, TOOLS)
            region, style = _one_of(rng, ("us-east-1", "us-west-2", "", "")), PATH if number % 9 == 4 else VIRTUAL
            yield Requester("subscriber", address, name, agent, account, source_region=region, style=style)
            if number % 4 == 0:
                style = ACCESS_POINT
                yield Requester("partner", address, name, agent, account, source_region=region, style=style)
    account = next(iter(SUBSCRIBERS))
    for _ in range(60):
        portal, agent = f"arn:aws:iam::{account}:user/data-portal", _one_of(rng, BROWSERS)
        yield Requester("presigned", _address(rng), portal, agent, account, style=PRESIGNED)


def _anonymous(rng: np.random.Generator, count: int) -> Iterator[Requester]:
    for number in range(count):
        agents, is_tool = ((BROWSERS, False), (BROWSERS, False), (SCRIPTS, True), (TOOLS, True))[number % 4]
        referer = "" if is_tool else _one_of(rng, REFERERS)
        region, style = _one_of(rng, ("", "", "eu-west-1", "us-east-1")), PATH if number % 23 == 0 else VIRTUAL
        agent = _one_of(rng, agents)
        yield Requester("anonymous", _address(rng), "", agent, referer=referer, source_region=region, style=style)
        if number % 8 == 1:
            agent = _one_of(rng, BROWSERS)
            yield Requester("visitor", _address(rng), "", agent, referer=referer, style=WEBSITE)
        if number % 60 == 0:
            yield Requester("robot", _address(rng), "", ROBOTS[number // 60 % len(ROBOTS)])


def _fixed() -> Iterator[Requester]:
    """Odd clients, the publisher's own, and those that only CloudTrail records."""
    own, subscriber = PUBLISHER_ACCOUNT, list(SUBSCRIBERS)[1]
    # Unique addresses, because nothing else distinguishes these requesters.
    for number, (referer, agent) in enumerate(ODD_HEADERS):
        yield Requester("odd", f"192.0.2.{241 + number}", "", agent, referer=referer)
    yield Requester("odd", "192.0.2.251", bare=True)
    etl = f"arn:aws:iam::{subscriber}:user/etl"
    yield Requester("odd", "192.0.2.252", etl, TOOLS[1], subscriber, two_blanks=True)
    yield Requester("lifecycle", "", "AmazonS3", account="", bare=True)
    for number in range(6):
        role, region = f"arn:aws:sts::{own}:assumed-role/publisher-ingest/i-{number:017x}", "us-west-2"
        yield Requester("own", f"198.51.100.{number + 1}", role, TOOLS[number % 2], own, source_region=region)
    yield Requester("own", "198.51.100.9", OWN_PRINCIPAL, TOOLS[4], OWN_PRINCIPAL.split(":")[4])
    for number in range(4):
        yield Requester("staff", f"203.0.113.{241 + number}", "", BROWSERS[number], referer=REFERERS[3])
        yield Requester("staff", f"2001:db8:0:1::{number + 1:x}", "", BROWSERS[number + 4])
    yield Requester("console", "203.0.113.241", f"arn:aws:sts::{own}:assumed-role/admin/console", CONSOLE, own)
    yield Requester("etl", ATHENA, f"arn:aws:sts::{own}:assumed-role/publisher-ingest/i-{5:017x}", ATHENA, own)
    audit = f"arn:aws:sts::{ARCHIVE_ACCOUNT}:assumed-role/audit/nightly"
    yield Requester("audit", "198.51.100.200", audit, "Boto3/1.34.69", ARCHIVE_ACCOUNT)
    # CloudFront with an origin access control, with an origin access identity, and unsigned, for public objects.
    oai = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"
    for number, name in enumerate((f"svc:{CLOUDFRONT}", oai, "")):
        account = "" if name else ANONYMOUS
        yield Requester(CLOUDFRONT, f"198.51.100.{250 + number}", name, CLOUDFRONT_AGENT, account)
    curator = f"arn:aws:sts::{ARCHIVE_ACCOUNT}:assumed-role/curation/weekly"
    yield Requester(SISTER, "198.51.100.210", curator, TOOLS[1], ARCHIVE_ACCOUNT)
    yield Requester("login", "192.0.2.77", "", "Mozilla/5.0", own)
    yield Requester("trail", TRAIL, "", TRAIL, account="")
    yield Requester("inventory", S3, "", S3, account="")


def _address(rng: np.random.Generator) -> str:
    """A public documentation address outside the publisher's own networks and the odd requesters' addresses."""
    last = int(rng.integers(1, 240))
    if rng.random() < 0.15:
        return f"2001:db8:{int(rng.integers(2, 0xFFFF)):x}::{last:x}"
    return _one_of(rng, ("192.0.2.", "198.51.100.", "203.0.113.")) + str(last)


def _one_of(rng: np.random.Generator, texts: tuple[str, ...]) -> str:
    return texts[int(rng.integers(len(texts)))]
