"""Spark as a carrier of work."""

from __future__ import annotations

import sys
from zipimport import zipimporter

from glue_jobs.spark import run_tasks, session


def _archives_looked_at_before_each_task(item: int) -> tuple[int, list[str]]:
    return item, [path for path, finder in sys.path_importer_cache.items() if isinstance(finder, zipimporter)]


def test_results_come_in_the_order_of_the_items_and_no_archive_is_read_again_between_tasks() -> None:
    heard: list[tuple[int, int]] = []
    results = run_tasks(
        session(), _archives_looked_at_before_each_task, [3, 1, 2], lambda done, total: heard.append((done, total))
    )
    assert results == [(3, []), (1, []), (2, [])]
    assert heard[-1] == (3, 3)
