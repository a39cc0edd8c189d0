"""Requests of readers to a CloudFront distribution, and those of the distribution to its bucket."""

from __future__ import annotations

import numpy as np

from glue_jobs.sample.scenario.clients.requesters import CLOUDFRONT
from glue_jobs.sample.scenario.operations import NUMBER, VIEWED
from glue_jobs.sample.scenario.publisher import MAPS
from glue_jobs.sample.scenario.requests.traffic import Block, Traffic

STATUSES, SHARES = (200, 206, 304, 403), (0.75, 0.12, 0.08, 0.05)
RANGE_BYTES, ERROR_BYTES = 4_096, 110
READERS = ("anonymous", "anonymous", "anonymous", "robot", "staff")


def views(traffic: Traffic, count: int) -> Block:
    """GETs of readers who also use S3 directly; on a cache miss, CloudFront sends a GET to S3."""
    rng, turn = traffic.rng, np.arange(count) % len(READERS)
    objects, status = traffic.read_objects(count, bucket=MAPS), rng.choice(STATUSES, count, p=SHARES)
    readers = np.array([traffic.pick(group, count) for group in READERS])[turn, np.arange(count)]
    size, is_broken = traffic.objects.size[objects], rng.random(count) < 0.1
    whole = np.where(is_broken, (size * rng.random(count)).astype(np.int64), size)
    sent = np.select([status == 200, status == 206, status == 403], [whole, RANGE_BYTES, ERROR_BYTES], -1)
    is_hit = (rng.random(count) < 0.7) & (status != 403) | (status == 304)
    # CloudFront fetches whole objects, in the second of the request for them.
    view = np.concatenate([np.arange(count), np.flatnonzero(~is_hit)])
    is_fetch = np.arange(len(view)) >= count
    fetched = np.where(status == 403, ERROR_BYTES, size)
    return traffic.block(
        traffic.times(count)[view],
        np.where(is_fetch, NUMBER["REST.GET.OBJECT"], NUMBER[VIEWED]),
        objects[view],
        np.where(is_fetch, traffic.pick(CLOUDFRONT, len(view)), readers[view]),
        status=np.where(is_fetch & (status[view] == 206), 200, status[view]),
        bytes_sent=np.where(is_fetch, fetched[view], sent[view]),
        object_size=np.where(status == 403, -1, size)[view],
        in_access_log=is_fetch,
        is_hit=np.where(is_fetch, -1, is_hit[view]),
    )
