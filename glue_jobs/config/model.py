"""The sections of the configuration file and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, Tag, ValidationError, ValidationInfo

from glue_jobs.config.checks import DEFAULT_LAYOUT, AccessPoint, Caller, Cidr, Dollars, Principal, Text
from glue_jobs.config.csv_files import csv_rows
from glue_jobs.config.mistakes import ConfigError, describe
from glue_jobs.config.rules import LayoutRule, Rule, Target
from glue_jobs.config.section import Section, kind_of


class Subscriber(Section):
    """The name of a subscriber, by account id or canonical user id."""

    account: Caller
    name: Text


def _read_subscribers(name: Any, info: ValidationInfo) -> tuple[Subscriber, ...]:
    if isinstance(name, tuple):
        return name
    subscribers = []
    for place, row in csv_rows(name, info, "account,name"):
        try:
            subscribers.append(Subscriber.model_validate(row))
        except ValidationError as error:
            raise ConfigError(f"{place}: {describe(error.errors()[0], None)}.") from None
    return tuple(subscribers)


class SubscriberFile(Section):
    """A CSV file of subscribers."""

    csv: Annotated[tuple[Subscriber, ...], BeforeValidator(_read_subscribers)]


Subscribers = Annotated[
    Annotated[Subscriber, Tag("account entry")] | Annotated[SubscriberFile, Tag("csv entry")],
    kind_of(account=Subscriber, csv=SubscriberFile),
]


class OwnTraffic(Section):
    """The publisher's own traffic: requests from these callers or addresses have ``is_own``."""

    accounts: tuple[Caller, ...] = ()
    principals: tuple[Principal, ...] = ()
    cidrs: tuple[Cidr, ...] = ()


class StoragePrices(Section):
    """US dollars per GB and month by storage class; first tier, us-east-1 (https://aws.amazon.com/s3/pricing/).

    The classes are those of an object (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). 0 means that
    there is no price: AWS lists none per GB. INTELLIGENT_TIERING is for objects whose tier is unknown.
    """

    STANDARD: Dollars = 0.023
    STANDARD_IA: Dollars = 0.0125
    ONEZONE_IA: Dollars = 0.01
    GLACIER_IR: Dollars = 0.004
    GLACIER: Dollars = 0.0036
    DEEP_ARCHIVE: Dollars = 0.00099
    REDUCED_REDUNDANCY: Dollars = 0.024
    EXPRESS_ONEZONE: Dollars = 0.11
    INTELLIGENT_TIERING: Dollars = 0
    OUTPOSTS: Dollars = 0
    SNOW: Dollars = 0
    FSX_OPENZFS: Dollars = 0
    FSX_ONTAP: Dollars = 0


class TierPrices(Section):
    """US dollars per GB and month by access tier of INTELLIGENT_TIERING; first tier, us-east-1."""

    FREQUENT: Dollars = 0.023
    INFREQUENT: Dollars = 0.0125
    ARCHIVE_INSTANT_ACCESS: Dollars = 0.004
    ARCHIVE: Dollars = 0.0036
    DEEP_ARCHIVE: Dollars = 0.00099


class RequestPrices(Section):
    """US dollars per 1,000 requests to S3 Standard: ``write`` for PUT, COPY, POST and LIST, ``read`` for all others."""

    read: Dollars = 0.0004
    write: Dollars = 0.005


class Prices(Section):
    """List prices in US dollars, for estimates; ``transfer_per_gb`` is to the internet, first tier."""

    storage_gb_month: StoragePrices = StoragePrices()
    intelligent_tiering_gb_month: TierPrices = TierPrices()
    requests_per_1000: RequestPrices = RequestPrices()
    transfer_per_gb: Dollars = 0.09


class Config(Section):
    """The whole configuration; ``Config()`` has the defaults."""

    datasets: tuple[Rule, ...] = (LayoutRule(layout=DEFAULT_LAYOUT),)
    access_points: Mapping[AccessPoint, Target] = Field(default_factory=dict)
    subscribers: tuple[Subscribers, ...] = ()
    own_traffic: OwnTraffic = OwnTraffic()
    prices: Prices = Prices()

    @property
    def subscriber_names(self) -> dict[str, str]:
        """Names by account; an account that is listed twice has the first name."""
        files = (entry.csv if isinstance(entry, SubscriberFile) else (entry,) for entry in self.subscribers)
        return {
            subscriber.account: subscriber.name for entries in reversed([*files]) for subscriber in reversed(entries)
        }
