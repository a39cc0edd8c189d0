"""Downloads, bytes and readers by day, week or month."""

from __future__ import annotations

import json
from collections.abc import Sequence

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, DataSet
from glue_jobs.publish.page.charts.time_chart import Layer, Period, time_chart
from glue_jobs.publish.page.markup import Html, element, joined, visible
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import Column, count_column, data_table, size_column
from glue_jobs.publish.page.usage import AUDIENCE, DOWNLOADS, GRAINS, MEASURES, USAGE, Usage

MAX_DATA_BYTES = 400_000
"""The limit for the numbers of all data sets on the page; beyond it, numbers are on the data sets' own pages only."""

NUMBERS = [f"{kind}{measure}" for measure in MEASURES for kind in (AUDIENCE, "")]
"""The columns with the numbers of the chart and of its table."""
TABLE = (
    count_column("Downloads", "0"),
    size_column("Data served", "2"),
    count_column("Readers", "4"),
    count_column("Downloads, all traffic", "1"),
    size_column("Data served, all traffic", "3"),
    count_column("Readers, all traffic", "5"),
)
ABOUT = (
    "Downloads are reads of one object by one reader that got at least 95 % of it. A lighter last bar is a period "
    "under way."
)


def over_time(usage: Usage, scope: DataSet) -> Section:
    """The section, with the numbers from which the script redraws the chart."""
    grain = usage.best_grain
    periods, values = usage.periods[grain], usage.values(scope, grain, AUDIENCE + DOWNLOADS)
    title = busiest(grain, periods, values) if any(values) else "No downloads in this period"
    description = f"Bar chart: downloads by {grain}. {title}"
    picture = time_chart(periods, [Layer("", values)], words.short_count, description, identity="over-time-chart")
    columns = [usage.values(scope, grain, column) for column in NUMBERS]
    rows = [
        {"start": start, **{str(place): column[row] for place, column in enumerate(columns)}}
        for row, start in enumerate(usage.starts[grain])
    ]
    names = {start: period.name for start, period in zip(usage.starts[grain], periods, strict=True)}
    table = (Column("Period", "start", names.__getitem__), *TABLE)
    return Section(
        "over-time",
        "Over time",
        title,
        ABOUT,
        joined(picture, element("script", _data(usage, scope), type="application/json", id="usage")),
        data_table(f"Downloads, data served and readers by {grain}", table, rows[::-1], identity="over-time-table"),
        (USAGE,),
        _controls(usage, scope, grain),
    )


def busiest(grain: str, periods: Sequence[Period], downloads: Sequence[int]) -> str:
    """The period with most downloads, in words."""
    most = max(downloads)
    return f"The busiest {grain} was {periods[downloads.index(most)].name}, with {words.plural(most, 'download')}"


def _data(usage: Usage, scope: DataSet) -> Html:
    """For each grain the names of the periods; for each data set six rows of numbers, as in the columns."""
    grains = {
        grain: {
            "names": [period.name for period in periods],
            "labels": [period.label for period in periods],
            "partial": bool(periods) and not periods[-1].is_complete,
        }
        for grain, periods in usage.periods.items()
    }
    sets, room = [], MAX_DATA_BYTES
    for one in [scope, *(usage.data_sets if scope == EVERYTHING else ())]:
        entry: dict[str, object] = {"name": visible(one.label), "page": None if one == scope else one.page}
        if room > 0:
            entry["values"] = {
                grain: [_trimmed(usage.values(one, grain, column)) for column in NUMBERS] for grain in GRAINS
            }
        room -= len(json.dumps(entry, separators=(",", ":")))
        sets.append(entry)
    data = json.dumps({"grains": grains, "sets": sets}, ensure_ascii=False, separators=(",", ":"))
    # Inside <script>, only "</script" and "<!--" mean anything to an HTML parser.
    return Html(data.replace("<", "\\u003c"))


def _trimmed(values: list[int]) -> list[int]:
    """Without the zeros at the beginning."""
    return values[next((place for place, value in enumerate(values) if value), len(values)) :]


def _controls(usage: Usage, scope: DataSet, grain: str) -> Html:
    groups = [
        _choice("measure", "Measure", ("Downloads", "Data", "Readers"), 0),
        _choice("grain", "Period", [name.capitalize() for name in GRAINS], GRAINS.index(grain)),
        _switch("cumulative", "Cumulative"),
        _switch("all-traffic", "With robots and own traffic"),
    ]
    if scope == EVERYTHING and len(usage.data_sets) > 1:
        options = [element("option", one.label, value=place) for place, one in enumerate([scope, *usage.data_sets])]
        select = element("select", *options, id="data-set")
        groups.insert(0, element("label", element("span", "Data set", class_="hidden"), select))
    return element("form", *groups, class_="controls needs-script", id="over-time-form")


def _choice(name: str, title: str, labels: Sequence[str], chosen: int) -> Html:
    options = [
        element(
            "label",
            element("input", type="radio", name=name, value=place, checked=place == chosen),
            element("span", label),
        )
        for place, label in enumerate(labels)
    ]
    return element("fieldset", element("legend", title, class_="hidden"), *options, class_="choice")


def _switch(name: str, label: str) -> Html:
    return element("label", element("input", type="checkbox", name=name), element("span", label), class_="switch")
