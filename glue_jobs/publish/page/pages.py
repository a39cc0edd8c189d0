"""All pages of an edition: the main page, and one for each data set."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, Answers, DataSet
from glue_jobs.publish.page.document import document
from glue_jobs.publish.page.markup import EMPTY, Html, element, joined, name
from glue_jobs.publish.page.section import Card, Section, section_html
from glue_jobs.publish.page.sections.about import DEFINITIONS, all_files, completeness, definitions
from glue_jobs.publish.page.sections.costs import costs
from glue_jobs.publish.page.sections.data_sets import data_sets
from glue_jobs.publish.page.sections.file_types import file_types
from glue_jobs.publish.page.sections.freshness import freshness
from glue_jobs.publish.page.sections.headline import headline, summary, without_reads
from glue_jobs.publish.page.sections.over_time import over_time
from glue_jobs.publish.page.sections.places import networks, regions, world
from glue_jobs.publish.page.sections.readers import readers
from glue_jobs.publish.page.sections.reading import tools, top_files
from glue_jobs.publish.page.sections.storage import kept, never_read, stored_of
from glue_jobs.publish.page.sections.stored_over_time import stored_over_time
from glue_jobs.publish.page.sections.subscribers import subscribers
from glue_jobs.publish.page.usage import Usage

INDEX, SUMMARY = "index.html", "summary.json"

# A checksum identifies a version of a file. It is in the manifest, and means nothing to readers of a page.
CHECKSUM = re.compile(r" sha256:[0-9a-f]+")

# In the order of the page. Each section covers all data sets or a single one.
OF_DATA_SETS: tuple[Callable[[Answers, DataSet], Section | None], ...] = (
    top_files,
    file_types,
    readers,
    networks,
    regions,
)


def pages(answers: Answers) -> Iterator[tuple[str, str]]:
    """Name and text of each page; the main page, which has links to the others, is the last."""
    usage = Usage(answers)
    yield from data_set_pages(answers, usage)
    yield INDEX, main_page(answers, usage)


def data_set_pages(answers: Answers, usage: Usage) -> Iterator[tuple[str, str]]:
    """Name and text of the page of each data set, those with most downloads first."""
    below = replace(answers, root="../", section_notes={})
    for one in usage.data_sets:
        yield one.page, _data_set_page(below, usage, one)


def summary_text(answers: Answers) -> str:
    """The headline numbers as JSON."""
    usage = Usage(answers)
    numbers = summary(answers, usage) if usage else {}
    return json.dumps({"day": answers.day.isoformat(), **numbers}, indent=2) + "\n"


def main_page(answers: Answers, usage: Usage) -> str:
    """The page of all data sets."""
    sections = [over_time(usage, EVERYTHING), world(answers, EVERYTHING), data_sets(usage)] if usage else []
    sections += [make(answers, EVERYTHING) for make in OF_DATA_SETS]
    sections += [tools(answers), subscribers(answers), kept(answers), stored_over_time(answers, EVERYTHING)]
    sections += [never_read(answers), costs(answers, usage), freshness(answers), completeness(answers)]
    top = headline(answers, usage, EVERYTHING) if usage else _without_reads(answers)
    return page_of("Usage report", top, sections, answers, [definitions(DEFINITIONS), all_files(answers)])


def _data_set_page(answers: Answers, usage: Usage, scope: DataSet) -> str:
    sections = [
        over_time(usage, scope),
        world(answers, scope),
        *(make(answers, scope) for make in OF_DATA_SETS),
        stored_of(answers, scope),
        stored_over_time(answers, scope),
    ]
    return page_of(scope.label, headline(answers, usage, scope), sections, answers, [definitions(DEFINITIONS)])


def _without_reads(answers: Answers) -> Html:
    title, reason = without_reads(answers)
    return joined(element("h1", title), element("p", reason, class_="lead"))


def _in_pairs(sections: Sequence[Section]) -> list[Section]:
    """The sections; a half-width section without a neighbour becomes full-width."""
    placed: list[Section] = []
    is_left_free = True
    for place, section in enumerate(sections):
        following = sections[place + 1] if place + 1 < len(sections) else None
        if is_left_free and (following is None or following.is_wide):
            section = replace(section, is_wide=True)
        placed.append(section)
        is_left_free = section.is_wide or not is_left_free
    return placed


def _credits(sections: Sequence[Section], answers: Answers) -> Html:
    """The attribution for the places of readers in the sections."""
    credits = answers.credits([name for section in sections if section.tells_places for name in section.queries])
    if not credits:
        return EMPTY
    named = " · ".join(CHECKSUM.sub("", credit) for credit in credits)
    return element("p", f"Places by {named}.", class_="credits")


def page_of(title: str, top: Html, sections: Sequence[Section | None], answers: Answers, cards: Sequence[Card]) -> str:
    """A page with ``top`` above its sections and the cards below them. Pages of data sets are in a folder."""
    origin = element("strong", title)
    if answers.root:
        origin = element("a", "\N{LEFTWARDS ARROW} All data sets", href=f"{answers.root}{INDEX}")
        top = joined(element("p", name(title), class_="of"), top)
    brand = element("p", origin, element("span", words.day(answers.day)))
    shown = _in_pairs([section for section in sections if section])
    grid = [*(section_html(section, answers) for section in shown), *(card.html for card in cards)]
    notices = [element("p", notice, role="note", class_="notice") for notice in answers.notices]
    content = joined(
        *notices, element("div", top, class_="hero"), element("div", *grid, class_="grid"), _credits(shown, answers)
    )
    navigation = [(section.identity, section.subject) for section in shown]
    navigation += [(card.identity, card.subject) for card in cards]
    return document(f"{title}, {words.day(answers.day)}", brand, navigation, content)
