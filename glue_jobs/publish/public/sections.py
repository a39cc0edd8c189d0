"""The sections of the public tier's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import DataSet
from glue_jobs.publish.page.charts.bars import bar_list, count_bar, sparkline
from glue_jobs.publish.page.charts.time_chart import Layer, Period, time_chart
from glue_jobs.publish.page.charts.world_map import SOURCE, country_name, world_map
from glue_jobs.publish.page.markup import EMPTY, Html, element, name
from glue_jobs.publish.page.section import Card, Section, card
from glue_jobs.publish.page.sections.file_types import ending
from glue_jobs.publish.page.sections.over_time import busiest
from glue_jobs.publish.page.sections.places import UNKNOWN, network_name
from glue_jobs.publish.page.tables import Column, count_column, data_table, links, size_column
from glue_jobs.publish.public.suppression import BYTES, OTHER
from glue_jobs.publish.public.usage import DOWNLOADS, READERS, Name, PublicUsage, known

BARS = 12
MONTH = Column("Month", "month", words.short_month)
COLUMNS = (count_column("Downloads", DOWNLOADS), size_column("Data served", BYTES), count_column("Readers", READERS))
OTHERS = "Others (few readers)"


def number_text(count: str, value: Any) -> str:
    """A number formatted for people; a hidden one as it is in the files."""
    if isinstance(value, str):
        return value
    return words.size(value) if count == BYTES else words.count(value)


def over_time(usage: PublicUsage, breakdown: str, name: Name) -> Section:
    """Downloads by month, of one row of a breakdown."""
    values = usage.values(breakdown, name, DOWNLOADS)
    rows = usage.rows[breakdown].get(name, {})
    periods = [Period(f"{start:%B %Y}", words.short_month(start)) for start in usage.starts]
    title = busiest("month", periods, values) if any(values) else "No downloads are public"
    table = [{**row, "month": start} for start, row in sorted(rows.items(), reverse=True)]
    return Section(
        "over-time",
        "Over time",
        title,
        "Downloads, data and readers of whole months. Months whose numbers are hidden have no bar.",
        time_chart(periods, [Layer("", values)], words.short_count, f"Bar chart: downloads by month. {title}"),
        data_table("Downloads, data served and readers by month", [MONTH, *COLUMNS], table),
        (usage.report.query.name,),
        tells_places=False,
    )


def world(usage: PublicUsage) -> Section | None:
    """Downloads by country, on a map."""
    ranked = {country: downloads for (country,), downloads in usage.ranked("country")}
    downloads = {country: number for country, number in ranked.items() if country not in (UNKNOWN, OTHER)}
    if not downloads:
        return None
    others = " and to others with few readers" if OTHER in ranked else ""
    title = f"Downloads went to {words.plural(len(downloads), 'country', 'countries')}{others}"
    about = f"Downloads in {usage.period} by the country of the reader, told by the address. Map: {SOURCE}."
    section = _ranking(usage, "country", "Country", title, _country, "Countries")
    picture = element("div", world_map(downloads, title), element("div", section.picture), class_="split")
    return replace(section, identity="countries", about=about, picture=picture, is_wide=True)


def data_sets(usage: PublicUsage) -> Section:
    """The data sets of the newest month, each with its course."""
    newest = usage.months[-1].first_day
    rows = []
    for names, months in usage.rows["data set"].items():
        if newest in months:
            course = sparkline(usage.values("data set", names, DOWNLOADS))
            rows.append({**months[newest], "name": _data_set(names), "course": course})
    rows.sort(key=lambda row: (row["repository"] == OTHER, -known(row[DOWNLOADS]), row["account"], row["repository"]))
    courses = [Column("All months", "course")] if len(usage.starts) > 1 else []
    columns = [Column("Data set", "name"), *courses, *COLUMNS]
    enough = len([row for row in rows if row["repository"] != OTHER])
    title = f"{words.plural(enough, 'data set') if enough else 'No data set'} had enough readers"
    return Section(
        "data-sets",
        "Data sets",
        f"{title} in {newest:%B %Y}",
        "Downloads, data and readers of the newest month.",
        data_table("Data sets by downloads", columns, rows),
        EMPTY,
        (usage.report.query.name,),
        tells_places=False,
    )


def breakdowns(usage: PublicUsage) -> Iterator[Section]:
    """Networks, and kinds of file."""
    for breakdown, subject, heading, label in (
        ("network", "Networks", "Network", network_name),
        ("file type", "File types", "Ending", ending),
    ):
        if ranked := usage.ranked(breakdown):
            whole, (first, most) = sum(downloads for _, downloads in ranked), ranked[0]
            title = f"{_called(first, label)}: most downloads, {words.share(most, whole)} of all"
            section = _ranking(usage, breakdown, heading, title, label, subject)
            yield replace(section, tells_places=breakdown == "network")


def hidden_numbers(usage: PublicUsage) -> Section:
    """How much of each month is hidden."""
    kinds = sorted({kind for month in usage.months for kind in month.shown.shares})
    rows = [
        {"month": month.first_day, "least": month.minimum_readers, "cells": month.shown.cells, **month.shown.shares}
        for month in usage.months[::-1]
    ]
    columns = [MONTH, count_column("Least readers", "least"), count_column("Hidden numbers", "cells")]
    columns += [Column(f"Bytes by {kind}", kind, lambda share: words.share(share, 1)) for kind in kinds]
    rows = [dict.fromkeys(kinds) | row for row in rows]
    return Section(
        "hidden",
        "What was hidden",
        f"{usage.summary[:1].upper()}{usage.summary[1:]}",
        "Numbers of few readers, and those that would give them away, are not public. Their share of the bytes:",
        data_table("Hidden numbers and share of the hidden bytes by month", columns, rows),
        EMPTY,
        (usage.report.query.name,),
        tells_places=False,
    )


def all_months(usage: PublicUsage) -> Card:
    """The files of all months, the newest first."""
    entries = [
        element("li", element("div", element("strong", f"{month.first_day:%B %Y}"), links(usage.files(month), "")))
        for month in usage.months[::-1]
    ]
    return card("all-files", "All months", "All months", element("ul", *entries, class_="reports"))


def _ranking(
    usage: PublicUsage, breakdown: str, heading: str, title: str, label: Callable[[str], str], subject: str
) -> Section:
    bars = [count_bar(name(_called(names, label)), downloads) for names, downloads in usage.ranked(breakdown)[:BARS]]
    rows = [
        {**row, "name": _called(names, label), "month": start}
        for names, months in usage.rows[breakdown].items()
        for start, row in months.items()
    ]
    rows.sort(key=lambda row: (-row["month"].toordinal(), OTHER in row.values(), -known(row[DOWNLOADS]), row["name"]))
    columns: Sequence[Column] = [MONTH, Column(heading, "name"), *COLUMNS]
    return Section(
        breakdown.replace(" ", "-"),
        subject,
        title,
        f"Downloads in {usage.period}.",
        bar_list(bars, f"{heading} by downloads"),
        data_table(f"{heading} by month", columns, rows),
        (usage.report.query.name,),
        is_wide=False,
    )


def _called(names: Name, label: Callable[[str], str]) -> str:
    return OTHERS if OTHER in names else label(names[0])


def _country(code: str) -> str:
    return "Unknown country" if code == UNKNOWN else country_name(code)


def _data_set(names: Name) -> Html:
    data_set = DataSet(*names)
    return element("a", name(data_set.label), href=data_set.page) if OTHER not in names else Html(OTHERS)
