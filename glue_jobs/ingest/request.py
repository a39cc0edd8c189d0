"""The request for a run, and the summary that it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from glue_jobs.config import Config
from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.staging.invalid_snapshots import InvalidSnapshot
from glue_jobs.ingest.staging.ledger import Totals
from glue_jobs.lake import Lake
from glue_jobs.read.raw_object import Skipped
from glue_jobs.sources.pipeline import Pipeline

# Eight weekly inventories cover two months; eight daily ones, the changes of a week.
DEFAULT_KEPT_SNAPSHOTS = 8


@dataclass(frozen=True)
class IngestRequest:
    """What to ingest.

    ``since`` and ``until`` are the first and last day, both included, by the day in the objects' keys. Without
    ``since``, a run starts ``look_back_days`` (None: the pipeline's own) before the newest day ingested from ``raw``,
    or with the oldest day if nothing was ingested. ``any_name`` accepts objects that are not named as AWS names them.
    ``force`` ingests objects again, if the pipeline replaces their rows. The latest ``keep_snapshots`` inventory
    snapshots of each bucket and configuration keep their rows. ``reader_keys`` is the file or secret with the keys of
    reader ids; None is the file of this user.
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

    ``first_delivery`` says when to expect the first object of the source. ``unreadable`` names objects that could not
    be read; later runs try again. ``more_unreadable`` has, by reason, the number of further such objects.
    ``steps`` is the number of committed steps; the ids of later steps start with ``run_id``.
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
        """Whether the run is the first to find some invalid snapshot, which somebody should look into."""
        return any(not each.known for each in self.invalid_snapshots)
