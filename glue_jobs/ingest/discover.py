"""The raw objects that a run looks at: those of its window, and those of earlier days that wait to become readable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from glue_jobs.errors import ArgumentError
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.ingest.unreadable_days import retried_days
from glue_jobs.ingest.watermark import window_start
from glue_jobs.lake import LoadedTable
from glue_jobs.progress import Reporter
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.storage import storage_for
from glue_jobs.workers.gc_pause import gc_paused


@dataclass(frozen=True)
class Listing:
    """The raw objects of the ``window`` and of the ``retried`` days outside it."""

    objects: list[RawObject]
    window: Window
    retried: list[date]
    skipped: Skipped


def discover(request: IngestRequest, rows: LoadedTable, reporter: Reporter) -> Listing:
    """List the raw objects of a run.

    Raises:
        ArgumentError: the request's days contradict each other, or there is nothing below its raw path.
        StorageError: the raw path cannot be listed.
    """
    pipeline = request.pipeline
    days = pipeline.look_back_days if request.look_back_days is None else request.look_back_days
    window = Window(request.since or window_start(rows, request.raw, days), request.until)
    if window.since and window.until and window.until < window.since:
        raise ArgumentError(
            f"until {window.until} is before {window.since}, where this run would begin; give since too"
        )
    # Archives of earlier days may be added at any time, and a run that looks back a few days does not see them.
    hint = "; earlier days were listed before, --since lists them again" if window.since and not request.since else ""
    reporter.say(f"looking below {request.raw} for {pipeline.title} {window}{hint}")
    retried = [] if request.since or request.until else retried_days(rows, request.raw, window)
    skipped = Skipped()
    with gc_paused():
        return Listing([*_objects(request, window, retried, skipped)], window, retried, skipped)


def _objects(request: IngestRequest, window: Window, retried: list[date], skipped: Skipped) -> Iterator[RawObject]:
    storage, pipeline = storage_for(request.raw), request.pipeline
    if request.any_name and retried:
        # With any name, everything is listed anyway.
        objects = pipeline.discover(storage, request.raw, Window(min(retried), window.until), skipped, request.any_name)
        yield from (each for each in objects if each.day is None or each.day in window or each.day in retried)
        return
    yield from pipeline.discover(storage, request.raw, window, skipped, request.any_name)
    for day in retried:
        yield from pipeline.discover(storage, request.raw, Window(day, day), Skipped(), request.any_name)
