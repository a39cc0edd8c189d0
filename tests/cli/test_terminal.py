"""The list of saved queries on a terminal."""

from __future__ import annotations

import pytest

from glue_jobs.cli.terminal import print_queries
from glue_jobs.query.saved.query import SavedQuery


def test_queries_are_listed_with_their_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    saved = list(SavedQuery.all())
    print_queries(saved)
    text = capsys.readouterr().out
    assert all(query.name in text and query.metadata.title in text for query in saved)
    for query in saved:
        assert all(f"{each.name}={each.example}" in text for each in query.metadata.parameters)
