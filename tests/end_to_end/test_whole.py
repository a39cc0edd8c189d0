"""A reader that polls during a run sees the old state or the new one, never between; and every record is counted."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

import glue_jobs.ingest.events.stage_events
from glue_jobs.lake import Lake
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from tests.end_to_end.lakes import contents, run
from tests.end_to_end.sources import ALL_SOURCES, Raw, Source, events

DAY = date(2024, 5, 7)


class Reader(threading.Thread):
    """Opens the lake anew again and again, and notes what it sees: ledger rows, and then rows."""

    def __init__(self, raw: Raw, lake: str) -> None:
        super().__init__(daemon=True)
        # In this order: what the ledger tells of must be there, also when both tables change between the two looks.
        self.tables = (INGESTED_OBJECT, raw.source.table)
        self.lake = Lake(lake, "usage_lake")
        self.seen: list[tuple[int, ...]] = []
        self.error: Exception | None = None
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            try:
                self.seen.append(tuple(self._rows(table) for table in self.tables))
            except Exception as error:
                self.error = error
                return

    def _rows(self, table: Table) -> int:
        return int(self.lake.load(table).rows((table.columns[0].name,)).num_rows)

    def stop(self) -> None:
        self._done.set()
        self.join()


@pytest.mark.parametrize("source", ALL_SOURCES, ids=lambda source: source.title)
def test_a_reader_sees_all_of_a_run_or_nothing(
    source: Source, tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Raw(source, str(tmp_path / "raw"))
    monkeypatch.setattr(glue_jobs.ingest.events.stage_events, "chunk_size", lambda total, *_: max(total // 8, 1))
    raw.deliver(DAY, 0, events(DAY, range(10)))
    run(raw, lake)
    for number in range(1, 13):
        day = DAY + timedelta(days=number % 3)
        raw.deliver(day, number, events(day, range(number * 100, number * 100 + 50)))
    reader = Reader(raw, lake)
    reader.start()
    run(raw, lake)
    # One more look, so that the end is among what was seen.
    seen = len(reader.seen)
    while len(reader.seen) < seen + 2 and reader.is_alive():
        time.sleep(0.01)
    reader.stop()
    assert reader.error is None
    assert seen > 3
    # The rows come first, then the ledger: between the two, each of them is still whole.
    states = list(dict.fromkeys(reader.seen))
    assert set(states) <= {(1, 10), (1, 610), (13, 610)}
    assert states[0] == (1, 10)
    assert states[-1] == (13, 610)


@pytest.mark.parametrize("source", ALL_SOURCES, ids=lambda source: source.title)
def test_the_ledger_counts_every_record_there_is(source: Source, tmp_path: Path, lake: str) -> None:
    raw = Raw(source, str(tmp_path / "raw"))
    apart = 5 if source.of_documents else 3
    for number in range(6):
        raw.deliver(DAY, number, events(DAY, range(number * apart, number * apart + 5)), bad=number % 3)
        if number % 2:
            run(raw, lake)
    found = contents(lake, source.pipeline)
    rows, duplicates = (30 + 6 * source.rows_besides, 0) if source.of_documents else (20, 10)
    assert found.sums == {
        "records": raw.records, "rows": rows, "rejected": 6, "duplicates": duplicates, "filtered": 0,
    }  # fmt: skip
    assert (found.rows.total(), found.rejected.total()) == (rows, 6)
    for row in found.ledger:
        values = dict(row)
        assert values["records"] == source.count(raw.objects[values["key"]])
