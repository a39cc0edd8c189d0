"""Management events that are dropped are counted, and objects that were ingested are not read again."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

from click.testing import CliRunner

from glue_jobs.cli.main import main
from tests.end_to_end.lakes import contents, event_numbers
from tests.end_to_end.sources import CLOUDTRAIL, Raw, events

DAY = date(2024, 5, 7)


def deliver(raw: Raw, number: int) -> None:
    """An object with two data events and a management event."""
    records = list(map(CLOUDTRAIL.record, events(DAY, range(number, number + 3))))
    fields = json.loads(records[1])
    fields |= {"eventName": "PutBucketLogging", "managementEvent": True, "eventCategory": "Management"}
    records[1] = json.dumps(fields).encode()
    raw.put(CLOUDTRAIL.object_name(DAY, number), CLOUDTRAIL.content(records))


def test_they_are_dropped_from_then_on(tmp_path: Path, lake: str) -> None:
    raw = Raw(CLOUDTRAIL, str(tmp_path / "raw"))
    for number, option in ((10, []), (20, ["--management-events", "drop"])):
        deliver(raw, number)
        answer = CliRunner().invoke(
            main, ["ingest", "cloudtrail_s3_event", "--from", raw.address, "--lake", lake, *option]
        )
        assert answer.exit_code == 0, answer.output
    assert event_numbers(raw, lake) == Counter([10, 11, 12, 20, 22])
    sums = contents(lake, CLOUDTRAIL.pipeline).sums
    assert sums == {"records": 6, "rows": 5, "rejected": 0, "duplicates": 0, "filtered": 1}
