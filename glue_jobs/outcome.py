"""What a run did, in a sentence for people."""

from __future__ import annotations

from glue_jobs.ingest import Outcome
from glue_jobs.progress import printable


def sentence(outcome: Outcome) -> str:
    """All counts of a run in one sentence, and a hint when objects were skipped."""
    sums = outcome.totals
    if outcome.run_id is None:
        told = "nothing new: every object listed is in the lake already"
    else:
        told = (
            f"run {outcome.run_id} ingested {sums.objects:,} objects: {sums.records:,} records = {sums.rows:,} rows"
            f" + {sums.rejected:,} rejected + {sums.duplicates:,} duplicates + {sums.filtered:,} filtered"
        )
    folders = outcome.skipped.folders
    if folders:
        told += f"; {len(folders):,} folders of other kinds of logs were left out, e.g. {printable(min(folders))}"
    if not outcome.skipped.count:
        return told
    return (
        f"{told}; {outcome.skipped.count:,} objects are not named as AWS names them and were skipped,"
        f" e.g. {printable(outcome.skipped.example)} (--any-name takes them too)"
    )
