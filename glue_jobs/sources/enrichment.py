"""The type of functions that add a source's derived columns, and defaults for sources that have none."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData

Enrich = Callable[[pa.Table, Config, ReferenceData], pa.Table]
"""Adds the derived columns to the rows of a table; the reference data has the pipeline's resources by name."""


def unchanged(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """The rows as they are, for a table without derived columns."""
    return rows


def no_advice(config: Config) -> str:
    """No advice, for a source that needs no configuration."""
    return ""
