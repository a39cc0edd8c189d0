"""The sections of the configuration file and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, Tag, ValidationError, ValidationInfo

from glue_jobs.config.checks import DEFAULT_LAYOUT, AccessPoint, Caller, Cidr, Distribution, Origin, Principal, Text
from glue_jobs.config.csv_files import csv_rows
from glue_jobs.config.mistakes import ConfigError, describe
from glue_jobs.config.places import Places
from glue_jobs.config.prices import Prices
from glue_jobs.config.privacy import Privacy
from glue_jobs.config.rules import LayoutRule, Rule, Target
from glue_jobs.config.section import Section, kind_of


class Subscriber(Section):
    """The name of a subscriber; ``account`` is an account id or a canonical user id."""

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


class Config(Section):
    """The whole configuration; ``Config()`` has the defaults."""

    datasets: tuple[Rule, ...] = (LayoutRule(layout=DEFAULT_LAYOUT),)
    access_points: Mapping[AccessPoint, Target] = Field(default_factory=dict)
    distributions: Mapping[Distribution, Origin] = Field(default_factory=dict)
    subscribers: tuple[Subscribers, ...] = ()
    own_traffic: OwnTraffic = OwnTraffic()
    prices: Prices = Prices()
    places: Places = Places()
    privacy: Privacy = Privacy()

    @property
    def subscriber_names(self) -> dict[str, str]:
        """Names by account; an account that is listed twice gets the first name."""
        files = (entry.csv if isinstance(entry, SubscriberFile) else (entry,) for entry in self.subscribers)
        return {
            subscriber.account: subscriber.name for entries in reversed([*files]) for subscriber in reversed(entries)
        }
