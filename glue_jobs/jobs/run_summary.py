"""What a run did, in a sentence for people."""

from __future__ import annotations

from glue_jobs.ingest.request import RunSummary
from glue_jobs.progress import printable


def sentence(summary: RunSummary) -> str:
    """All counts of a run in one sentence, and a hint when objects were skipped."""
    sums = summary.totals
    if summary.run_id is None:
        already = "every object listed is in the lake already" + (" or refused" if summary.invalid_snapshots else "")
        told = f"nothing new: {already if summary.listed else 'there are no objects of these days'}"
    else:
        counts = (_many(sums.rows, "row"), f"{sums.rejected:,} rejected", _many(sums.duplicates, "duplicate"))
        told = (
            f"run {summary.run_id} ingested {_many(sums.objects, 'object')}: {_many(sums.records, 'record')}"
            f" = {' + '.join(counts)} + {sums.filtered:,} filtered"
        )
    told += "".join(f"; {printable(str(invalid))}" for invalid in summary.invalid_snapshots)
    unfinished = summary.skipped.unfinished
    if unfinished:
        are = "is" if len(unfinished) == 1 else "are"
        told += f"; {_many(len(unfinished), 'snapshot')} {are} not delivered yet, e.g. {printable(min(unfinished))}"
    folders, skipped = summary.skipped.folders, summary.skipped.count
    if folders:
        left_out = f"{_many(len(folders), 'folder')} of other kinds of logs {_were(len(folders))} left out"
        told += f"; {left_out}, e.g. {printable(min(folders))}"
    if not skipped:
        return told
    are = "is" if skipped == 1 else "are"
    hint = f" (--any-name takes {'it' if skipped == 1 else 'them'} too)" if summary.skipped.takeable else ""
    return (
        f"{told}; {_many(skipped, 'object')} {are} not named as AWS names them and {_were(skipped)} skipped,"
        f" e.g. {printable(summary.skipped.example)}{hint}"
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
