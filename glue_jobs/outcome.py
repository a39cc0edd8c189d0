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
            f"run {outcome.run_id} ingested {_many(sums.objects, "object")}: {_many(sums.records, "record")} ="
            f" {_many(sums.rows, "row")} + {sums.rejected:,} rejected + {_many(sums.duplicates, "duplicate")}"
            f" + {sums.filtered:,} filtered"
        )
    folders = outcome.skipped.folders
    if folders:
        were = "was" if len(folders) == 1 else "were"
        told += f"; {_many(len(folders), 'folder')} of other kinds of logs {were} left out, e.g. {printable(min(folders))}"
    count = outcome.skipped.count
    if not count:
        return told
    are, they, were = ("is", "it names", "was") if count == 1 else ("are", "", "were")
    return (
        f"{told}; {_many(count, 'object')} {are} not named as AWS names them and {were} skipped,"
        f" e.g. {printable(outcome.skipped.example)} (--any-name takes them too)"
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
