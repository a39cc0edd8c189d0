"""The folders that runs have looked into: recorded by earlier runs, for each raw path."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from glue_jobs.ingest.discovery import log_folders
from glue_jobs.ingest.discovery.log_folders import (
    EARLIER_DAYS,
    LOG_FOLDERS,
    earlier_days_note,
    log_folders_note,
    unseen_folders,
    untaken_folders,
)
from tests.ingest.noted import noted

RAW = "s3://raw/logs"


def rows(folders: dict[str, list[str]] | None = None) -> Any:
    return noted(None if folders is None else {LOG_FOLDERS: json.dumps(folders)})


def test_folders_are_unseen_unless_a_run_of_the_same_raw_path_noted_them() -> None:
    listed = {f"{RAW}/{name}/" for name in ("c", "b", "a")}
    assert unseen_folders(rows({RAW: ["/a/"], "s3://raw/b": ["/b/"]}), RAW, listed) == [f"{RAW}/b/", f"{RAW}/c/"]


def test_without_a_note_or_with_too_many_folders_none_is_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unseen_folders(rows(), RAW, {f"{RAW}/a/"}) == []
    assert unseen_folders(rows({"s3://raw/b": []}), RAW, {f"{RAW}/a/"}) == []
    monkeypatch.setattr(log_folders, "MAX_NOTED_FOLDERS", 1)
    assert unseen_folders(rows({RAW: []}), RAW, {f"{RAW}/a/", f"{RAW}/b/"}) == []


def test_a_note_keeps_the_folders_of_earlier_runs() -> None:
    note = log_folders_note(rows({RAW: ["/b/"], "s3://raw/b": ["/x/"]}), RAW, {f"{RAW}/a/"})
    assert json.loads(note[LOG_FOLDERS]) == {RAW: ["/a/", "/b/"], "s3://raw/b": ["/x/"]}


def test_folders_with_earlier_days_are_noted_until_a_run_looks_into_them() -> None:
    first = earlier_days_note(rows(), RAW, {f"{RAW}/b/"}, {f"{RAW}/a/": date(2024, 5, 7)})
    after = noted(first)
    assert untaken_folders(after) == [(RAW, f"{RAW}/a/", date(2024, 5, 7))]
    assert earlier_days_note(after, RAW, {f"{RAW}/b/"}, {}) == {}
    assert json.loads(earlier_days_note(after, RAW, {f"{RAW}/a/"}, {})[EARLIER_DAYS]) == {RAW: {}}
    assert earlier_days_note(after, "s3://raw/b", set(), {}) == {}
