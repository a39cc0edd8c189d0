"""What a run lists: its window, days that wait, and what new folders have of earlier days, no object twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glue_jobs.ingest.discovery.discover import discover
from glue_jobs.ingest.discovery.log_folders import LOG_FOLDERS
from glue_jobs.ingest.discovery.unreadable_days import UNREADABLE_DAYS
from glue_jobs.ingest.discovery.watermark import WATERMARK
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.progress import SilentReporter
from glue_jobs.sources.pipelines import BY_NAME
from tests.ingest.noted import noted


def test_a_day_that_waits_is_listed_once_in_a_folder_that_is_new(tmp_path: Path) -> None:
    raw = f"{tmp_path}/"
    for folder, day in (("old", "2024-05-20"), ("old", "2024-05-01"), ("new", "2024-05-01"), ("new", "2024-05-02")):
        path = tmp_path / folder / day.replace("-", "/") / f"{day}-01-02-03-A1B2"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    notes = {WATERMARK: {raw: "2024-05-20"}, UNREADABLE_DAYS: {raw: ["2024-05-01"]}, LOG_FOLDERS: {raw: ["old/"]}}
    rows = noted({name: json.dumps(value) for name, value in notes.items()})
    lake: Any = None
    listing = discover(IngestRequest(BY_NAME["s3_access_log"], raw, lake), rows, SilentReporter())
    found = [each.entry.address.removeprefix(raw) for each in listing.objects]
    assert sorted(name.rpartition("/")[0] for name in found) == [
        *("new/2024/05/01", "new/2024/05/02", "old/2024/05/01", "old/2024/05/20")
    ]
    assert (listing.log_folders, listing.untaken) == ({f"{raw}old/", f"{raw}new/"}, {})
