"""Bars beside names, and the small pictures inside tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glue_jobs.publish.page import words
from glue_jobs.publish.page.charts.time_chart import number
from glue_jobs.publish.page.markup import EMPTY, Html, element

SPARK_HEIGHT = 26


@dataclass(frozen=True)
class Bar:
    """One row: its parts are drawn side by side, each in its own colour; ``value`` is their sum in words."""

    name: Html
    parts: Sequence[float]
    value: str
    about: str = ""


def count_bar(name: Html, count: int, about: str = "") -> Bar:
    """The bar of a count."""
    return Bar(name, [count], words.count(count), about)


def bar_list(bars: Sequence[Bar], label: str) -> Html:
    """A list of names with a bar and a value each; the longest bar has the whole width."""
    longest = max((sum(bar.parts) for bar in bars), default=0) or 1
    return element("ol", *(_row(bar, longest) for bar in bars), class_="bars", aria_label=label)


def sparkline(values: Sequence[float]) -> Html:
    """A value over time as a small area chart; the maximum has the full height."""
    top = max(values, default=0) or 1
    last = len(values) - 1
    points = [
        f"{place} {number(SPARK_HEIGHT - 1 - (SPARK_HEIGHT - 3) * value / top)}" for place, value in enumerate(values)
    ]
    if last < 1:
        return element("svg", class_="spark", aria_hidden="true")
    line = f"M{'L'.join(points)}"
    return Html(
        f'<svg class="spark" viewBox="0 0 {last} {SPARK_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="area" d="{line}L{last} {SPARK_HEIGHT}L0 {SPARK_HEIGHT}Z"/><path class="line" d="{line}"/></svg>'
    )


def meter(value: float, largest: float) -> Html:
    """A thin bar for a table cell."""
    width = number(100 * value / largest if largest else 0)
    return Html(f'<svg class="meter" aria-hidden="true"><rect class="c0" width="{width}%" height="100%"/></svg>')


def _row(bar: Bar, longest: float) -> Html:
    x, rects = 0.0, []
    for place, part in enumerate(bar.parts):
        width = 100 * part / longest
        if width:
            rects.append(f'<rect class="c{place}" x="{number(x)}%" width="{number(max(width, 0.3))}%" height="100%"/>')
        x += width
    picture = Html(f'<svg class="bar" aria-hidden="true">{"".join(rects)}</svg>')
    about = element("small", bar.about) if bar.about else EMPTY
    return element(
        "li", element("span", bar.name, about, class_="name"), picture, element("span", bar.value, class_="said")
    )
