"""Read requests: GETs of whole objects and ranges, HEADs, lists, and failed requests."""

from __future__ import annotations

import numpy as np

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.sample.scenario.operations import NUMBER
from glue_jobs.sample.scenario.publisher import TIDES
from glue_jobs.sample.scenario.requests.traffic import DAY_SECONDS, Block, Traffic

LINE_FIELDS = (27, 26, 25, 24, 28)
"""The numbers of fields that log lines have had over time; the first is today's number."""
READS_PER_EXCEPTION = 40


def gets(
    traffic: Traffic,
    count: int,
    group: str,
    operation: str = "REST.GET.OBJECT",
    *,
    bucket: int | None = None,
    repository: int | None = None,
    broken: float = 0.0,
    named_versions: float = 0.0,
) -> Block:
    """GETs without a range; ``broken`` is the share that is aborted, ``named_versions`` the share with a version id."""
    objects = traffic.read_objects(count, bucket=bucket, repository=repository)
    rng, size = traffic.rng, traffic.objects.size[objects]
    is_broken = rng.random(count) < broken
    # Some are aborted before the first byte.
    reached = np.maximum(rng.random(count) * 1.05 - 0.05, 0.0)
    return traffic.block(
        traffic.times(count),
        operation,
        objects,
        traffic.pick(group, count),
        bytes_sent=np.where(is_broken, (size * reached).astype(np.int64), size),
        object_size=size,
        names_version=(rng.random(count) < named_versions) & (traffic.objects.bucket[objects] == TIDES),
    )


def odd_clients(traffic: Traffic, count: int) -> Block:
    """GETs of clients with odd headers, in turn, and in lines of every length AWS has written."""
    turn, odd = np.arange(count), traffic.groups["odd"]
    fields = np.where(turn % 2 == 0, np.array(LINE_FIELDS)[turn // 2 % len(LINE_FIELDS)], 0)
    return gets(traffic, count, "odd") | {"requester": odd[turn % len(odd)], "fields": fields}


def ranges(traffic: Traffic, count: int) -> Block:
    """Objects read in ranges, one after the other; a third of the reads stop early, some pause for half an hour."""
    rng, reads = traffic.rng, max(1, count // 7)
    parts = rng.integers(2, 14, reads)
    wanted = np.where(rng.random(reads) < 0.35, rng.random(reads), 1.0)
    wanted[::READS_PER_EXCEPTION] = 1.0
    read = np.repeat(np.arange(reads), parts)
    part = np.arange(len(read)) - np.repeat(np.cumsum(parts) - parts, parts)
    is_asked_for = part < np.maximum(1, parts * wanted)[read]
    read, part = read[is_asked_for], part[is_asked_for]
    objects = traffic.read_objects(reads)
    size = traffic.objects.size[objects]
    length = -(-size // parts)
    is_signed = rng.random(reads) < 0.5
    requesters = np.where(is_signed, traffic.pick("subscriber", reads), traffic.pick("anonymous", reads))
    begins = traffic.times(reads)
    # These reads continue after midnight, at a month's end into the next month; one would continue after the last day.
    begins[::READS_PER_EXCEPTION] += DAY_SECONDS - 1 - begins[::READS_PER_EXCEPTION] % DAY_SECONDS
    begins[0] = traffic.start + traffic.days * DAY_SECONDS - 1
    return traffic.block(
        begins[read] + _elapsed(rng, part),
        "REST.GET.OBJECT",
        objects[read],
        requesters[read],
        status=206,
        bytes_sent=np.minimum(length[read], size[read] - part * length[read]),
        object_size=size[read],
    )


def _elapsed(rng: np.random.Generator, part: Ints) -> Ints:
    """Seconds since the first range of the same read, for ranges numbered 0, 1, 2, 0, 1, …"""
    gaps = np.minimum(rng.lognormal(1.0, 1.0, len(part)), 600.0).astype(np.int64)
    pauses = rng.random(len(part)) < 0.01
    gaps[pauses] = rng.integers(1_700, 1_900, int(pauses.sum()))
    gaps[part == 0] = 0
    total = np.cumsum(gaps)
    first = np.flatnonzero(part == 0)
    return total - np.repeat(total[first], np.diff([*first, len(part)]))


def heads(traffic: Traffic, count: int) -> Block:
    """HEADs of objects that exist."""
    objects, requesters = traffic.read_objects(count), traffic.pick("anonymous", count)
    size = traffic.objects.size[objects]
    return traffic.block(traffic.times(count), "REST.HEAD.OBJECT", objects, requesters, object_size=size)


def lists(traffic: Traffic, count: int) -> Block:
    """Listings of the data set that the object belongs to."""
    objects, requesters = traffic.read_objects(count), traffic.pick("subscriber", count)
    sent = traffic.rng.integers(300, 300_000, count)
    return traffic.block(traffic.times(count), "REST.GET.BUCKET", objects, requesters, bytes_sent=sent)


def unchanged(traffic: Traffic, count: int) -> Block:
    """Conditional GETs and HEADs that are answered 304."""
    objects, requesters = traffic.read_objects(count), traffic.pick("anonymous", count)
    operation = np.where(np.arange(count) % 4 == 3, NUMBER["REST.HEAD.OBJECT"], NUMBER["REST.GET.OBJECT"])
    size = traffic.objects.size[objects]
    return traffic.block(traffic.times(count), operation, objects, requesters, status=304, object_size=size)


def failed(traffic: Traffic, count: int, group: str, status: int, role: str = "") -> Block:
    """Failed GETs of objects with ``role``, or of published objects without it."""
    objects = traffic.objects_of(role, count) if role else traffic.read_objects(count)
    error_page = traffic.rng.integers(290, 350, count)
    requesters = traffic.pick(group, count)
    return traffic.block(
        traffic.times(count), "REST.GET.OBJECT", objects, requesters, status=status, bytes_sent=error_page
    )
