"""Every job on one page: its source, its parser and its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.read.parsed import Parsed
from glue_jobs.sources.cloudtrail_s3_event.source import (
    CLOUDTRAIL_NAMES,
    enrich_cloudtrail,
    parse_cloudtrail,
    parse_data_events,
)
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.layouts.day_names import DayNames
from glue_jobs.sources.s3_access_log.source import ACCESS_LOG_NAMES, enrich_access_log, parse_access_log
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.source import enrich_inventory
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """One source on its way to its table.

    ``enrich`` adds the columns that are derived from its records. Objects that come up to ``look_back_days`` later than
    the newest are found without being asked for.
    """

    title: str
    enrich: Callable[[pa.Table, Config], pa.Table]
    table: Table
    look_back_days: int = 3

    @property
    def name(self) -> str:
        """The pipeline is called like the table it fills."""
        return self.table.name

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that are its own, in the order in which a run changes them."""
        return (self.table,)


@dataclass(frozen=True, kw_only=True)
class EventPipeline(Pipeline):
    """A source whose objects hold events: each object is ingested once, for ever.

    ``lines`` says that objects are lines of text: large ones may be split, and ``parse`` gets lines of many objects.
    Otherwise they are JSON documents, and ``parse`` also gets where in the bytes each object begins.
    ``packing`` is about how many bytes of records a byte of an object holds. ``parse_data_events`` filters management
    events, where the source has any.
    """

    names: DayNames
    parse: Callable[..., Parsed]
    lines: bool
    compression_ratio: int = 1
    parse_data_events: Callable[..., Parsed] | None = None


@dataclass(frozen=True, kw_only=True)
class SnapshotPipeline(Pipeline):
    """A source whose objects are manifests of snapshots: the latest are kept whole, of the others only ``totals``.

    ``changes`` has what each snapshot changed, found while the one before it is kept, too.
    """

    totals: Table
    changes: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        return self.table, self.changes, self.totals


PIPELINES = (
    EventPipeline(
        title="S3 server access logs",
        names=ACCESS_LOG_NAMES,
        parse=parse_access_log,
        enrich=enrich_access_log,
        table=S3_ACCESS_LOG,
        lines=True,
    ),
    EventPipeline(
        title="CloudTrail events of S3",
        names=CLOUDTRAIL_NAMES,
        parse=parse_cloudtrail,
        enrich=enrich_cloudtrail,
        table=CLOUDTRAIL_S3_EVENT,
        lines=False,
        compression_ratio=8,
        parse_data_events=parse_data_events,
    ),
    SnapshotPipeline(
        title="S3 Inventory",
        enrich=enrich_inventory,
        table=S3_INVENTORY_OBJECT,
        totals=DAILY_STORAGE,
        changes=DAILY_CHANGE,
        # Of weekly ones beside daily ones, the last but one is still looked at.
        look_back_days=14,
    ),
)

BY_NAME = {pipeline.name: pipeline for pipeline in PIPELINES}

TABLES = (
    *(pipeline.table for pipeline in PIPELINES),
    DAILY_STORAGE,
    DAILY_CHANGE,
    SUBSCRIBER,
    REJECTED_RECORD,
    INGESTED_OBJECT,
)
