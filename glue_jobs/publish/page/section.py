"""A section of the page: a finding in words, a picture, a table and files, and the meaning of the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glue_jobs.publish.page.answers import Answers
from glue_jobs.publish.page.markup import EMPTY, Html, element
from glue_jobs.publish.page.tables import links


@dataclass(frozen=True)
class Section:
    """One finding.

    ``title`` says it in words, ``subject`` names it in the navigation, ``about`` says what is counted and when.
    ``controls`` stand above the picture. ``queries`` are those whose results are shown.
    """

    identity: str
    subject: str
    title: str
    about: str
    picture: Html
    table: Html
    queries: Sequence[str]
    controls: Html = EMPTY
    is_wide: bool = True
    tells_places: bool = True
    """Whether the section shows the places of readers that its results contain."""


class Card(NamedTuple):
    """A full-width block below the sections; ``subject`` names it in the navigation."""

    identity: str
    subject: str
    html: Html


def card(identity: str, subject: str, heading: str, *content: Html) -> Card:
    """A card with this content."""
    html = element(
        "section",
        element("h2", heading, id=f"{identity}-title"),
        *content,
        id=identity,
        class_="card wide",
        aria_labelledby=f"{identity}-title",
    )
    return Card(identity, subject, html)


def section_html(section: Section, answers: Answers) -> Html:
    """The section as HTML."""
    shown = [answer for name in section.queries if (answer := answers.get(name))]
    foot: list[Html] = []
    if section.table:
        numbers = element("summary", "Numbers", class_="button")
        foot.append(element("details", numbers, section.table))
    notes = [note for name in section.queries for note in answers.section_notes.get(name, ())]
    are_several = len(shown) > 1
    files = [
        links(answer.files, answers.root, answer.report.query.metadata.title if are_several else "") for answer in shown
    ]
    foot.append(element("div", *files, class_="downloads"))
    return element(
        "section",
        element("p", section.subject, class_="subject"),
        element("h2", section.title, id=f"{section.identity}-title"),
        element("p", section.about, class_="about"),
        *(element("p", note, role="note", class_="about") for note in notes),
        section.controls,
        element("div", section.picture, class_="picture"),
        element("div", *foot, class_="foot"),
        id=section.identity,
        class_="card wide" if section.is_wide else "card",
        aria_labelledby=f"{section.identity}-title",
    )
