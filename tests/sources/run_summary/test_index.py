"""Which summaries are found: those that an index names, in whatever order, each once; and runs without an object."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs.read.raw_object import Skipped
from glue_jobs.sources.run_summary.source import ABSENT, list_summaries
from glue_jobs.storage import storage_for


@pytest.mark.parametrize(
    ("index", "found"),
    [
        (b"SRR9\nSRR10\r\nSRR1\nSRR10\n", {"SRR1": "", "SRR10": "", "SRR9": ""}),
        (b"SRR2\nSRR1", {"SRR1": "", "SRR2": ABSENT}),
        (b"ERR1\nSRR99999\nSRR9\n", {"ERR1": ABSENT, "SRR9": "", "SRR99999": ABSENT}),
        (b"", {}),
        (None, {"SRR1": "", "SRR10": "", "SRR9": ""}),
    ],
)
def test_an_index_decides_which_summaries_are_taken(index: bytes | None, found: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "summary2").mkdir()
    for run in ("SRR1", "SRR10", "SRR9"):
        (tmp_path / f"summary2/{run}.summary").write_bytes(b"x")
    if index is not None:
        (tmp_path / "nindex.txt").write_bytes(index)
    entries = [each.entry for each in list_summaries(storage_for(str(tmp_path)), str(tmp_path), Skipped())]
    assert {Path(entry.address).stem: entry.unreadable for entry in entries} == found
    assert len(entries) == len(found)
