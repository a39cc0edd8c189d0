"""Every job on one page: its source, its parser and its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.sources.cloudtrail_s3_event import (
    CLOUDTRAIL_NAMES,
    enrich_cloudtrail,
    parse_cloudtrail,
    parse_data_events,
)
from glue_jobs.sources.day_folders import DayNames
from glue_jobs.sources.parsed import Parsed
from glue_jobs.sources.s3_access_log import ACCESS_LOG_NAMES, enrich_access_log, parse_access_log
from glue_jobs.table import Table
from glue_jobs.tables.cloudtrail_s3_event import CLOUDTRAIL_S3_EVENT
from glue_jobs.tables.daily_storage import DAILY_STORAGE
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.s3_access_log import S3_ACCESS_LOG
from glue_jobs.tables.s3_inventory_object import S3_INVENTORY_OBJECT
from glue_jobs.tables.subscriber import SUBSCRIBER


@dataclass(frozen=True)
class Pipeline:
    """One source on its way to its table.

    ``lines`` says that objects are lines of text: large ones may be split, and ``parse`` gets lines of many objects.
    Otherwise they are JSON documents, and ``parse`` also gets where in the bytes each object begins.
    ``parse_data_events`` filters management events, where the source has any.
    """

    title: str
    names: DayNames
    parse: Callable[..., Parsed]
    enrich: Callable[[pa.Table, Config], pa.Table]
    table: Table
    lines: bool
    parse_data_events: Callable[..., Parsed] | None = None

    @property
    def name(self) -> str:
        """The pipeline is called like the table it fills."""
        return self.table.name


PIPELINES = (
    Pipeline(
        "S3 server access logs",
        names=ACCESS_LOG_NAMES,
        parse=parse_access_log,
        enrich=enrich_access_log,
        table=S3_ACCESS_LOG,
        lines=True,
    ),
    Pipeline(
        "CloudTrail events of S3",
        names=CLOUDTRAIL_NAMES,
        parse=parse_cloudtrail,
        enrich=enrich_cloudtrail,
        table=CLOUDTRAIL_S3_EVENT,
        lines=False,
        parse_data_events=parse_data_events,
    ),
)

BY_NAME = {pipeline.name: pipeline for pipeline in PIPELINES}

TABLES = (
    *(pipeline.table for pipeline in PIPELINES),
    S3_INVENTORY_OBJECT,
    DAILY_STORAGE,
    SUBSCRIBER,
    REJECTED_RECORD,
    INGESTED_OBJECT,
)
