"""Run summaries end to end: several tables of one object, newer summaries in place of older ones, index objects."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

import glue_jobs.ingest.staging.compaction
import glue_jobs.ingest.step_run
from glue_jobs.jobs.check.check_lake import check_lake
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.disturbed import disturbed
from tests.end_to_end.lakes import orphans, without_spark
from tests.lake.maintenance import rewrite
from tests.lake.small_commits import commits_fail
from tests.run_summaries import FAMILY, TABLES, Place, nucleotide


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    without_spark(monkeypatch)
    return Place(tmp_path)


def test_a_newer_summary_replaces_all_rows_of_the_old_one_and_nothing_else(place: Place) -> None:
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, FAMILY))
    place.put("summary2/SRR2.summary", nucleotide("SRR2", FAMILY))
    first = place.run().totals
    assert (first.objects, first.records, first.rows, first.rejected) == (2, 5, 5, 0)
    assert place.run().run_id is None
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, "more=1;", FAMILY.replace("score=86", "score=1.5")))
    place.put("summary2/ERR3.summary", "")
    second = place.run().totals
    assert (second.objects, second.records, second.rows, second.rejected) == (2, 4, 2, 2)
    assert place.runs("nfamily") == {"SRR1": 1, "SRR2": 1}
    assert place.runs("nsra") == {"SRR1": 1, "SRR2": 1}
    assert place.runs("run_summary") == {"SRR1": 1, "SRR2": 1, "ERR3": 1}
    assert place.rejected() == {"SRR1.summary": 2}
    place.put("summary2/SRR1.summary", "")
    assert place.run().totals.rows == 0
    assert place.runs("nfamily") == place.runs("nsra") == {"SRR2": 1}
    assert place.rejected() == {}


def test_the_ledger_names_a_summary_only_after_all_its_rows_are_stored(place: Place) -> None:
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY))
    with commits_fail("nsra"):
        place.run()
    assert (place.runs("nfamily"), place.runs("nsra")) == ({"SRR1": 1}, {})
    assert place.lake.load(INGESTED_OBJECT).rows(("key",)).num_rows == 0
    assert place.run().run_id is None
    assert place.runs("nfamily") == place.runs("nsra") == {"SRR1": 1}
    stored = place.lake.load(TABLES["nfamily"]).rows(("source_object", "ingest_run_id")).to_pylist()
    ledger = place.lake.load(INGESTED_OBJECT).rows(("key", "run_id")).to_pylist()
    assert [(each["source_object"], each["ingest_run_id"]) for each in stored] == [
        (each["key"], each["run_id"]) for each in ledger
    ]


def test_an_index_names_the_runs_and_one_without_an_object_is_tried_again(place: Place) -> None:
    place.put("nindex.txt", "SRR1\n../secret\nSRR2\n\n")
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY))
    place.put("summary2/SRR3.summary", nucleotide("SRR3", FAMILY))
    place.put("psummary/readme.txt", "no summary")
    place.put("secret.summary", nucleotide("SRR4", FAMILY))
    summary = place.run()
    assert place.runs("nsra") == {"SRR1": 1}
    assert summary.skipped.sentences == [f"line 2 of {place.raw}/nindex.txt is refused: ../secret names no run"]
    (absent,) = summary.unreadable
    assert absent.address.endswith("/summary2/SRR2.summary")
    assert "an index names the run, and there is no object of it" in absent.reason
    assert summary.skipped.count == 1
    assert place.run().run_id is None
    place.put("summary2/SRR2.summary", nucleotide("SRR2", FAMILY))
    assert place.run().totals.rows == 2
    assert place.runs("nsra") == {"SRR1": 1, "SRR2": 1}


def test_many_small_files_of_a_table_become_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_jobs.ingest.staging.compaction, "MIN_FILES", 2)
    for number in range(3):
        place.put(f"summary2/SRR{number}.summary", nucleotide(f"SRR{number}", FAMILY))
        place.run()
    assert place.runs("nfamily") == {f"SRR{number}": 1 for number in range(3)}
    assert len(place.lake.load(TABLES["nfamily"]).files()) == 2


def test_force_reads_ingested_summaries_again_and_replaces_all_that_is_stored_of_them(place: Place) -> None:
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, FAMILY, "bad=1;"))
    place.put("summary2/SRR2.summary", nucleotide("SRR2", FAMILY, "bad=1;"))
    place.run()
    (place.raw / "summary2/SRR2.summary").unlink()
    assert place.run(force=True).totals.objects == 1
    assert place.runs("nfamily") == {"SRR1": 2, "SRR2": 1}
    assert place.runs("nsra") == place.runs("run_summary") == {"SRR1": 1, "SRR2": 1}
    assert place.rejected() == {"SRR1.summary": 1, "SRR2.summary": 1}


def test_a_forced_run_that_dies_is_finished_by_the_next_run(place: Place) -> None:
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, FAMILY, "bad=1;"))
    place.run()
    with commits_fail("rejected_record"):
        place.run(force=True)
    assert place.run().run_id is None
    assert (place.runs("nfamily"), place.runs("nsra")) == ({"SRR1": 2}, {"SRR1": 1})
    assert place.rejected() == {"SRR1.summary": 1}


@pytest.mark.parametrize("dies", [False, True])
def test_a_table_that_another_program_rewrites_before_the_commit_has_each_row_once(dies: bool, place: Place) -> None:
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, FAMILY, "bad=1;"))
    place.put("summary2/SRR2.summary", nucleotide("SRR2", FAMILY, "bad=1;"))
    place.run()
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, "bad=2;"))
    place.put("summary2/SRR3.summary", nucleotide("SRR3", FAMILY))

    def rewrite_both() -> None:
        for table in (TABLES["nfamily"], REJECTED_RECORD):
            rewrite(place.lake, table)

    dying = commits_fail("nfamily", after=True) if dies else nullcontext()
    with disturbed(glue_jobs.ingest.step_run, "commit_run", rewrite_both), dying:
        place.run()
    assert place.run().run_id is None
    assert place.runs("nfamily") == {"SRR1": 1, "SRR2": 1, "SRR3": 1}
    assert place.runs("nsra") == {"SRR1": 1, "SRR2": 1, "SRR3": 1}
    assert place.rejected() == {"SRR1.summary": 1, "SRR2.summary": 1}
    assert orphans(place.lake.location) == set()


def test_rows_that_are_replaced_by_none_are_gone_although_another_program_moved_them(place: Place) -> None:
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY))
    place.run()
    place.put("summary2/SRR1.summary", nucleotide("SRR1", "bad=1;"))
    rewrites = partial(rewrite, place.lake, TABLES["nfamily"])
    with disturbed(glue_jobs.ingest.step_run, "commit_run", rewrites):
        place.run()
    assert (place.runs("nfamily"), place.runs("nsra")) == ({}, {"SRR1": 1})


def test_a_check_counts_the_rows_of_summaries_and_parses_some_again(place: Place) -> None:
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, FAMILY, "bad=1;"))
    place.put("summary2/SRR2.summary", nucleotide("SRR2", FAMILY))
    place.run()
    place.put("summary2/SRR2.summary", nucleotide("SRR2", FAMILY, "bad=1;", "bad=2;"))
    place.run()
    place.run(force=True)
    found = {each.subject: each for each in check_lake(place.lake, str(place.raw))}
    assert [each.wrong for each in found.values() if not each.holds] == []
    assert found["raw"].sentence == "2 objects parsed again, 5 rows as stored"
    nfamily = place.lake.load(TABLES["nfamily"])
    rows = nfamily.rows(tuple(nfamily.table.arrow_schema.names))
    nfamily.replace(rows.slice(1).set_column(3, "score", pa.array([1, 86])))
    wrong = {each.subject: each.wrong for each in check_lake(place.lake, str(place.raw)) if not each.holds}
    assert [*wrong] == ["rows", "raw"]
    assert "has 2 rows stored, and 3 in the ledger" in wrong["rows"][0]
    assert "1 stored row of" in wrong["raw"][0]
