"""The top of the page: downloads, bytes and readers of the last 28 days, and what changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, Answers, DataSet
from glue_jobs.publish.page.charts.bars import sparkline
from glue_jobs.publish.page.markup import Html, element, joined
from glue_jobs.publish.page.sections.freshness import has_download_logs
from glue_jobs.publish.page.sections.places import COUNTRIES, known_countries
from glue_jobs.publish.page.sections.reading import TOP_OBJECTS
from glue_jobs.publish.page.usage import AUDIENCE, BYTES, DOWNLOADS, READERS, USAGE, Usage, Window

SPARK_DAYS = 56
EXCLUDED = ", robots and the publisher\N{RIGHT SINGLE QUOTATION MARK}s own traffic not counted."

TILES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("Downloads", DOWNLOADS, words.count),
    ("Data served", BYTES, words.size),
    ("Readers", READERS, words.count),
)


def headline(answers: Answers, usage: Usage, scope: DataSet) -> Html:
    """The title of the page in words, and one tile for each number."""
    window = usage.window(scope)
    tiles = [_tile(usage, scope, window, *tile) for tile in TILES]
    countries = known_countries(answers, scope)
    if countries:
        since = min(row["month"] for row in answers.rows(COUNTRIES))
        parts = [element("dt", "Countries"), element("dd", words.count(countries), class_="big")]
        parts.append(element("dd", f"since {since:%B %Y}", class_="from"))
        tiles.append(element("dl", *parts, class_="tile"))
    return joined(
        element("h1", _title(window)),
        element("p", *_lead(usage, window), class_="lead"),
        element("div", *tiles, class_="tiles"),
    )


def without_reads(answers: Answers) -> tuple[str, str]:
    """The title of a page without downloads, and the reason in a sentence or two."""
    if answers.get(USAGE) is None:
        return "Usage report", "Downloads and readers are not in this edition."
    has_logs = has_download_logs(answers)
    if has_logs is False:
        reason = "The lake has no access logs, from which downloads and readers are counted."
        return "Downloads are not known", f"{reason} What other sources tell is below."
    if answers.rows(TOP_OBJECTS):
        reason = f"The first known reads are of today, {words.day(answers.day)}, and are below. "
        return "No complete day is known yet", f"{reason}The last 28 days are counted when one of them is complete."
    reason = "The logs have no reads yet." if has_logs else "The lake has no access logs, or nothing was read yet."
    return "No reads are known", f"{reason} What is known from other sources is below."


def summary(answers: Answers, usage: Usage) -> dict[str, Any]:
    """The numbers of the headline, for programs."""
    window = usage.window(EVERYTHING)
    numbers: dict[str, Any] = {"first_day": window.first.isoformat(), "last_day": window.last.isoformat()}
    for name, column in (("downloads", DOWNLOADS), ("bytes", BYTES), ("readers", READERS)):
        numbers[name] = window.value(column)
        numbers[f"{name}_28_days_before"] = window.value_before(column)
    if answers.get(COUNTRIES):
        numbers["countries_in_13_months"] = known_countries(answers, EVERYTHING)
    return numbers


def _title(window: Window) -> str:
    downloads = window.value(DOWNLOADS)
    if not downloads:
        return "No downloads in the last 28 days"
    before = window.value_before(DOWNLOADS)
    if before is None or before == downloads:
        return f"{words.plural(downloads, 'download')} in the last 28 days"
    direction = "up from" if downloads > before else "down from"
    return f"{words.plural(downloads, 'download')} in the last 28 days, {direction} {words.count(before)}"


def _lead(usage: Usage, window: Window) -> list[Html]:
    period = element("span", words.days(window.first, window.last), class_="keep")
    if not window.value(DOWNLOADS):
        newest = f" The newest data are of {usage.newest}." if usage.newest else " The logs are empty."
        return [joined("Nothing was downloaded completely in ", period, EXCLUDED, newest)]
    size = element("strong", words.size(window.value(BYTES)))
    readers = element("strong", words.plural(window.value(READERS), "reader"))
    sentence = joined(size, " went to ", readers, " in ", period, EXCLUDED)
    if window.before is None and usage.first_day:
        return [sentence, Html(f" The logs begin on {words.day(usage.first_day)}, so there is no comparison yet.")]
    return [sentence]


def _tile(usage: Usage, scope: DataSet, window: Window, title: str, column: str, write: Callable[[float], str]) -> Html:
    now, before = window.value(column), window.value_before(column)
    parts = [element("dt", title), element("dd", write(now), class_="big")]
    if before is not None:
        direction = "up" if now > before else "down" if now < before else "same"
        sign = {"up": "\N{UPWARDS ARROW}", "down": "\N{DOWNWARDS ARROW}", "same": "="}[direction]
        chip = element("span", f"{sign} {words.change(now, before)}", class_=f"chip {direction}")
        parts.append(element("dd", chip, " ", element("span", f"from {write(before)}", class_="keep"), class_="from"))
    course = usage.values(scope, "day", AUDIENCE + column)[-SPARK_DAYS:]
    return element("dl", *parts, sparkline(course), class_="tile")
