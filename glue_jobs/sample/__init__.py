"""A made-up publisher: its raw S3 records in their true layouts, and what a correct lake counts in them."""

from __future__ import annotations

from glue_jobs.sample.inventory_truth import InventoryTruth
from glue_jobs.sample.trail_truth import AnonymousMonth, Denied, SubscriberMonth, TrailObject, TrailTruth
from glue_jobs.sample.truth import Group, Truth, Usage
from glue_jobs.sample.write import write_sample

__all__ = [
    "AnonymousMonth",
    "Denied",
    "Group",
    "InventoryTruth",
    "SubscriberMonth",
    "TrailObject",
    "TrailTruth",
    "Truth",
    "Usage",
    "write_sample",
]
