"""A made-up publisher: its raw S3 records in their real layouts, and the counts of a correct lake."""

from __future__ import annotations

from glue_jobs.sample.truth.truth import Truth
from glue_jobs.sample.write import write_sample

__all__ = ["Truth", "write_sample"]
