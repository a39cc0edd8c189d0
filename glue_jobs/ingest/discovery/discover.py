"""The raw objects that a run lists: those of its window, and two kinds of earlier ones.

Earlier objects are listed if no run could read them yet, or if no run has listed their account's or Region's folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice

from glue_jobs.errors import ArgumentError
from glue_jobs.ingest.discovery.log_folders import unseen_folders
from glue_jobs.ingest.discovery.unreadable_days import retried_days
from glue_jobs.ingest.discovery.watermark import window_start
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.lake.without_pyiceberg.plain_files import Notes
from glue_jobs.progress import Reporter
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.storage import storage_for

# A run lists at most this many unseen folders, because each takes a few requests.
MAX_UNSEEN_FOLDERS_PER_RUN = 20

# A run ingests the earlier objects of an unseen folder only if there are at most this many.
MAX_EARLIER_OBJECTS = 1_000


@dataclass
class Listing:
    """The raw objects of the ``window``, of the ``retried`` days outside it, and earlier ones of new folders.

    Iterating ``objects`` lists them, and completes the attributes after ``is_in_order``. With ``is_in_order``, objects
    of the window come in the order of days. ``log_folders`` are the folders that runs have listed from their first day
    on. ``untaken`` has the first day of each other folder with too many earlier objects to ingest at once.
    """

    objects: Iterator[RawObject]
    window: Window
    retried: list[date]
    is_in_order: bool
    skipped: Skipped = field(default_factory=Skipped)
    untaken: dict[str, date] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)

    @property
    def log_folders(self) -> set[str]:
        return self.skipped.log_folders - self.unseen


def discover(request: IngestRequest, notes: Notes, reporter: Reporter) -> Listing:
    """The raw objects for the request. The listing itself happens while its objects are iterated.

    Raises:
        ArgumentError: the request's days contradict each other, or there is nothing below its raw path.
        StorageError: the raw path cannot be listed.
    """
    pipeline = request.pipeline
    days = pipeline.look_back_days if request.look_back_days is None else request.look_back_days
    window = Window(request.since or window_start(notes, request.raw, days), request.until)
    if window.since and window.until and window.until < window.since:
        raise ArgumentError(
            f"until {window.until} is before {window.since}, where this run would begin; give since too"
        )
    # Archives of earlier days may be added at any time; a run with a window of a few days does not list them.
    hint = "; earlier days were listed before, --since lists them again" if window.since and not request.since else ""
    reporter.say(f"looking below {request.raw} for {pipeline.title} {window}{hint}")
    retried = [] if request.since or request.until else retried_days(notes, request.raw, window)
    listing = Listing(iter(()), window, retried, pipeline.takes_any_name and not request.any_name)
    listing.objects = _all_objects(request, notes, listing, reporter)
    return listing


def _all_objects(request: IngestRequest, notes: Notes, listing: Listing, reporter: Reporter) -> Iterator[RawObject]:
    yield from _objects(request, listing)
    since = listing.window.since
    if since is None or request.since or request.until or request.any_name:
        return
    listing.unseen = {*unseen_folders(notes, request.raw, listing.skipped.log_folders)}
    for folder in sorted(listing.unseen)[:MAX_UNSEEN_FOLDERS_PER_RUN]:
        earlier = _earlier_objects(request, folder, since, reporter)
        if isinstance(earlier, date):
            listing.untaken[folder] = earlier
        else:
            # Retried days are listed in all folders.
            yield from (each for each in earlier if each.day not in listing.retried)
            listing.unseen.remove(folder)


def _earlier_objects(request: IngestRequest, folder: str, since: date, reporter: Reporter) -> list[RawObject] | date:
    """The folder's objects of days before ``since``, or the first of these days if there are too many objects."""
    before = Window(None, since - timedelta(days=1))
    listed = request.pipeline.discover(storage_for(request.raw), folder, before, Skipped(), False)
    objects = [*islice(listed, MAX_EARLIER_OBJECTS + 1)]
    days = [each.day for each in objects if each.day is not None]
    if len(objects) > MAX_EARLIER_OBJECTS:
        reporter.say(
            f"{folder} has over {MAX_EARLIER_OBJECTS:,} objects of days before {since} that no run has looked at; they"
            f" are not taken now: --since {min(days)} takes them"
        )
        return min(days)
    if objects:
        count = "1 object of days" if len(objects) == 1 else f"{len(objects):,} objects of days"
        reporter.say(f"{folder} is new: {count} from {min(days)} on {'is' if len(objects) == 1 else 'are'} taken too")
    return objects


def _objects(request: IngestRequest, listing: Listing) -> Iterator[RawObject]:
    storage, pipeline, window, retried = storage_for(request.raw), request.pipeline, listing.window, listing.retried
    skipped = listing.skipped
    if request.any_name and retried:
        # Objects of any name are found only by listing everything.
        objects = pipeline.discover(storage, request.raw, Window(min(retried), window.until), skipped, request.any_name)
        yield from (each for each in objects if each.day is None or each.day in window or each.day in retried)
        return
    yield from pipeline.discover(storage, request.raw, window, skipped, request.any_name)
    for day in retried:
        yield from pipeline.discover(storage, request.raw, Window(day, day), Skipped(), request.any_name)
