"""What a run is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from glue_jobs.config import Config
from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.ledger import Totals
from glue_jobs.ingest.snapshots.invalid_snapshots import InvalidSnapshot
from glue_jobs.lake import Lake
from glue_jobs.read.raw_object import Skipped
from glue_jobs.sources.pipeline import Pipeline

# Two months of weekly inventories; of daily ones, a week whose changes can still be found.
DEFAULT_KEPT_SNAPSHOTS = 8


@dataclass(frozen=True)
class IngestRequest:
    """What to ingest.

    ``since`` and ``until`` bound the day in the objects' keys, both included. Without ``since`` a run begins
    ``look_back_days`` (None: the pipeline's own) before the newest day that was ingested from ``raw``, and with the
    oldest day when nothing was. ``any_name`` takes objects that are not named as AWS names them. ``force`` takes those
    that are ingested already, where the pipeline replaces their rows. Of inventory snapshots, the latest
    ``keep_snapshots`` of each bucket and configuration keep their rows. ``reader_keys`` is the file
    or secret with the keys of reader ids; None is the file of this user.
    """

    pipeline: Pipeline
    raw: str
    lake: Lake
    config: Config = field(default_factory=Config)
    since: date | None = None
    until: date | None = None
    look_back_days: int | None = None
    any_name: bool = False
    force: bool = False
    keep_snapshots: int = DEFAULT_KEPT_SNAPSHOTS
    reader_keys: str | None = None


@dataclass(frozen=True)
class IngestSummary:
    """What a run did. ``run_id`` is None when it stored nothing; ``listed`` counts raw objects.

    ``first_delivery`` says when AWS delivers the first object of the source. ``unreadable`` are objects that could not
    be read, and a later run tries again; ``more_unreadable`` counts, by reason, those that are too many to be named.
    ``steps`` is how many commits the run made; the ids of later steps begin with ``run_id``.
    """

    run_id: str | None
    listed: int
    skipped: Skipped
    totals: Totals
    invalid_snapshots: tuple[InvalidSnapshot, ...] = ()
    first_delivery: str = ""
    unreadable: tuple[UnreadableObjectError, ...] = ()
    more_unreadable: Mapping[str, int] = field(default_factory=dict)
    steps: int = 1

    @property
    def failed(self) -> bool:
        """Whether the run is the first to meet an invalid snapshot: somebody should look at it."""
        return any(not each.known for each in self.invalid_snapshots)
