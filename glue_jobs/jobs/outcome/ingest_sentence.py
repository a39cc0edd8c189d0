"""What an ingest run did, in one sentence for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from glue_jobs.ingest.request import IngestSummary
from glue_jobs.progress import counted, printable
from glue_jobs.sources.signatures import source_of_name


def sentence(summary: IngestSummary, source: str = "") -> str:
    """The counts of the run of ``source``, then everything below the raw path that it did not ingest."""
    return "; ".join([_counts(summary), *_not_taken(summary, source), *map(printable, summary.skipped.sentences)])


def _counts(summary: IngestSummary) -> str:
    if summary.run_id is None:
        if summary.skipped.empty_path:
            path = printable(summary.skipped.empty_path)
            return (
                f"nothing has been delivered below {path} yet; {summary.first_delivery};"
                " if that time has passed, check the name of the bucket and the prefix"
            )
        if not summary.listed:
            return "nothing new: there are no objects of these days"
        return (
            "nothing new: every object listed is in the lake already"
            + (" or refused" if summary.invalid_snapshots else "")
            + (" or cannot be read" if summary.unreadable else "")
        )
    sums = summary.totals
    parts = (
        counted(sums.rows, "row"),
        f"{sums.rejected:,} rejected",
        counted(sums.duplicates, "duplicate"),
        f"{sums.filtered:,} filtered",
    )
    steps = f" in {summary.steps:,} steps" if summary.steps > 1 else ""
    ingested = f"run {summary.run_id} ingested {counted(sums.objects, 'object')}{steps}"
    return f"{ingested}: {counted(sums.records, 'record')} = {' + '.join(parts)}"


def _unreadable(summary: IngestSummary) -> list[str]:
    """One clause for each reason, with an example; the ledger has the names of all objects."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for each in summary.unreadable:
        by_reason[each.reason].append(each.address)
    counts = {reason: len(some) + summary.more_unreadable.get(reason, 0) for reason, some in by_reason.items()}
    return [
        f"{counted(counts[reason], 'object')} cannot be read now and {'is' if counts[reason] == 1 else 'are'} left to"
        f" later runs ({printable(reason)}), e.g. {printable(min(addresses))}"
        for reason, addresses in by_reason.items()
    ]


def _not_taken(summary: IngestSummary, source: str) -> Iterator[str]:
    skipped = summary.skipped
    if summary.totals.rejected:
        yield "the table rejected_record has what was rejected and why (usage-lake rejected)"
    for invalid in summary.invalid_snapshots:
        yield printable(str(invalid))
    yield from _unreadable(summary)
    if unfinished := skipped.unfinished:
        are = "is" if len(unfinished) == 1 else "are"
        yield f"{counted(len(unfinished), 'snapshot')} {are} not delivered yet, e.g. {printable(min(unfinished))}"
    if folders := skipped.folders:
        were = "was" if len(folders) == 1 else "were"
        example = printable(min(folders))
        yield f"{counted(len(folders), 'folder')} of other kinds of logs {were} left out, e.g. {example}"
    if skipped.count:
        are, were, them = ("is", "was", "it") if skipped.count == 1 else ("are", "were", "them")
        hint = f" (--any-name takes {them} too)" if skipped.takeable else ""
        if (other := source_of_name(skipped.example)) not in (None, source):
            hint = f", which usage-lake ingest {other} reads"
        objects = f"{counted(skipped.count, 'object')} {are} not named as AWS names them and {were} skipped"
        yield f"{objects}, e.g. {printable(skipped.example)}{hint}"
