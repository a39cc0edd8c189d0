"""Columns from the addendum of an event, which says why the event was delivered late or again.

A correction has the reason UPDATED_DATA and the id of the event that it replaces, which may be its own id.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sources.cloudtrail_s3_event.parser.nested import addendum
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import at_places

CORRECTION = "UPDATED_DATA"


def addendum_columns(others: pa.StringArray, event_ids: pa.StringArray) -> dict[str, pa.StringArray]:
    """The columns ``addendum_reason`` and ``original_event_id``, from the JSON texts of fields without a column."""
    reasons: dict[int, str] = {}
    originals: dict[int, str] = {}
    if others.null_count < len(others):
        # Nearly all events have no addendum.
        for row in pc.indices_nonzero(pc.match_substring(others, '"addendum"')).to_pylist():
            reason, original = addendum(others[row].as_py())
            if reason:
                reasons[row] = reason
            if reason == CORRECTION and (original := original or event_ids[row].as_py()):
                originals[row] = original
    return {
        "addendum_reason": at_places(list(reasons.values()), list(reasons), len(others)),
        "original_event_id": at_places(list(originals.values()), list(originals), len(others)),
    }
