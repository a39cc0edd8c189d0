"""The trail of a sample: every day's requests as CloudTrail records them, in files, and the truth about these."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from glue_jobs.sample.cloudtrail import EventWriter
from glue_jobs.sample.connection import HEXADECIMAL, host_ids, ids_of, request_ids, texts
from glue_jobs.sample.publisher import PUBLISHER_ACCOUNT
from glue_jobs.sample.scene import DAY_SECONDS, Cast
from glue_jobs.sample.traffic import Day
from glue_jobs.sample.trail_asides import S3, asides_of
from glue_jobs.sample.trail_callers import Callers
from glue_jobs.sample.trail_events import Events, events_of
from glue_jobs.sample.trail_layout import OTHER, ROW, TrailDelivery, packed, put, trail_path
from glue_jobs.sample.trail_tally import TrailTally
from glue_jobs.sample.trail_truth import TrailTruth

# Shares of the days after which anonymous callers are spelled as today, and the organization's trail takes over.
OLD_SHARE, MOVED_SHARE = 0.3, 0.6
NOT_RAW = ("CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-Aggregated")


class Trail:
    """Writes the days of a sample, in order, below ``folder``; ``start`` in seconds since 1970 is when they begin."""

    def __init__(self, folder: Path, cast: Cast, seed: int, start: int, days: int) -> None:
        self.folder, self.cast, self.seed, self.days = folder, cast, seed, days
        self.callers = Callers(cast.readers)
        self.writer = EventWriter(cast, self.callers)
        first_month = np.datetime64(start, "s").astype("datetime64[M]")
        self.tally = TrailTally(cast, self.callers, first_month, days)
        self._end = start + days * DAY_SECONDS
        moved = start + int(days * MOVED_SHARE) * DAY_SECONDS
        self.delivery = TrailDelivery(folder, np.random.default_rng([seed, 6]), moved, self._end)

    def add(self, day: Day, log_ids: np.random.Generator) -> None:
        """Takes the next day; ``log_ids`` is what the access log takes the ids of the day's requests from."""
        rng = np.random.default_rng([self.seed, 7, day.number])
        events = events_of(day, self.days, self.cast, rng)
        asides = asides_of(day.date, day.start, 2 + len(events) // 1_000, self.cast.publisher, rng)
        self.tally.add(events, asides)
        records = [*self._texts(day, events, log_ids, rng), *(aside.text for aside in asides)]
        buckets = self.cast.publisher.objects.bucket[events.object]
        self.delivery.add(
            records,
            np.append(buckets, [aside.trail for aside in asides]),
            np.append(events.time, [aside.time for aside in asides]),
            np.append(np.full(len(events), ROW), [ROW if aside.source == S3 else OTHER for aside in asides]),
            day.start,
        )

    def close(self) -> TrailTruth:
        """Delivers the rest, and files that hold no events of requests; returns what was generated."""
        self.delivery.close()
        skipped = self._write_skipped()
        objects, tally = dict(sorted(self.delivery.objects.items())), self.tally
        records, rejected, filtered = (
            sum(getattr(counts, name) for counts in objects.values()) for name in ("records", "rejected", "filtered")
        )
        return TrailTruth(
            records=records,
            rows=tally.rows,
            duplicates=records - rejected - filtered - tally.rows,
            rejected=rejected,
            filtered=filtered,
            bytes_out=tally.bytes_out(),
            own_rows=tally.own_rows,
            robot_rows=tally.robot_rows,
            access_point_rows=tally.access_point_rows,
            management_events=dict(sorted(tally.management.items())),
            events=tally.events(),
            unique_subscribers=tally.unique_subscribers(),
            usage=tally.usage(),
            denied=tally.denied(),
            anonymous=tally.anonymous(),
            objects=objects,
            skipped=skipped,
            skipped_folders=[f"AWSLogs/{PUBLISHER_ACCOUNT}/{kind}/" for kind in NOT_RAW],
        )

    def _texts(self, day: Day, events: Events, log_ids: np.random.Generator, rng: np.random.Generator) -> list[str]:
        requests, hosts = ids_of(day.requests, log_ids)
        more = int(events.request.max(initial=-1)) + 1 - len(requests)
        ids = requests + request_ids(more, rng), hosts + host_ids(more, rng)
        event_ids = [
            f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
            for text in texts(HEXADECIMAL, 2 * len(events), 32, rng)
        ]
        old = day.number < self.days * OLD_SHARE
        return self.writer.texts(events, f"{day.date}", old, ids, event_ids)

    def _write_skipped(self) -> list[str]:
        """A digest of either region, an insight, and aggregated events."""
        when, found = self._end - 3_000, []
        for kind, region in [(NOT_RAW[0], "us-west-2"), *((kind, "us-east-1") for kind in NOT_RAW)]:
            unique = self.delivery.unique()
            name = trail_path(PUBLISHER_ACCOUNT, PUBLISHER_ACCOUNT, kind, region, when, unique)
            if kind == NOT_RAW[0]:
                name = f"{name[: name.rindex('_', 0, -25)]}_usage-trail_us-east-1_{_second(when)}.json.gz"
            put(self.folder / name, packed(json.dumps(_content(kind, when))), when)
            found.append(name)
        return sorted(found)


def _second(when: int) -> str:
    return f"{np.datetime64(when, 's')}Z".replace("-", "").replace(":", "")


def _content(kind: str, when: int) -> dict[str, object]:
    time = f"{np.datetime64(when, 's')}Z"
    if kind == NOT_RAW[0]:
        return {
            "awsAccountId": PUBLISHER_ACCOUNT,
            "digestEndTime": time,
            "logFiles": [],
            "digestSignatureAlgorithm": "SHA256withRSA",
        }
    category = kind.removeprefix("CloudTrail-").removesuffix("s")
    event = {"eventVersion": "1.11", "eventTime": time, "eventSource": S3, "eventCategory": category, "eventID": "x"}
    return {"Records": [{**event, "recipientAccountId": PUBLISHER_ACCOUNT}]}
