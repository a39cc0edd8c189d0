"""Create the tables and views of the lake. Saved queries need all of them, even those of sources without data."""

from __future__ import annotations

from glue_jobs.errors import LakeError
from glue_jobs.lake import Lake
from glue_jobs.progress import Reporter
from glue_jobs.query.glue_views import keep_views
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.tables import QUERIED_TABLES
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD


def create_tables(lake: Lake, pipeline: Pipeline, reporter: Reporter) -> None:
    """Create missing tables and views, and update the existing ones; the tables of the pipeline come first.

    The role of a job on AWS may create tables of other sources but not change them. If such a table cannot be updated,
    that is only reported: the job of its source or the report job updates it. A failed view is only reported, too: rows
    do not need it, and every run tries again. A pipeline without saved queries gets its own and the shared tables only.

    Raises:
        LakeError: a table that the pipeline needs could not be created or brought up to date.
    """
    if not pipeline.has_saved_queries:
        for table in (*pipeline.tables, REJECTED_RECORD, INGESTED_OBJECT):
            lake.create(table)
        return
    for table in sorted(QUERIED_TABLES, key=lambda table: table not in pipeline.tables):
        try:
            lake.create(table)
        except LakeError as error:
            is_foreign = any(table in other.tables for other in PIPELINES if other.name != pipeline.name)
            if not (is_foreign and lake.has(table)):
                raise
            reporter.say(f"the job of its own source brings {table.name} up to date: {error}")
    for name, reason in keep_views(lake, pipeline.tables):
        reporter.say(f"{name} is not as it should be in the catalog: {reason}")
