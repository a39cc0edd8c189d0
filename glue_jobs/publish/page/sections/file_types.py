"""Kinds of file by month."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers, DataSet
from glue_jobs.publish.page.charts.time_chart import Layer, Period, few_layers, legend, time_chart
from glue_jobs.publish.page.markup import joined
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import Column, count_column, data_table, size_column
from glue_jobs.publish.page.usage import starts

FILE_TYPES = "access/downloads_by_file_type"


def file_types(answers: Answers, scope: DataSet) -> Section | None:
    """Downloads of each kind of file, month by month."""
    rows = [row for row in answers.rows_of(FILE_TYPES, scope) if row["audience_logical_downloads"]]
    if not rows:
        return None
    downloads: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        downloads[row["extension"]][row["month"]] += row["audience_logical_downloads"]
    ranked = sorted(downloads, key=lambda kind: (-sum(downloads[kind].values()), kind))
    months = starts("month", min(row["month"] for row in rows), answers.day)
    layers = few_layers([Layer(ending(kind), [downloads[kind][month] for month in months]) for kind in ranked], "other")
    periods = [Period(f"{month:%B %Y}", f"{month:%b}", month != months[-1]) for month in months]
    whole = sum(sum(each.values()) for each in downloads.values())
    columns = [
        Column("Month", "month", words.short_month),
        Column("Ending", "extension"),
        count_column("Downloads", "audience_logical_downloads"),
        size_column("Data served", "audience_bytes_sent"),
        count_column("Downloads, all traffic", "logical_downloads"),
    ]
    most = sum(downloads[ranked[0]].values())
    title = f"{words.share(most, whole)} of downloads are {ending(ranked[0])} files"
    return Section(
        "file-types",
        "File types",
        title,
        answers.period(FILE_TYPES, "Downloads by the ending of the file name"),
        joined(
            legend([layer.name for layer in layers]),
            time_chart(periods, layers, words.short_count, f"Stacked bars by month. {title}"),
        ),
        data_table("Downloads by month and ending", columns, rows),
        (FILE_TYPES,),
        is_wide=False,
    )


def ending(extension: str) -> str:
    """The ending of file names in words: ``.csv``, or ``unnamed`` for names without one."""
    return "unnamed" if extension == "(none)" else f".{extension}"
