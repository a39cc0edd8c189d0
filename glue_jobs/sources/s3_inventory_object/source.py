"""S3 Inventory: what is derived from its rows."""

from __future__ import annotations

import pyarrow as pa

from glue_jobs.columns.arrays import one_chunk
from glue_jobs.config import Config
from glue_jobs.enrich.datasets import assign

__all__ = ["enrich_inventory"]


def enrich_inventory(rows: pa.Table, config: Config) -> pa.Table:
    """Rows of a snapshot with the data set each object belongs to."""
    account, repository = assign(one_chunk(rows["bucket"]), one_chunk(rows["key"]), None, config)
    return rows.append_column("account", account).append_column("repository", repository)
