"""Writes a whole sample: raw objects, configuration and truth."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from glue_jobs.sample.access_log import LineWriter
from glue_jobs.sample.config import write_config
from glue_jobs.sample.inventory import Inventory
from glue_jobs.sample.inventory_truth import InventoryTruth
from glue_jobs.sample.layout import Delivery
from glue_jobs.sample.publisher import make_publisher
from glue_jobs.sample.readers import make_readers
from glue_jobs.sample.request import OPERATIONS
from glue_jobs.sample.scene import DAY_SECONDS, Cast
from glue_jobs.sample.tally import Tally
from glue_jobs.sample.traffic import EPOCH, days_of
from glue_jobs.sample.trail import Trail
from glue_jobs.sample.trail_truth import TrailTruth
from glue_jobs.sample.truth import RawObject, Truth


def write_sample(folder: Path, *, seed: int = 7, last_day: date, days: int = 45, scale: float = 1.0) -> Truth:
    """Writes a made-up publisher's raw logs into ``folder`` and returns what a correct lake counts in them.

    Events are of the ``days`` days up to ``last_day``; ``scale`` 1 is about 60,000 lines, and objects grow
    with it rather than multiply. Written are ``raw/s3_access_log/``, ``raw/cloudtrail_s3_event/`` with the data events
    of the same requests, ``raw/s3_inventory_object/`` with what the buckets kept meanwhile, ``config.yaml``,
    ``subscribers.csv`` and ``truth.json``. The same arguments give the same bytes, names and modification times.
    ValueError when ``days`` or ``scale`` is not positive, FileExistsError when the folder already has raw files.
    """
    if days < 1 or scale <= 0:
        raise ValueError("a sample has at least one day and a scale above zero")
    places = [folder / "raw" / name for name in ("s3_access_log", "cloudtrail_s3_event", "s3_inventory_object")]
    raw, raw_trail, raw_inventory = places
    for place in places:
        if place.exists() and any(place.iterdir()):
            raise FileExistsError(f"{place} already has files; choose another folder or remove it")
        place.mkdir(parents=True, exist_ok=True)
    cast = Cast(make_publisher(seed), make_readers(seed, scale))
    first_day = last_day - timedelta(days=days - 1)
    tally = Tally(cast, np.datetime64(first_day, "M"), days)
    end = ((last_day - EPOCH).days + 1) * DAY_SECONDS
    delivery = Delivery(raw, cast.publisher.buckets, np.random.default_rng([seed, 4]), end)
    writer = LineWriter(cast)
    trail = Trail(raw_trail, cast, seed, end - days * DAY_SECONDS, days)
    inventory = Inventory(raw_inventory, cast.publisher, seed, end - days * DAY_SECONDS, end)
    for day in days_of(cast, seed, last_day, days, scale):
        tally.add(day)
        ids = [seed, 5, day.number]
        lines = writer.lines(day, np.random.default_rng(ids))
        delivery.add(lines, cast.publisher.objects.bucket[day.requests.object], day.requests.time, day.start)
        trail.add(day, np.random.default_rng(ids))
        inventory.add(day)
    delivery.close()
    tally.finish()
    write_config(folder, cast.publisher)
    others = trail.close(), inventory.close(scale)
    truth = _truth(tally, delivery, others, seed, scale, (first_day, last_day))
    (folder / "truth.json").write_text(truth.to_json(), encoding="utf-8")
    return truth


def _truth(
    tally: Tally,
    delivery: Delivery,
    others: tuple[TrailTruth, InventoryTruth],
    seed: int,
    scale: float,
    span: tuple[date, date],
) -> Truth:
    objects = {name: RawObject(*counts) for name, counts in sorted(delivery.objects.items())}
    records = sum(counts.records for counts in objects.values())
    rejected = sum(counts.rejected for counts in objects.values())
    rows = tally.total("requests")
    counted = zip(OPERATIONS, tally.operations.tolist(), strict=True)
    return Truth(
        seed=seed,
        scale=scale,
        first_day=span[0].isoformat(),
        last_day=span[1].isoformat(),
        records=records,
        rows=rows,
        duplicates=records - rejected - rows,
        rejected=rejected,
        bytes_sent=tally.total("bytes_sent"),
        robot_rows=tally.total("requests", "robots"),
        own_rows=tally.total("requests", "own"),
        operations={operation.name: count for operation, count in counted if count},
        groups=tally.groups(),
        objects=objects,
        skipped=delivery.skipped,
        cloudtrail=others[0],
        inventory=others[1],
    )
