"""Raw objects of many folders in the order of their days, listed several folders at a time.

A walk over the folders yields parts that are not listed yet, each with the earliest day that it can contain. The part
with the earliest day is listed next. Memory holds a page of each part, and never a listing of everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from heapq import heappop, heappush
from itertools import chain, count, islice
from typing import TypeVar

from glue_jobs.read.raw_object import RawObject

# Fewer than the connections that boto3 keeps open.
MAX_CONCURRENT_LISTINGS = 8

# Objects per block that is listed ahead: a page of S3.
BLOCK = 1_000

Item = TypeVar("Item")


@dataclass(frozen=True)
class Part:
    """A part of a walk: its objects are in the order of days, none before the ``first`` day."""

    first: date
    walk: Walk


Walk = Iterator[RawObject | Part]


def in_order_of_days(walk: Walk, is_remote: bool) -> Iterator[RawObject]:
    """The objects of a walk and all its parts, in the order of days if no part breaks the promise of a `Part`.

    With ``is_remote``, the next parts are listed in the background once the caller has asked for a second object.
    """
    with ThreadPoolExecutor(MAX_CONCURRENT_LISTINGS) if is_remote else nullcontext() as pool:
        numbers = count()
        waiting: list[tuple[date, int, Walk]] = [(date.min, next(numbers), walk)]
        # Parts in progress. One that waits for another with an earlier day has its next object here.
        begun: list[tuple[date, int, RawObject | None, Walk]] = []
        ahead = 1
        while waiting or begun:
            while waiting and (len(begun) < ahead or waiting[0][:2] < begun[0][:2]):
                first, number, later = heappop(waiting)
                heappush(begun, (first, number, None, _read_ahead(pool.submit, later) if pool and ahead > 1 else later))
            _, number, held, current = heappop(begun)
            for each in chain([held] if held else (), current):
                if isinstance(each, Part):
                    heappush(waiting, (each.first, next(numbers), each.walk))
                    continue
                day = each.day or date.min
                if any(queue[0][0] < day for queue in (waiting, begun) if queue):
                    heappush(begun, (day, number, each, current))
                    break
                yield each
                ahead = MAX_CONCURRENT_LISTINGS if pool else 1


def _read_ahead(submit: Callable[..., Future[list[Item]]], items: Iterator[Item]) -> Iterator[Item]:
    """The same items; a thread lists the next block while the caller uses the current one."""

    def block() -> list[Item]:
        return [*islice(items, BLOCK)]

    def blocks(following: Future[list[Item]]) -> Iterator[list[Item]]:
        while current := following.result():
            following = submit(block)
            yield current

    # The first block is listed from now on, not only once the caller asks for an item.
    return chain.from_iterable(blocks(submit(block)))
