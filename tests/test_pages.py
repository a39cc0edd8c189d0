"""What the pages for readers refer to exists: files, headings, tests, targets of make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "queries/README.md"])


def anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives the headings of a page."""
    headings = re.findall("^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)\s#]*)(?:#([^)\s]+))?\)", page.read_text())
    targets = [((page.parent / file) if file else page, heading) for file, heading in links]
    assert not [file for file, _ in targets if not file.exists()]
    assert not [(file.name, heading) for file, heading in targets if heading and heading not in anchors(file)]


def test_tests_that_are_named_exist() -> None:
    tests = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    named = {name for page in PAGES for name in re.findall("`(test_[a-z0-9_]+)`", page.read_text())}
    assert named and not [name for name in named if f"def {name}(" not in tests]


def test_targets_of_make_that_are_named_exist() -> None:
    targets = set(re.findall("^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall("`make ([a-z]+)", page.read_text())}
    assert named and named <= targets
