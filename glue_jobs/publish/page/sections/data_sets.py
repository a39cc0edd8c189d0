"""Data sets by downloads, each with its course over time, and those that rose and fell most."""

from __future__ import annotations

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, DataSet
from glue_jobs.publish.page.charts.bars import sparkline
from glue_jobs.publish.page.markup import EMPTY, Html, element, joined, name
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import CHANGE, Column, count_column, data_table, ratio, size_column
from glue_jobs.publish.page.usage import AUDIENCE, BYTES, DOWNLOADS, READERS, USAGE, Usage

SPARK_WEEKS = 26
MIN_DOWNLOADS_OF_MOVERS = 20
"""A change counts as chance if both periods have fewer downloads than this."""
MOVERS = 3


def data_sets(usage: Usage) -> Section | None:
    """The section; None with fewer than two data sets."""
    if len(usage.data_sets) < 2:
        return None
    most = max(usage.window(one).value(DOWNLOADS) for one in usage.data_sets)
    window = usage.window(EVERYTHING)
    rows = [_row(usage, one) for one in usage.data_sets]
    columns = [
        Column("Data set", "name"),
        Column("Last 26 weeks", "course"),
        Column("Downloads", "downloads", words.count, largest=most),
        *([CHANGE] if window.before is not None else []),
        size_column("Data served", "bytes"),
        count_column("Readers", "readers"),
    ]
    table = data_table("Data sets by downloads in the last 28 days", columns, rows)
    return Section(
        "data-sets",
        "Data sets",
        _title(usage),
        f"Downloads, data served and readers in {words.days(window.first, window.last)}.",
        joined(_movers(usage), table),
        EMPTY,
        (USAGE,),
    )


def _title(usage: Usage) -> str:
    all_downloads, first = usage.window(EVERYTHING).value(DOWNLOADS), usage.data_sets[0]
    downloads = usage.window(first).value(DOWNLOADS)
    if not downloads:
        return "No data set was downloaded in the last 28 days"
    return f"{words.shortened(first.label)} has most downloads: {words.share(downloads, all_downloads)} of all"


def _row(usage: Usage, scope: DataSet) -> dict[str, object]:
    window = usage.window(scope)
    now, before = window.value(DOWNLOADS), window.value_before(DOWNLOADS)
    return {
        "name": element("a", name(scope.label), href=scope.page),
        "course": sparkline(_whole_weeks(usage, scope)[-SPARK_WEEKS:]),
        "downloads": now,
        "change": None if before is None else ratio(now, before),
        "bytes": window.value(BYTES),
        "readers": window.value(READERS),
    }


def _whole_weeks(usage: Usage, scope: DataSet) -> list[int]:
    """Downloads by week, without the week under way, which would look like a decline."""
    downloads = zip(usage.periods["week"], usage.values(scope, "week", AUDIENCE + DOWNLOADS), strict=True)
    return [value for week, value in downloads if week.is_complete]


def _movers(usage: Usage) -> Html:
    changes = []
    for one in usage.data_sets:
        window = usage.window(one)
        now, before = window.value(DOWNLOADS), window.value_before(DOWNLOADS)
        if before is not None and max(now, before) >= MIN_DOWNLOADS_OF_MOVERS:
            changes.append((ratio(now, before), now, before, one))
    rising = sorted((each for each in changes if each[0] > 1), key=lambda each: (-each[0], -each[1], each[3]))
    falling = sorted((each for each in changes if each[0] < 1), key=lambda each: (each[0], -each[2], each[3]))
    lists = [
        element("div", element("h3", title), element("ul", *map(_mover, movers[:MOVERS])))
        for title, movers in (("Rising", rising), ("Falling", falling))
        if movers
    ]
    return element("div", *lists, class_="movers") if lists else EMPTY


def _mover(mover: tuple[float, int, int, DataSet]) -> Html:
    _, now, before, one = mover
    chip = element("span", words.change(now, before), class_=f"chip {'up' if now > before else 'down'}")
    numbers = element("small", f"{words.count(before)} \N{RIGHTWARDS ARROW} {words.count(now)}")
    return element("li", chip, element("a", name(one.label), href=one.page), numbers)
