"""The results as Markdown: a section per benchmark, each with machine and date of the measurement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Line

HEAD = """\
# Results

`figure` is in wall seconds (the median, then every run), or a ratio of them, unless it names another unit. `CPU` is the
same in user and system seconds of the whole process tree: Java, Python workers and all. Targets are for wall seconds.

"""


def section(title: str, head: str, lines: Sequence[Line]) -> str:
    """The section of one benchmark: heading, ``head`` with machine and date, and table."""
    cells = [(line.what, line.figure, line.cpu, line.target, _met(line), line.note) for line in lines]
    table = ["| what | figure | CPU | target | met | how |", "|---|---|---|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in cells]
    return f"## {title}\n\n{head}\n\n" + "\n".join(table) + "\n"


def _met(line: Line) -> str:
    return "" if line.met is None else "yes" if line.met else "**no**"


def keep(file: Path, titles: Sequence[str], text: str) -> None:
    """Replace the section with the same heading; the file then has the sections of ``titles``, in this order."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    sections = {_title(each): each.strip() + "\n" for each in [*_sections(before), text]}
    kept = [sections[title] for title in titles if title in sections]
    file.write_text(HEAD + "\n".join(kept), encoding="utf-8")


def _sections(text: str) -> list[str]:
    return re.split("^(?=## )", text, flags=re.MULTILINE)[1:]


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("## ").strip()
