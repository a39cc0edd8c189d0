"""Readers by how often they downloaded."""

from __future__ import annotations

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers, DataSet, Row
from glue_jobs.publish.page.charts.time_chart import Layer, Period, time_chart
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import Column, count_column, data_table, size_column

READERS_BY_DOWNLOADS = "access/readers_by_downloads"
BANDS = (0, 1, 2, 3, 6, 11, 21, 51, 101, 1001)


def readers(answers: Answers, scope: DataSet) -> Section | None:
    """How many readers downloaded once, twice and more often."""
    rows = answers.rows_of(READERS_BY_DOWNLOADS, scope)
    if not rows:
        return None
    by_band = {row["least_downloads"]: row for row in rows}
    bands = BANDS[: BANDS.index(max(by_band)) + 1]
    counts = [by_band[band]["audience_unique_requesters"] if band in by_band else 0 for band in bands]
    periods = [Period(_full_label(band), _short_label(band)) for band in bands]
    table = [{**row, "band": _label(row["least_downloads"])} for row in rows]
    title = _title(by_band, sum(counts))
    description = f"Bar chart: readers by downloads. {title}"
    columns = [
        Column("Downloads of one reader", "band"),
        count_column("Readers", "audience_unique_requesters"),
        count_column("Downloads together", "audience_logical_downloads"),
        size_column("Data served", "audience_bytes_sent"),
    ]
    return Section(
        "readers",
        "Readers",
        title,
        answers.period(READERS_BY_DOWNLOADS, "Readers by their number of downloads"),
        time_chart(periods, [Layer("", counts)], words.short_count, description, max_labels=len(bands)),
        data_table("Readers by number of downloads", columns, table),
        (READERS_BY_DOWNLOADS,),
        is_wide=False,
    )


def _title(by_band: dict[int, Row], all_readers: int) -> str:
    often = sum(row["audience_unique_requesters"] for band, row in by_band.items() if band > 10)
    once = by_band[1]["audience_unique_requesters"] if 1 in by_band else 0
    if often > once:
        return f"{words.plural(often, 'reader')} of {words.count(all_readers)} downloaded more than ten times"
    if not any(row["audience_unique_requesters"] for band, row in by_band.items() if band):
        return f"{words.plural(all_readers, 'reader')} got parts of objects only"
    return f"{words.plural(once, 'reader')} of {words.count(all_readers)} downloaded once"


def _label(least: int) -> str:
    """The numbers of downloads of a band."""
    return words.span(least, next((band for band in BANDS if band > least), None))


def _short_label(least: int) -> str:
    return _label(least) if least < 11 else "1K+" if least > 1000 else f"{least}+"


def _full_label(least: int) -> str:
    return f"Readers with {_label(least)} {'download' if least == 1 else 'downloads'}"
