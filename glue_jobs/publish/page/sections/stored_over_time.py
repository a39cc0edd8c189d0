"""Bytes stored at the end of each month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, Answers, DataSet, Row
from glue_jobs.publish.page.charts.time_chart import Layer, few_layers, legend, time_chart
from glue_jobs.publish.page.markup import joined
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.sections.storage import OTHER_CLASSES, all_bytes
from glue_jobs.publish.page.tables import Column, count_column, data_table, size_column
from glue_jobs.publish.page.usage import period_from, starts

STORED = "storage/stored_by_month"


def stored_over_time(answers: Answers, scope: DataSet) -> Section | None:
    """Bytes by month and storage class, older versions included; None without two months whose bytes are known."""
    rows = answers.rows(STORED) if scope == EVERYTHING else answers.rows_of(STORED, scope)
    stored: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    unknown = {row["month"] for row in rows if row["bytes"] is None}
    for row in rows:
        if row["month"] not in unknown:
            stored[row["month"]][row["storage_class"]] += all_bytes(row)
    if len(stored) < 2:
        return None
    left_out = " Months in which an inventory has no field Size are left out." if unknown else ""
    months = starts("month", min(stored), max(stored))
    layers = _layers([stored.get(month, {}) for month in months])
    first, last = sum(stored[months[0]].values()), sum(stored[months[-1]].values())
    change, since = "grew" if last > first else "shrank", f"{months[0]:%B %Y}"
    title = f"Storage {change} to {words.size(last)}, from {words.size(first)} in {since}"
    if words.size(first) == words.size(last):
        title = f"Storage stayed at {words.size(last)} since {since}"
    columns = [
        Column("Month", "month", "{:%Y-%m}".format),
        Column("Storage class", "storage_class"),
        count_column("Objects", "objects"),
        size_column("Stored", "bytes"),
        size_column("Older versions, bytes", "noncurrent_bytes"),
    ]
    periods = [period_from("month", month, answers.day - timedelta(days=1)) for month in months]
    picture = time_chart(periods, layers, words.size, f"Bar chart: bytes by month. {title}")
    return Section(
        "stored-over-time",
        "Storage over time",
        title,
        "Bytes in the last inventories of each month, older versions included; a bucket counts from the month of its "
        f"first inventory to that of its last. A lighter last bar is the month under way.{left_out}",
        joined(legend([layer.name for layer in layers]), picture),
        data_table("Stored bytes by month and storage class", columns, _by_class(rows)),
        (STORED,),
    )


def _layers(of_months: Sequence[dict[str, int]]) -> list[Layer]:
    """One layer for each storage class, the largest of the last month first; the smallest ones together."""
    everything: dict[str, int] = defaultdict(int)
    for stored in of_months:
        for storage_class, size in stored.items():
            everything[storage_class] += size
    order = sorted(everything, key=lambda each: (-of_months[-1].get(each, 0), -everything[each], each))
    return few_layers([Layer(each, [stored.get(each, 0) for stored in of_months]) for each in order], OTHER_CLASSES)


def _by_class(rows: Sequence[Row]) -> list[Row]:
    """The sums over all data sets, newest month first; a sum with an unknown part is unknown."""
    sums: dict[tuple[date, str], Row] = {}
    for row in rows:
        key = row["month"], row["storage_class"]
        total = sums.setdefault(
            key, {"month": key[0], "storage_class": key[1], "objects": 0, "bytes": 0, "noncurrent_bytes": 0}
        )
        for column in ("objects", "bytes", "noncurrent_bytes"):
            value = row[column]
            total[column] = None if total[column] is None or value is None else total[column] + value
    return [sums[key] for key in sorted(sums, key=lambda key: (-key[0].toordinal(), key[1]))]
