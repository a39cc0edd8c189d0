"""The catalogue: every source, with its parser and its tables, on one page."""

from __future__ import annotations

from glue_jobs.enrich.places.sources import place_resources
from glue_jobs.enrich.robots import robot_resources
from glue_jobs.read.framing import Framing
from glue_jobs.sources.cloudfront_log.source import (
    CLOUDFRONT_NAMES,
    distribution_advice,
    enrich_cloudfront,
    parse_cloudfront_log,
)
from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG
from glue_jobs.sources.cloudtrail_s3_event.source import (
    CLOUDTRAIL_NAMES,
    enrich_cloudtrail,
    parse_cloudtrail,
    parse_data_events,
)
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.pipeline import DocumentPipeline, EventPipeline, Pipeline, SnapshotPipeline, UploadPipeline
from glue_jobs.sources.run_summary.kinds import KINDS
from glue_jobs.sources.run_summary.source import list_summaries, parse_run_summaries, parse_run_summary, summary_id
from glue_jobs.sources.run_summary.table import RUN_SUMMARY
from glue_jobs.sources.s3_access_log.source import ACCESS_LOG_NAMES, enrich_access_log, parse_access_log
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.source import enrich_inventory
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.sources.upload.source import list_uploads, upload_id
from glue_jobs.sources.upload.table import UPLOAD

PIPELINES: tuple[Pipeline, ...] = (
    EventPipeline(
        title="S3 server access logs",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
        first_delivery="S3 usually delivers access logs within a few hours of a request",
        names=ACCESS_LOG_NAMES,
        framing=Framing.LINES,
        parse=parse_access_log,
        enrich=enrich_access_log,
        resources=(robot_resources, place_resources),
        table=S3_ACCESS_LOG,
    ),
    EventPipeline(
        title="CloudTrail events of S3",
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
        first_delivery="CloudTrail usually delivers a file within 15 minutes of an event",
        names=CLOUDTRAIL_NAMES,
        framing=Framing.DOCUMENTS,
        parse=parse_cloudtrail,
        parse_data_events=parse_data_events,
        enrich=enrich_cloudtrail,
        resources=(robot_resources, place_resources),
        table=CLOUDTRAIL_S3_EVENT,
        compression_ratio=8,
    ),
    SnapshotPipeline(
        title="S3 Inventory",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html
        first_delivery="S3 delivers the first inventory within 48 hours of its configuration",
        enrich=enrich_inventory,
        table=S3_INVENTORY_OBJECT,
        totals=DAILY_STORAGE,
        changes=DAILY_CHANGE,
        # Far enough for the last but one weekly inventory, where daily ones are delivered beside weekly ones.
        look_back_days=14,
    ),
    EventPipeline(
        title="CloudFront standard logs",
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
        first_delivery="CloudFront delivers logs reliably about four hours after they are switched on",
        names=CLOUDFRONT_NAMES,
        framing=Framing.LOG_FILES,
        parse=parse_cloudfront_log,
        enrich=enrich_cloudfront,
        advice=distribution_advice,
        resources=(robot_resources, place_resources),
        table=CLOUDFRONT_LOG,
        compression_ratio=8,
    ),
    DocumentPipeline(
        title="Serratus run summaries",
        first_delivery="the programs of Serratus write the summary of a run when they have aligned it",
        table=RUN_SUMMARY,
        kinds={kind.name: kind.tables for kind in KINDS},
        objects=list_summaries,
        document_id=summary_id,
        parse=parse_run_summaries,
        parse_one=parse_run_summary,
        compression_ratio=8,
    ),
    UploadPipeline(
        title="Uploaded files",
        first_delivery="files are taken when somebody uploads them below data/",
        table=UPLOAD,
        objects=list_uploads,
        document_id=upload_id,
        compression_ratio=4,
    ),
)

BY_NAME = {pipeline.name: pipeline for pipeline in PIPELINES}
