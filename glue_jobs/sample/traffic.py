"""What happens: every day's requests of the publisher's clients, by chance but always the same for a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import numpy as np

from glue_jobs.sample import changes, reads
from glue_jobs.sample.request import LINE_FIELDS, Requests, concatenate, renumbered
from glue_jobs.sample.scene import DAY_SECONDS, Cast, Scene

LINES_AT_SCALE_ONE = 60_000
OLD_LAYOUT_SHARE = 0.3
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Kind:
    """One kind of traffic: its share of all lines, and what makes (about) so many lines of it."""

    share: float
    make: Callable[[Scene, int], Requests]


KINDS = (
    Kind(0.255, partial(reads.whole_objects, group="anonymous")),
    Kind(0.150, partial(reads.whole_objects, group="subscriber")),
    Kind(0.050, partial(reads.whole_objects, group="presigned")),
    Kind(0.050, partial(reads.whole_objects, group="robot")),
    Kind(0.025, partial(reads.whole_objects, group="own")),
    Kind(0.010, partial(reads.whole_objects, group="staff")),
    Kind(0.170, reads.ranges),
    Kind(0.060, reads.heads),
    Kind(0.040, reads.lists),
    Kind(0.045, reads.website_pages),
    Kind(0.035, reads.access_point_reads),
    Kind(0.020, reads.unchanged),
    Kind(0.020, reads.refused),
    Kind(0.004, reads.slowed_down),
    Kind(0.015, reads.missing),
    Kind(0.003, reads.scanners),
    Kind(0.003, reads.odd_clients),
    Kind(0.010, changes.puts),
    Kind(0.015, changes.multipart_uploads),
    Kind(0.005, changes.copies),
    Kind(0.003, changes.deletes),
    Kind(0.007, changes.batch_deletes),
    Kind(0.005, changes.lifecycle),
)


@dataclass(frozen=True)
class Day:
    """One day's requests in the order of their times; ``start`` in seconds since 1970, ``number`` from 0."""

    number: int
    start: int
    date: date
    requests: Requests


def days_of(cast: Cast, seed: int, last_day: date, days: int, scale: float) -> Iterator[Day]:
    """The days up to ``last_day``; a request that begins before midnight may go on on the next day.

    What would go on after ``last_day`` is left out. However small the scale, every kind of traffic
    occurs at least once when there are at least two days.
    """
    weights = np.array([_busyness(number, days, last_day) for number in range(days)])
    reached = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()]) * LINES_AT_SCALE_ONE * scale
    over: list[Requests] = []
    for number in range(days):
        day = last_day - timedelta(days=days - 1 - number)
        start = (day - EPOCH).days * DAY_SECONDS
        scene = Scene(cast, start, np.random.default_rng([seed, 3, number]))
        blocks = [*over, *_blocks(scene, number, days, reached[number], reached[number + 1])]
        everything = _old_layout(concatenate(blocks), cast) if number < days * OLD_LAYOUT_SHARE else concatenate(blocks)
        order = np.argsort(everything.time, kind="stable")
        in_order = everything.take(order)
        midnight = int(np.searchsorted(in_order.time, start + DAY_SECONDS))
        # Numbers from 0 again: else they would grow from day to day, and with them what the lines of a day cost.
        over = [renumbered(in_order.take(np.arange(midnight, len(in_order))))]
        yield Day(number, start, day, in_order.take(np.arange(midnight)))


def _blocks(scene: Scene, number: int, days: int, before: float, after: float) -> Iterator[Requests]:
    for kind_number, kind in enumerate(KINDS):
        # Rounding the running total keeps rare kinds in proportion over the days of a small sample.
        how_many = int(kind.share * after) - int(kind.share * before)
        # The first days give each kind its first lines, however small the sample.
        how_many += 12 if kind_number % days == number and kind.share < 0.01 else 0
        if how_many > 0:
            yield kind.make(scene, how_many)


def _old_layout(requests: Requests, cast: Cast) -> Requests:
    """The requests as the second bucket logged them before the source region was added."""
    is_old = (requests.layout == 0) & (cast.publisher.objects.bucket[requests.object] == 1)
    return replace(requests, layout=np.where(is_old, LINE_FIELDS.index(26), requests.layout))


def _busyness(number: int, days: int, last_day: date) -> float:
    """Relative number of requests of a day: growing week by week, fewer at weekends."""
    weekday = (last_day - timedelta(days=days - 1 - number)).weekday()
    return (0.7 + 0.6 * number / days) * (0.6 if weekday >= 5 else 1.0)
