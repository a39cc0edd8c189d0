"""What a run did, in a sentence for people."""

from __future__ import annotations

from glue_jobs.ingest.ingest import Outcome
from glue_jobs.progress import printable


def sentence(outcome: Outcome) -> str:
    """All counts of a run in one sentence, and a hint when objects were skipped."""
    sums = outcome.totals
    if outcome.run_id is None:
        already = "every object listed is in the lake already" + (" or refused" if outcome.refused else "")
        told = f"nothing new: {already if outcome.listed else 'there are no objects of these days'}"
    else:
        counts = (_many(sums.rows, "row"), f"{sums.rejected:,} rejected", _many(sums.duplicates, "duplicate"))
        told = (
            f"run {outcome.run_id} ingested {_many(sums.objects, 'object')}: {_many(sums.records, 'record')}"
            f" = {' + '.join(counts)} + {sums.filtered:,} filtered"
        )
    told += "".join(f"; {printable(str(refusal))}" for refusal in outcome.refused)
    unfinished = outcome.skipped.unfinished
    if unfinished:
        are = "is" if len(unfinished) == 1 else "are"
        told += f"; {_many(len(unfinished), 'snapshot')} {are} not delivered yet, e.g. {printable(min(unfinished))}"
    folders, skipped = outcome.skipped.folders, outcome.skipped.count
    if folders:
        left_out = f"{_many(len(folders), 'folder')} of other kinds of logs {_were(len(folders))} left out"
        told += f"; {left_out}, e.g. {printable(min(folders))}"
    if not skipped:
        return told
    are = "is" if skipped == 1 else "are"
    hint = f" (--any-name takes {'it' if skipped == 1 else 'them'} too)" if outcome.skipped.takeable else ""
    return (
        f"{told}; {_many(skipped, 'object')} {are} not named as AWS names them and {_were(skipped)} skipped,"
        f" e.g. {printable(outcome.skipped.example)}{hint}"
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
