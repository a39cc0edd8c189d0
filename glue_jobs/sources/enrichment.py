"""The type of functions that add a source's derived columns, and defaults for sources that have none."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData


class Enrich(Protocol):
    """Adds the columns of a table that are derived from its records."""

    def __call__(self, rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
        """``rows`` with the derived columns; ``reference`` has the pipeline's resources by name."""


def unchanged(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """The rows as they are, for a table without derived columns."""
    return rows


def no_advice(config: Config) -> str:
    """No advice, for a source that needs no configuration."""
    return ""
