"""The estimated cost to store and serve the data sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers, DataSet, Row
from glue_jobs.publish.page.charts.bars import Bar, bar_list
from glue_jobs.publish.page.charts.time_chart import legend
from glue_jobs.publish.page.markup import joined, name
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.sections.freshness import has_download_logs, has_inventories
from glue_jobs.publish.page.tables import DATA_SET, Column, data_table
from glue_jobs.publish.page.usage import USAGE, Usage

BARS = 12
COST = "together/cost_to_serve"
COST_PARTS = {
    "Storage": "estimated_storage_dollars",
    "Transfer": "estimated_transfer_dollars",
    "Requests": "estimated_request_dollars",
    "Monitoring": "estimated_monitoring_dollars",
}
"""The parts of a month's cost, in the order of the bars."""


def costs(answers: Answers, usage: Usage) -> Section | None:
    """Estimated dollars by data set."""
    everything = answers.rows(COST)
    rows = [row for row in everything if row["estimated_dollars"]]
    if not rows:
        return None
    is_stored = has_inventories(answers) is not False
    is_served = answers.get(USAGE) is None or usage.first_day is not None or has_download_logs(answers) is True
    # Most publishers have nothing in INTELLIGENT_TIERING.
    left_out = {"Monitoring"} if is_stored else {"Storage", "Monitoring"}
    parts = {part: key for part, key in COST_PARTS.items() if part not in left_out or any(row[key] for row in rows)}
    rows.sort(key=lambda row: (-row["estimated_dollars"], row["account"], row["repository"]))
    bars = [
        Bar(
            name(DataSet.of(row).label),
            [row[key] or 0.0 for key in parts.values()],
            words.money(row["estimated_dollars"]),
        )
        for row in rows[:BARS]
    ]
    columns = [
        *DATA_SET,
        *(Column(part, key, words.money) for part, key in parts.items()),
        Column("In all", "estimated_dollars", words.money),
        Column("Classes without a price", "unpriced_classes"),
    ]
    total = sum(row["estimated_dollars"] for row in rows)
    purpose = " and ".join(["store"] * is_stored + ["serve"] * is_served)
    return Section(
        "costs",
        "Costs",
        f"{f'About {words.money(total)}' if total >= 0.01 else 'Less than $0.01'} a month to {purpose}",
        f"An estimate to compare data sets by, not a bill: {'storage of the latest inventories, ' if is_stored else ''}"
        "requests and transfer of the last complete month, at the prices in the file."
        f"{'' if is_stored else ' There are no inventories, so storage is not counted.'}"
        f"{_partial_month(answers, usage)}{_without_costs(everything)}",
        joined(legend(tuple(parts)), bar_list(bars, "Data sets by estimated cost")),
        data_table("Estimated dollars a month by data set", columns, rows),
        (COST,),
        is_wide=False,
    )


def _without_costs(rows: Sequence[Row]) -> str:
    """Sentences on stored data that the estimate does not include."""
    unknown = sum(row["estimated_dollars"] is None for row in rows)
    unpriced = sum(row["unpriced_bytes"] or 0 for row in rows)
    sentences = []
    if unknown:
        sentences.append(
            f" {words.plural(unknown, 'data set')} of unknown size {'is' if unknown == 1 else 'are'} not in it."
        )
    if unpriced:
        sentences.append(f" {words.size(unpriced)} in classes without a price are not in it.")
    return "".join(sentences)


def _partial_month(answers: Answers, usage: Usage) -> str:
    """A sentence if the logs do not cover the whole last complete month."""
    if answers.get(USAGE) is None:
        return ""
    begun = usage.first_day
    if begun is None and not has_download_logs(answers):
        return " There are no access logs, so only storage is counted."
    if begun is None or begun <= (answers.day.replace(day=1) - timedelta(days=1)).replace(day=1):
        return ""
    day = words.day(begun)
    return f" The first known read is of {day}, so requests and transfer may cover only part of that month."
