"""All requests and events as one table, reproducible from a seed. All logs are written from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.sample.scenario.clients.requesters import CLOUDFRONT, SISTER, Requester
from glue_jobs.sample.scenario.operations import OPERATIONS
from glue_jobs.sample.scenario.publisher import JUNK, MAPS, MISSING, SHARED_REPOSITORY, TIDES, Objects
from glue_jobs.sample.scenario.requests import changes, cloudfront, reads
from glue_jobs.sample.scenario.requests.traffic import DAY_SECONDS, Block, Traffic

LINES_AT_SCALE_ONE = 60_000
FEWEST_LINES = 20
"""The minimum number of lines of each kind of traffic, for small samples."""
OLD_SHARE, MIDDLE_SHARE = 0.3, 0.6
"""Shares of the days after which log lines, the id of anonymous callers and event versions change."""

_USUAL_GETS = partial(reads.gets, broken=0.12, named_versions=0.04)
KINDS: tuple[tuple[float, Callable[[Traffic, int], Block]], ...] = (
    (0.255, partial(_USUAL_GETS, group="anonymous")),
    (0.150, partial(_USUAL_GETS, group="subscriber")),
    (0.050, partial(_USUAL_GETS, group="presigned")),
    (0.050, partial(_USUAL_GETS, group="robot")),
    (0.025, partial(_USUAL_GETS, group="own")),
    (0.010, partial(_USUAL_GETS, group="staff")),
    (0.045, partial(reads.gets, group="visitor", operation="WEBSITE.GET.OBJECT", bucket=TIDES)),
    (0.035, partial(reads.gets, group="partner", repository=SHARED_REPOSITORY, broken=0.05)),
    (0.003, reads.odd_clients),
    (0.170, reads.ranges),
    (0.060, reads.heads),
    (0.040, reads.lists),
    (0.020, reads.unchanged),
    (0.020, partial(reads.failed, group="anonymous", status=403)),
    (0.004, partial(reads.failed, group="subscriber", status=503)),
    (0.015, partial(reads.failed, group="anonymous", status=404, role=MISSING)),
    # Scanners: objects that never existed, with odd request lines.
    (0.003, partial(reads.failed, group="robot", status=404, role=JUNK)),
    (0.010, changes.puts),
    (0.015, changes.multipart_uploads),
    (0.005, changes.copies),
    (0.003, changes.deletes),
    (0.007, changes.batch_deletes),
    (0.005, changes.lifecycle),
    (0.020, changes.trail_only),
    (0.010, partial(reads.gets, group=SISTER, bucket=TIDES)),
    (0.050, cloudfront.views),
    # A distribution without logs: its readers are unknown.
    (0.010, partial(reads.gets, group=CLOUDFRONT, bucket=TIDES)),
    (0.004, changes.copies_away),
)
"""Every kind of traffic with its share of all lines of the access log."""


def make_requests(
    objects: Objects, requesters: list[Requester], seed: int, start: int, days: int, scale: float
) -> dict[str, Ints]:
    """All requests of ``days`` days from ``start`` (seconds since 1970) on, in the order of their times.

    One entry per logged action; -1 stands for null. Columns:

    - ``time`` in seconds since 1970; ``operation``, ``object``, ``bucket`` and ``requester`` are positions.
    - ``status``: HTTP status, 0 for none. ``bytes_sent``, ``object_size``.
    - ``names_version``: 1 where the request names the version. ``part``: part number of an upload.
    - ``fields``: number of fields in the line of the access log. ``copy_of``: the source object of a copy.
    - ``request``: number of the HTTP request; actions with the same number share the request id.
    - ``in_access_log``: 0 if only the trail or CloudFront records the action. ``minor``: event version 1.minor.
    - ``is_hit``: 1 if CloudFront's cache had the object, 0 if CloudFront requested it from S3.
    - ``total_ms``, ``turn_around_ms``: latencies, -1 where S3 acted on its own.
    """
    rng = np.random.default_rng([seed, 3])
    traffic = Traffic(objects, requesters, rng, start, days)
    blocks = [make(traffic, max(FEWEST_LINES, int(share * LINES_AT_SCALE_ONE * scale))) for share, make in KINDS]
    first = np.cumsum([0, *(int(block["request"].max()) + 1 for block in blocks)])
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    columns["request"] += np.repeat(first[:-1], [len(block["time"]) for block in blocks])
    order = np.argsort(columns["time"], kind="stable")
    # Requests after the last day, which continue earlier reads, are dropped.
    order = order[: np.searchsorted(columns["time"][order], start + days * DAY_SECONDS)]
    requests = {name: values[order] for name, values in columns.items()}
    progress = (requests["time"] - start) / (days * DAY_SECONDS)
    requests["fields"] = _fields(requests, progress)
    requests["minor"] = _minor_versions(progress, rng)
    requests["total_ms"], requests["turn_around_ms"] = _latencies(requests, rng)
    return requests


def _fields(requests: Block, progress: np.ndarray) -> Ints:
    """The number of fields if given, else today's; early lines of the second bucket have one less."""
    usual = np.where((requests["bucket"] == MAPS) & (progress < OLD_SHARE), reads.LINE_FIELDS[1], reads.LINE_FIELDS[0])
    return np.where(requests["fields"] > 0, requests["fields"], usual)


def _minor_versions(progress: np.ndarray, rng: np.random.Generator) -> Ints:
    """Newer event versions over time, and occasionally any version from 1.05 on."""
    usual = np.select([progress < OLD_SHARE, progress < MIDDLE_SHARE], [8, 9], 11)
    return np.where(rng.random(len(progress)) < 0.05, rng.integers(5, 12, len(progress)), usual)


def _latencies(requests: Block, rng: np.random.Generator) -> tuple[Ints, Ints]:
    count = len(requests["time"])
    turn_around = np.minimum(rng.lognormal(3.2, 0.7, count), 60_000.0).astype(np.int64) + 1
    bytes_per_ms = rng.lognormal(9.5, 0.8, count)
    sending = (np.maximum(requests["bytes_sent"], 0) / bytes_per_ms).astype(np.int64)
    is_on_its_own = np.array([not operation.method for operation in OPERATIONS])[requests["operation"]]
    return np.where(is_on_its_own, -1, turn_around + sending), np.where(is_on_its_own, -1, turn_around)
