"""The page of the public tier, and one for each data set: drawn from the public files and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import DataSet
from glue_jobs.publish.page.markup import Html, element, joined
from glue_jobs.publish.page.pages import INDEX, page_of
from glue_jobs.publish.page.sections.about import definitions
from glue_jobs.publish.public.sections import (
    all_months,
    breakdowns,
    data_sets,
    hidden_numbers,
    number_text,
    over_time,
    world,
)
from glue_jobs.publish.public.suppression import BYTES, OTHER, WHOLE
from glue_jobs.publish.public.usage import COUNTS, DOWNLOADS, READERS, WHEN, Name, PublicUsage, known

BRAND = "Public usage report"
TILES = (("Downloads", DOWNLOADS), ("Data served", BYTES), ("Readers", READERS))
DEFINITIONS = (
    (
        "Download",
        "One reader reads one version of one object, with no pause over 30 minutes, and gets at least 95 % of its "
        "bytes.",
    ),
    (
        "Reader",
        "The AWS account that signed the request, however many people and programs it has; for anonymous requests and "
        "presigned URLs, the address, or its network if it is one of IPv6. "
        "Known robots and the publisher do not count. Numbers of readers are rounded, and those of several months, "
        "countries or data sets must not be added up.",
    ),
    (
        "Hidden",
        "A number of fewer readers than the least that the publisher set is replaced, for example by <10. Others are "
        "hidden so that subtractions do not tell it. All hidden numbers of a breakdown together are in the row of "
        "others, which belongs to enough readers.",
    ),
    (
        "Months",
        "Months are in UTC. A month is published once, at least seven days after its end, and not changed later. The "
        "logs may begin within the first one.",
    ),
)


def public_pages(usage: PublicUsage, day: date, notices: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each page; the main page comes last."""
    if not usage.months:
        top = joined(element("h1", "No month is public yet"), element("p", f"{WHEN.capitalize()}.", class_="lead"))
        yield INDEX, page_of(BRAND, top, [], usage.answers(day, notices), [definitions(DEFINITIONS)])
        return
    for account, repository in usage.rows["data set"]:
        if OTHER not in (account, repository):
            yield _data_set_page(usage, DataSet(account, repository), day, notices)
    answers = usage.answers(day, notices)
    sections = [over_time(usage, WHOLE, ()), world(usage), data_sets(usage), *breakdowns(usage)]
    cards = [definitions(DEFINITIONS), all_months(usage)]
    yield INDEX, page_of(BRAND, _headline(usage, WHOLE, ()), [*sections, hidden_numbers(usage)], answers, cards)


def public_summary(usage: PublicUsage, day: date) -> str:
    """The numbers of the newest month as JSON."""
    content: dict[str, Any] = {"day": day.isoformat(), "tier": "public"}
    if usage.months:
        newest = usage.months[-1]
        row = usage.rows[WHOLE][()][newest.first_day]
        content |= {"month": f"{newest.first_day:%Y-%m}", **{count: row[count] for count in COUNTS}}
    return json.dumps(content, indent=2) + "\n"


def _data_set_page(usage: PublicUsage, one: DataSet, day: date, notices: Sequence[str]) -> tuple[str, str]:
    scope = "data set", (one.account, one.repository)
    answers, cards = usage.answers(day, notices, "../"), [definitions(DEFINITIONS)]
    return one.page, page_of(one.label, _headline(usage, *scope), [over_time(usage, *scope)], answers, cards)


def _headline(usage: PublicUsage, breakdown: str, name: Name) -> Html:
    """The newest month in words, and a tile for each number."""
    newest = usage.months[-1]
    month = words.month(newest.first_day)
    row = usage.rows[breakdown].get(name, {}).get(newest.first_day)
    if row is None or not known(row[DOWNLOADS]):
        hidden = f"Numbers of fewer than {newest.minimum_readers} readers are not public."
        return joined(element("h1", f"No downloads are public of {month}"), element("p", hidden, class_="lead"))
    tiles = []
    for title, count in TILES:
        parts = [element("dt", title), element("dd", number_text(count, row[count]), class_="big")]
        tiles.append(element("dl", *parts, class_="tile"))
    size, readers = (element("strong", number_text(count, row[count])) for count in (BYTES, READERS))
    lead = joined(size, " went to ", readers, " readers, robots and the publisher not counted.")
    return joined(
        element("h1", f"{words.plural(row[DOWNLOADS], 'download')} in {month}"),
        element("p", lead, class_="lead"),
        element("div", *tiles, class_="tiles"),
    )
