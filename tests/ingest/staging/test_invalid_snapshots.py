"""Invalid snapshots are recorded once, as long as neither manifest nor reason changes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from glue_jobs.ingest.staging.invalid_snapshots import INVALID_SNAPSHOTS, invalid_snapshots, invalid_snapshots_note
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import Entry
from tests.ingest.noted import noted


def manifest(name: str, etag: str = "e") -> RawObject:
    return RawObject(Entry(f"/raw/{name}/manifest.json", 1, etag, datetime(2024, 5, 7)), None)


def known(rows: Any, found: RawObject, reason: str) -> bool:
    (invalid,) = invalid_snapshots(rows, [manifest("other"), found], {found.entry.address: reason})
    assert str(invalid) == f"refused {found.entry.address.removesuffix('manifest.json')}: {reason}"
    return invalid.known


def recorded(*found: RawObject, rows: Any = None, reason: str = "why") -> dict[str, str]:
    rows = rows or noted()
    reasons = {each.entry.address: reason for each in found}
    return invalid_snapshots_note(rows, [], invalid_snapshots(rows, found, reasons))


def test_a_snapshot_is_known_until_manifest_or_reason_changes() -> None:
    rows = noted(recorded(manifest("a")))
    assert known(rows, manifest("a"), "why")
    assert not known(rows, manifest("a"), "another reason")
    assert not known(rows, manifest("a", "another etag"), "why")
    assert not known(rows, manifest("b"), "why")
    assert not known(noted(), manifest("a"), "why")


def test_earlier_invalid_snapshots_stay_recorded_until_they_are_ingested() -> None:
    rows = noted(recorded(manifest("a"), manifest("b")))
    note = invalid_snapshots_note(rows, [manifest("a")], [])  # type: ignore[arg-type]
    assert {*json.loads(note[INVALID_SNAPSHOTS])} == {"/raw/b/manifest.json"}
    assert {*json.loads(recorded(manifest("c"), rows=rows)[INVALID_SNAPSHOTS])} == {
        f"/raw/{name}/manifest.json" for name in "abc"
    }


def test_a_note_has_a_limited_number_of_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.ingest.staging.invalid_snapshots.MAX_RECORDED_SNAPSHOTS", 2)
    note = recorded(*map(manifest, "cab"))
    assert [*json.loads(note[INVALID_SNAPSHOTS])] == ["/raw/b/manifest.json", "/raw/c/manifest.json"]
