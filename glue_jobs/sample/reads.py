"""Requests that read: whole objects, ranges, heads, lists, and what went wrong."""

from __future__ import annotations

import numpy as np

from glue_jobs.sample.publisher import JUNK, MISSING, Ints
from glue_jobs.sample.request import (
    ABSENT,
    DENIED,
    LINE_FIELDS,
    OPERATION,
    RANGE,
    SLOW,
    UNCHANGED,
    Requests,
    make_requests,
)
from glue_jobs.sample.scene import DAY_SECONDS, Scene

ERROR_PAGE_BYTES = 290


def whole_objects(scene: Scene, how_many: int, group: str) -> Requests:
    """GETs without a range, now and then of a named version; one in eight is broken off, some before any byte."""
    objects = scene.read_objects(how_many)
    return _gets(scene, objects, scene.readers(group, how_many), broken=0.12, named_versions=0.04)


def website_pages(scene: Scene, how_many: int) -> Requests:
    """GETs through the website endpoint of the first bucket."""
    objects = scene.read_objects(how_many, bucket=0)
    return _gets(scene, objects, scene.readers("visitor", how_many), "WEBSITE.GET.OBJECT")


def access_point_reads(scene: Scene, how_many: int) -> Requests:
    """GETs of the shared data set through its access point."""
    objects = scene.read_objects(how_many, repository=scene.cast.publisher.shared)
    return _gets(scene, objects, scene.readers("partner", how_many), broken=0.05)


def odd_clients(scene: Scene, how_many: int) -> Requests:
    """GETs of clients with odd headers, in turn, and in lines of every length AWS has written."""
    turn = np.arange(how_many) + scene.start // 86_400 * 5
    odd = scene.cast.readers.groups["odd"]
    layout = np.where(turn % 2 == 0, turn // 2 % len(LINE_FIELDS), 0)
    return _gets(scene, scene.read_objects(how_many), odd[turn % len(odd)], layout=layout)


def ranges(scene: Scene, how_many: int) -> Requests:
    """Objects read in ranges, one after the other; a third stops early, some pause for about half an hour."""
    rng, readings = scene.rng, max(1, how_many // 7)
    parts = rng.integers(2, 14, readings)
    wanted = np.where(rng.random(readings) < 0.35, rng.random(readings), 1.0)
    wanted[::40] = 1.0
    reading = np.repeat(np.arange(readings), parts)
    number = np.arange(len(reading)) - np.repeat(np.cumsum(parts) - parts, parts)
    kept = number < np.maximum(1, parts * wanted)[reading]
    reading, number = reading[kept], number[kept]
    objects = scene.read_objects(readings)
    length = -(-scene.sizes(objects) // parts)
    subscribers, others = scene.readers("subscriber", readings), scene.readers("anonymous", readings)
    readers = np.where(rng.random(readings) < 0.5, subscribers, others)[reading]
    begins = scene.times(readings)
    # Some go on after midnight, and so at a month's end into the next month.
    begins[::40] = scene.start + DAY_SECONDS - 1
    time = begins[reading] + _elapsed(rng, number)
    sizes = scene.sizes(objects)[reading]
    sent = np.minimum(length[reading], sizes - number * length[reading])
    return make_requests(
        time, "REST.GET.OBJECT", objects[reading], readers, answer=RANGE, bytes_sent=sent, object_size=sizes
    )


def _elapsed(rng: np.random.Generator, number: Ints) -> Ints:
    """Seconds since the first range of the same reading, for ranges numbered 0, 1, 2, 0, 1, …"""
    gaps = np.minimum(rng.lognormal(1.0, 1.0, len(number)), 600.0).astype(np.int64)
    pauses = rng.random(len(number)) < 0.01
    gaps[pauses] = rng.integers(1_700, 1_900, int(pauses.sum()))
    gaps[number == 0] = 0
    total = np.cumsum(gaps)
    first = np.flatnonzero(number == 0)
    return total - np.repeat(total[first], np.diff([*first, len(number)]))


def heads(scene: Scene, how_many: int) -> Requests:
    """HEADs of objects that exist."""
    objects = scene.read_objects(how_many)
    readers = scene.readers("anonymous", how_many)
    return make_requests(scene.times(how_many), "REST.HEAD.OBJECT", objects, readers, object_size=scene.sizes(objects))


def lists(scene: Scene, how_many: int) -> Requests:
    """Listings of a data set."""
    objects = scene.read_objects(how_many)
    sent = scene.rng.integers(300, 300_000, how_many)
    readers = scene.readers("subscriber", how_many)
    return make_requests(scene.times(how_many), "REST.GET.BUCKET", objects, readers, bytes_sent=sent)


def unchanged(scene: Scene, how_many: int) -> Requests:
    """Conditional GETs and HEADs answered 304."""
    objects = scene.read_objects(how_many)
    operation = np.where(np.arange(how_many) % 4 == 3, OPERATION["REST.HEAD.OBJECT"], OPERATION["REST.GET.OBJECT"])
    return make_requests(
        scene.times(how_many),
        operation,
        objects,
        scene.readers("anonymous", how_many),
        answer=UNCHANGED,
        object_size=scene.sizes(objects),
    )


def refused(scene: Scene, how_many: int) -> Requests:
    """GETs answered 403."""
    objects = scene.read_objects(how_many)
    return _failed(scene, objects, scene.readers("anonymous", how_many), DENIED)


def slowed_down(scene: Scene, how_many: int) -> Requests:
    """GETs answered 503 because a subscriber asks too much."""
    objects = scene.read_objects(how_many)
    return _failed(scene, objects, scene.readers("subscriber", how_many), SLOW)


def missing(scene: Scene, how_many: int) -> Requests:
    """GETs of objects that do not exist (any more)."""
    objects = scene.objects(MISSING, how_many)
    return _failed(scene, objects, scene.readers("anonymous", how_many), ABSENT)


def scanners(scene: Scene, how_many: int) -> Requests:
    """GETs by robots and scanners of what was never there, with what they type into the request line."""
    junk = np.flatnonzero(scene.cast.publisher.objects.role == JUNK)
    objects = junk[(np.arange(how_many) + scene.start // 86_400 * 3) % len(junk)]
    return _failed(scene, objects, scene.readers("robot", how_many), ABSENT)


def _gets(
    scene: Scene,
    objects: Ints,
    readers: Ints,
    operation: str = "REST.GET.OBJECT",
    *,
    broken: float = 0.0,
    named_versions: float = 0.0,
    layout: int | Ints = 0,
) -> Requests:
    rng, sizes = scene.rng, scene.sizes(objects)
    is_broken = rng.random(len(objects)) < broken
    reached = np.maximum(rng.random(len(objects)) * 1.05 - 0.05, 0.0)
    return make_requests(
        scene.times(len(objects)),
        operation,
        objects,
        readers,
        bytes_sent=np.where(is_broken, (sizes * reached).astype(np.int64), sizes),
        object_size=sizes,
        versioned=(rng.random(len(objects)) < named_versions) & (scene.buckets(objects) == 0),
        layout=layout,
    )


def _failed(scene: Scene, objects: Ints, readers: Ints, answer: int) -> Requests:
    sent = ERROR_PAGE_BYTES + scene.rng.integers(60, size=len(objects))
    times = scene.times(len(objects))
    return make_requests(times, "REST.GET.OBJECT", objects, readers, answer=answer, bytes_sent=sent)
