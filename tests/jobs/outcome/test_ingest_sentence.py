"""What a run says when it is done, and while it works."""

from __future__ import annotations

import io
import sys
from datetime import date, datetime

import pytest

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.request import IngestSummary
from glue_jobs.ingest.staging.invalid_snapshots import InvalidSnapshot
from glue_jobs.ingest.staging.ledger import NOTHING, Totals
from glue_jobs.jobs.outcome.ingest_sentence import sentence
from glue_jobs.progress import PlainReporter, TerminalReporter, reporter
from glue_jobs.read.raw_object import RawObject, Skipped
from glue_jobs.storage import Entry

SUMS = Totals(objects=1200, records=10, rows=5, rejected=1, duplicates=3, filtered=1)


def test_the_sentence_has_all_counts_of_the_run() -> None:
    assert sentence(IngestSummary("r1", 1200, Skipped(), SUMS)) == (
        "run r1 ingested 1,200 objects: 10 records = 5 rows + 1 rejected + 3 duplicates + 1 filtered"
        "; the table rejected_record has what was rejected and why (usage-lake rejected)"
    )


def test_a_run_without_new_objects_says_so() -> None:
    assert (
        sentence(IngestSummary(None, 7, Skipped(), NOTHING))
        == "nothing new: every object listed is in the lake already"
    )


def test_a_run_that_lists_no_object_does_not_say_that_the_lake_has_them() -> None:
    assert sentence(IngestSummary(None, 0, Skipped(), NOTHING)) == "nothing new: there are no objects of these days"


def test_skipped_objects_come_with_a_hint() -> None:
    skipped = Skipped()
    skipped.add("/raw/a.txt")
    skipped.add("/raw/b.txt")
    told = sentence(IngestSummary(None, 7, skipped, NOTHING))
    assert told.endswith(
        "; 2 objects are not named as AWS names them and were skipped, e.g. /raw/a.txt (--any-name takes them too)"
    )


def test_skipped_objects_of_another_source_come_with_its_command_and_not_with_any_name() -> None:
    skipped = Skipped()
    skipped.add("/raw/111122223333_CloudTrail_us-east-1_20240507T0005Z_AbCdEfGh01234567.json.gz")
    summary = IngestSummary(None, 7, skipped, NOTHING)
    told = sentence(summary, "s3_access_log")
    assert told.endswith("AbCdEfGh01234567.json.gz, which usage-lake ingest cloudtrail_s3_event reads")
    assert sentence(summary, "cloudtrail_s3_event").endswith(".json.gz (--any-name takes it too)")


def test_counts_of_one_are_singular() -> None:
    skipped = Skipped()
    skipped.add("/raw/a.txt")
    skipped.folders.add("/raw/Digest/")
    assert sentence(IngestSummary("r1", 2, skipped, Totals(1, 1, 0, 0, 1, 0))) == (
        "run r1 ingested 1 object: 1 record = 0 rows + 0 rejected + 1 duplicate + 0 filtered"
        "; 1 folder of other kinds of logs was left out, e.g. /raw/Digest/"
        "; 1 object is not named as AWS names them and was skipped, e.g. /raw/a.txt (--any-name takes it too)"
    )


def test_folders_of_other_logs_are_counted() -> None:
    told = sentence(IngestSummary(None, 7, Skipped(folders={"/raw/Insight/", "/raw/Digest/"}), NOTHING))
    assert told.endswith("; 2 folders of other kinds of logs were left out, e.g. /raw/Digest/")


def test_a_name_that_is_not_utf8_can_be_printed() -> None:
    skipped = Skipped()
    skipped.add("/raw/\udcff\x1b[2J")
    told = sentence(IngestSummary(None, 7, skipped, NOTHING))
    assert told.encode()
    assert r"/raw/\udcff\x1b[2J" in told


def test_progress_in_a_log_is_a_line_for_every_tenth() -> None:
    stream = io.StringIO()
    plain = PlainReporter(stream)
    with plain.progress("ingesting") as update:
        for done in range(41):
            update(done, 40)
            update(done, 40)
    told = stream.getvalue().splitlines()
    assert told[0] == "ingesting: 4 of 40 tasks done"
    assert (len(told), told[-1]) == (10, "ingesting: 40 of 40 tasks done")


def test_progress_of_nothing_says_nothing() -> None:
    stream = io.StringIO()
    with PlainReporter(stream).progress("ingesting") as update:
        update(0, 0)
    assert stream.getvalue() == ""


def test_the_terminal_shows_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    watched = TerminalReporter()
    watched.say("looking at :key: [bold]x")
    with watched.progress("ingesting") as update:
        update(1, 2)
    assert "looking at :key: [bold]x" in capsys.readouterr().err


def test_a_pipe_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(reporter(), PlainReporter)


def invalid(known: bool) -> InvalidSnapshot:
    entry = Entry("/raw/b/daily/2024-05-07T01-00Z/manifest.json", 1, "e", datetime(2024, 5, 8))
    return InvalidSnapshot(RawObject(entry, date(2024, 5, 7)), "its file /raw/b/daily/data/1.csv.gz is missing", known)


def test_invalid_and_unfinished_snapshots_are_named() -> None:
    skipped = Skipped(unfinished={"/raw/b/daily/2024-05-09T01-00Z/", "/raw/b/daily/2024-05-08T01-00Z/"})
    told = sentence(IngestSummary("r1", 3, skipped, Totals(1, 1, 1, 0, 0, 0), (invalid(False),)))
    assert told == (
        "run r1 ingested 1 object: 1 record = 1 row + 0 rejected + 0 duplicates + 0 filtered"
        "; refused /raw/b/daily/2024-05-07T01-00Z/: its file /raw/b/daily/data/1.csv.gz is missing"
        "; 2 snapshots are not delivered yet, e.g. /raw/b/daily/2024-05-08T01-00Z/"
    )
    told = sentence(IngestSummary(None, 3, Skipped(), NOTHING, (invalid(True),)))
    assert told.startswith("nothing new: every object listed is in the lake already or refused; refused /raw/")


def test_unreadable_objects_are_counted_by_reason_with_an_example() -> None:
    archived = tuple(UnreadableObjectError(f"s3://b/{name}", "it is archived") for name in "cab")
    summary = IngestSummary("r1", 4, Skipped(), SUMS, unreadable=(*archived, UnreadableObjectError("s3://b/d", "gone")))
    assert sentence(summary).endswith(
        "; 3 objects cannot be read now and are left to later runs (it is archived), e.g. s3://b/a"
        "; 1 object cannot be read now and is left to later runs (gone), e.g. s3://b/d"
    )
    summary = IngestSummary(None, 3, Skipped(), NOTHING, unreadable=archived)
    assert sentence(summary).startswith("nothing new: every object listed is in the lake already or cannot be read; 3 ")


def test_a_run_fails_when_it_is_the_first_to_meet_an_invalid_snapshot() -> None:
    for known in ((), (True,), (False,), (True, False)):
        summary = IngestSummary(None, 3, Skipped(), NOTHING, tuple(map(invalid, known)))
        assert summary.failed == (False in known)
