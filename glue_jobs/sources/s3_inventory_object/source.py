"""Source of S3 Inventory: the columns derived from its records."""

from __future__ import annotations

import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array
from glue_jobs.config import Config
from glue_jobs.enrich.datasets import assign_datasets
from glue_jobs.enrich.reference_data import ReferenceData


def enrich_inventory(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """Add the data set of each object: ``account`` and ``repository``."""
    account, repository = assign_datasets(as_single_array(rows["bucket"]), as_single_array(rows["key"]), None, config)
    return rows.append_column("account", account).append_column("repository", repository)
