"""Every table that a lake can have.

They are separate from `pipelines`, because importing the parsers takes longer than answering a query.
"""

from __future__ import annotations

from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.run_summary.kinds import KINDS
from glue_jobs.sources.run_summary.table import RUN_SUMMARY
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.sources.upload.table import UPLOAD
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.place import PLACE
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER

# The pipelines' own tables in their order, the derived ones, then the tables that belong to no single source.
TABLES = (
    S3_ACCESS_LOG,
    CLOUDTRAIL_S3_EVENT,
    S3_INVENTORY_OBJECT,
    CLOUDFRONT_LOG,
    RUN_SUMMARY,
    UPLOAD,
    DAILY_CHANGE,
    DAILY_STORAGE,
    *(table for kind in KINDS for table in kind.tables),
    SUBSCRIBER,
    PLACE,
    REJECTED_RECORD,
    INGESTED_OBJECT,
)

QUERIED_TABLES = tuple(table for table in TABLES if table != UPLOAD)
"""The tables that saved queries and views read, and those of every run. Saved queries cannot know uploaded tables."""
