"""Counts events as they are generated: by subscriber and month, by name, what was denied, what nobody signed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from glue_jobs.sample.publisher import Ints
from glue_jobs.sample.readers import ACCESS_POINT, OWN_ACCOUNT
from glue_jobs.sample.request import ANSWERS, DENIED
from glue_jobs.sample.scene import Cast
from glue_jobs.sample.tally import Flags
from glue_jobs.sample.trail_asides import S3, Aside
from glue_jobs.sample.trail_callers import ANONYMOUS, Callers
from glue_jobs.sample.trail_events import EVENTS, Events
from glue_jobs.sample.trail_truth import AnonymousMonth, Denied, SubscriberMonth

IS_ERROR = np.array([bool(error) for _, error in ANSWERS])
IS_GET = np.array([event.name == "GetObject" for event in EVENTS])
COUNTS = ("requests", "errors", "gets", "bytes_out")
LONG_AGO, FAR_AHEAD = np.iinfo(np.int64).min, np.iinfo(np.int64).max


class TrailTally:
    """Counts day after day. Arrays have an entry per group: the month's number times the accounts plus the account."""

    def __init__(self, cast: Cast, callers: Callers, first_month: np.datetime64, days: int) -> None:
        self.callers = callers
        self.rows = self.own_rows = self.robot_rows = self.access_point_rows = 0
        self.management: Counter[str] = Counter()
        self._first_month, self._width = first_month, len(callers.accounts)
        groups = self._width * (days // 28 + 2)
        self._numbers = {name: np.zeros(groups, np.int64) for name in COUNTS}
        self._first, self._last = np.full(groups, FAR_AHEAD), np.full(groups, LONG_AGO)
        self._objects = np.zeros((groups, len(cast.publisher.objects.key)), bool)
        self._events = np.zeros((groups, len(EVENTS)), np.int64)
        self._denied = np.zeros((groups, len(EVENTS)), np.int64)
        self._asides: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)

    def add(self, events: Events, asides: Iterable[Aside]) -> None:
        """Counts the events of the next day."""
        group = self._group(events)
        is_error = IS_ERROR[events.answer]
        is_get = IS_GET[events.event] & ~is_error
        amounts: dict[str, Ints | Flags | int] = {
            "requests": 1,
            "errors": is_error,
            "gets": is_get,
            "bytes_out": events.bytes_out,
        }
        for name, amount in amounts.items():
            np.add.at(self._numbers[name], group, amount)
        np.minimum.at(self._first, group, events.time)
        np.maximum.at(self._last, group, events.time)
        self._objects[group[is_get], events.object[is_get]] = True
        np.add.at(self._events, (group, events.event), 1)
        np.add.at(self._denied, (group, events.event), events.answer == DENIED)
        self.rows += len(events)
        self.own_rows += int(self.callers.is_own[events.caller].sum())
        self.robot_rows += int(self._is_robot(events).sum())
        self.access_point_rows += int((self.callers.style[events.caller] == ACCESS_POINT).sum())
        for aside in asides:
            if aside.source == S3:
                self._count_aside(aside)

    def bytes_out(self) -> int:
        """Bytes of all data events."""
        return int(self._numbers["bytes_out"].sum())

    def usage(self) -> list[SubscriberMonth]:
        """The data events of every month and caller that has any."""
        return [self._subscriber_month(group) for group in self._found()]

    def denied(self) -> list[Denied]:
        """What was denied to whom."""
        counts = ((group, _by_name(self._denied[group])) for group in self._found())
        return [Denied(*self._named(group), name, count) for group, names in counts for name, count in names.items()]

    def anonymous(self) -> list[AnonymousMonth]:
        """What nobody signed."""
        found: dict[str, dict[str, int]] = defaultdict(Counter)
        for group in self._found():
            month, account = self._named(group)
            requests, sent = (int(self._numbers[name][group]) for name in ("requests", "bytes_out"))
            found[month]["requests"] += requests
            found[month]["bytes_out"] += sent
            found[month]["anonymous_requests"] += requests if account == ANONYMOUS else 0
            found[month]["anonymous_bytes_out"] += sent if account == ANONYMOUS else 0
            found[month]["requests_without_account"] += 0 if account else requests
        return [AnonymousMonth(month=month, **counts) for month, counts in sorted(found.items())]

    def events(self) -> dict[str, dict[str, int]]:
        """Events of callers with an account, by month and name."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for month, _, counts in self._with_account():
            found[month].update(counts)
        return {month: dict(sorted(counts.items())) for month, counts in sorted(found.items())}

    def unique_subscribers(self) -> dict[str, int]:
        """Different accounts of every month."""
        found: dict[str, set[str]] = defaultdict(set)
        for month, account, _ in self._with_account():
            found[month].add(account)
        return {month: len(accounts) for month, accounts in sorted(found.items())}

    def _with_account(self) -> Iterator[tuple[str, str, Counter[str]]]:
        for group in self._found():
            month, account = self._named(group)
            if account not in (None, ANONYMOUS):
                yield month, str(account), _by_name(self._events[group])
        for month, pairs in self._asides.items():
            for (account, name), count in pairs.items():
                yield month, account, Counter({name: count})

    def _count_aside(self, aside: Aside) -> None:
        self.rows += 1
        self.management[aside.name] += 1
        if aside.account is not None:
            self.own_rows += aside.account == OWN_ACCOUNT
            self._asides[str(np.datetime64(aside.time, "s").astype("datetime64[M]"))][aside.account, aside.name] += 1

    def _is_robot(self, events: Events) -> Flags:
        # S3 itself deletes the keys of a DeleteObjects, with its own user agent.
        by_service = np.array([event.type == "AwsServiceEvent" for event in EVENTS])[events.event]
        result: Flags = self.callers.is_robot[events.caller] & ~by_service
        return result

    def _subscriber_month(self, group: int) -> SubscriberMonth:
        month, account = self._named(group)
        return SubscriberMonth(
            month=month,
            subscriber_account_id=account,
            requests=int(self._numbers["requests"][group]),
            errors=int(self._numbers["errors"][group]),
            gets=int(self._numbers["gets"][group]),
            bytes_out=int(self._numbers["bytes_out"][group]),
            unique_objects=int(self._objects[group].sum()),
            first_seen=f"{np.datetime64(int(self._first[group]), 's')}Z",
            last_seen=f"{np.datetime64(int(self._last[group]), 's')}Z",
        )

    def _group(self, events: Events) -> Ints:
        month = (events.time.astype("datetime64[s]").astype("datetime64[M]") - self._first_month).astype(np.int64)
        result: Ints = month * self._width + self.callers.account[events.caller]
        return result

    def _found(self) -> list[int]:
        found: list[int] = np.flatnonzero(self._numbers["requests"]).tolist()
        return found

    def _named(self, group: int) -> tuple[str, str | None]:
        month, place = divmod(group, self._width)
        return str(self._first_month + month), self.callers.accounts[place]


def _by_name(counts: Ints) -> Counter[str]:
    found: Counter[str] = Counter()
    for event, count in zip(EVENTS, counts.tolist(), strict=True):
        found[event.name] += count
    return +found
