"""The list of saved queries."""

from __future__ import annotations

import pytest

from glue_jobs.cli.answers.query_list import print_queries
from glue_jobs.query.saved.query import SavedQuery


def test_queries_are_listed_with_what_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    saved = list(SavedQuery.all())
    print_queries(saved)
    text = capsys.readouterr().out
    assert all(query.name in text and query.metadata.title in text for query in saved)
    for query in saved:
        assert all(f"{each.name}={each.example}" in text for each in query.metadata.parameters if each.default is None)


@pytest.mark.parametrize("columns", [40, 50, 80])
def test_titles_are_wrapped_beside_the_names_or_below(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_queries(SavedQuery.all())
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert "" in lines, "subjects are apart"
