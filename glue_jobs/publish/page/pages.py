"""All pages of an edition: the main page, and one for each data set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers
from glue_jobs.publish.page.document import document
from glue_jobs.publish.page.markup import Html, element, joined, name
from glue_jobs.publish.page.section import Section, section_html
from glue_jobs.publish.page.sections.about import all_files, completeness, definitions
from glue_jobs.publish.page.sections.data_sets import data_sets
from glue_jobs.publish.page.sections.headline import headline, summary
from glue_jobs.publish.page.sections.over_time import over_time
from glue_jobs.publish.page.sections.reading import tools, top_files
from glue_jobs.publish.page.sections.storage import costs, kept, never_read
from glue_jobs.publish.page.usage import EVERYTHING, DataSet, Usage

INDEX, SUMMARY = "index.html", "summary.json"

# In the order of the page.
SECTIONS: tuple[Callable[[Answers], Section | None], ...] = (top_files, tools, kept, never_read, costs, completeness)


def pages(answers: Answers) -> Iterator[tuple[str, str]]:
    """Name and text of each page; the main page, which has links to the others, is the last."""
    usage = Usage(answers)
    yield from data_set_pages(answers, usage)
    yield INDEX, main_page(answers, usage)


def data_set_pages(answers: Answers, usage: Usage) -> Iterator[tuple[str, str]]:
    """Name and text of the page of each data set, those with most downloads first."""
    below = replace(answers, root="../")
    for one in usage.data_sets:
        yield one.page, _data_set_page(below, usage, one)


def summary_text(answers: Answers) -> str:
    """The headline numbers as JSON."""
    usage = Usage(answers)
    numbers = summary(usage, EVERYTHING) if usage else {}
    return json.dumps({"day": answers.day.isoformat(), **numbers}, indent=2) + "\n"


def main_page(answers: Answers, usage: Usage) -> str:
    """The page of all data sets."""
    sections = [over_time(usage, EVERYTHING), data_sets(usage)] if usage else []
    shown = [section for section in [*sections, *(make(answers) for make in SECTIONS)] if section]
    top = headline(usage, EVERYTHING) if usage else element("h1", "No access logs were read")
    brand = element("p", element("strong", "Usage report"), element("span", words.day(answers.day)))
    return _page("Usage report", brand, top, shown, answers)


def _data_set_page(answers: Answers, usage: Usage, one: DataSet) -> str:
    brand = joined(
        element("p", element("a", "Usage report", href="../index.html"), element("span", words.day(answers.day))),
    )
    top = joined(element("p", name(one.label), class_="of"), headline(usage, one))
    return _page(one.label, brand, top, [over_time(usage, one)], answers)


def _page(title: str, brand: Html, top: Html, sections: list[Section], answers: Answers) -> str:
    content = joined(
        *(element("p", element("strong", notice), role="note") for notice in answers.notices),
        element("div", top, class_="hero"),
        element("div", *(section_html(section, answers) for section in sections), class_="grid"),
        element("div", definitions(answers), all_files(answers), class_="grid"),
    )
    navigation = [
        *((section.identity, section.subject) for section in sections),
        ("definitions", "Words"),
        ("all-files", "Files"),
    ]
    return document(f"{title}, {words.day(answers.day)}", brand, navigation, content)
