"""Run summaries as JSON documents: their names, what a second export writes, and what is left of older versions."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

import glue_jobs.publish.run_json.export
from glue_jobs.cli.main import main
from glue_jobs.errors import ArgumentError, StorageError
from glue_jobs.lake import LoadedTable
from glue_jobs.progress import SilentReporter
from glue_jobs.publish.run_json.documents import MAX_NAME, safe_name
from glue_jobs.publish.run_json.export import Exported, export_run_json
from glue_jobs.publish.run_json.runs import StoredRuns
from glue_jobs.storage.folder import FolderStorage
from tests.run_summaries import FAMILY, Place, nucleotide

SEQUENCE = "seqcvg=_;seq=NC_1.2;score=9;pctid=80;depth=1.5;aln=3;glb=1;len=70;family=Hepe;name=a virus;"
RDRP = """sra=SRR7;SUMZER_COMMENT=sra=SRR7,genome=r,date=1,type=protein;totalalns=3;readlength=9;truncated=no;
sra=SRR7;phycvg=_;phy=pisu;score=2;depth=0.1;pctid=50;alns=1;avgcols=26;
sra=SRR7;famcvg=_;fam=pisu.Unc159;score=2;depth=0.1;pctid=50;alns=1;avgcols=26;
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A lake with five summaries. A test may replace that of SRR10."""
    place = Place(tmp_path_factory.mktemp("place"))
    other = FAMILY.replace("fam=Hepe", "fam=../Arte/x")
    place.put("summary2/SRR1.summary", nucleotide("SRR1", FAMILY, FAMILY, other, SEQUENCE))
    place.put("summary2/SRR10.summary", nucleotide("SRR10", FAMILY, SEQUENCE))
    place.put("summary2/SRR2.summary", nucleotide("SRR2", FAMILY, SEQUENCE))
    place.put("summary2/SRR3.summary", "")
    place.put("rsummary/SRR7.psummary", RDRP)
    place.run()
    return place


def export(place: Place, to: Path | str) -> Exported:
    return export_run_json(place.lake, str(to), SilentReporter())


def names(folder: Path, pattern: str = "*.json") -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(pattern))


def test_each_run_family_and_sequence_is_a_document(place: Place, tmp_path: Path) -> None:
    command = ["export", "run-json", "--lake", place.lake.location, "--to", str(tmp_path)]
    result = CliRunner().invoke(main, command)
    assert result.output.splitlines()[-1].endswith(f" of 5 runs are in {tmp_path}")
    assert [name for name in names(tmp_path) if "SRR10" not in name] == [
        "family/SRR1_..%2FArte%2Fx.json",
        "family/SRR1_Hepe.json",
        "family/SRR1_Hepe~2.json",
        "family/SRR2_Hepe.json",
        "rdrp/family/SRR7_Unc159.json",
        "rdrp/phylum/SRR7_Pisuviricota.json",
        "rdrp/run/SRR7.json",
        "run/SRR1.json",
        "run/SRR2.json",
        "run/SRR3.json",
        "sequence/SRR1_NC_1.2.json",
        "sequence/SRR2_NC_1.2.json",
    ]
    sequence = json.loads((tmp_path / "sequence/SRR1_NC_1.2.json").read_text())
    assert sequence == {
        "run_id": "SRR1", "family_name": "Hepe", "sequence_accession": "NC_1.2", "coverage_bins": "_", "score": 9,
        "percent_identity": 80, "depth": 1.5, "n_reads": 3, "n_global_reads": 1, "length": 70,
        "virus_name": "a virus",
    }  # fmt: skip
    run = json.loads((tmp_path / "run/SRR1.json").read_text())
    assert (run["read_length"], run["genome"], run["rows"], run["rejected"]) == (100, "g", 5, 0)
    empty = json.loads((tmp_path / "run/SRR3.json").read_text())
    assert (empty["run_id"], empty["read_length"], empty["rows"]) == ("SRR3", None, 0)


def test_an_export_that_was_stopped_goes_on_and_a_run_is_written_after_its_matches(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, written = FolderStorage.put, list[str]()

    def failing(storage: FolderStorage, address: str, data: bytes, content_type: str | None = None) -> None:
        if address.endswith("sequence/SRR2_NC_1.2.json"):
            raise StorageError("the disk is full")
        put(storage, address, data, content_type)
        written.append(address.removeprefix(f"{tmp_path}/"))

    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(FolderStorage, "put", failing)
        patch.setattr(glue_jobs.publish.run_json.export, "FOLDER_WRITERS", 1)
        patch.setattr("glue_jobs.publish.run_json.runs.BATCH_RUNS", 1)
        export(place, tmp_path)
    assert written[4] == "run/SRR1.json"
    assert not (tmp_path / "run/SRR2.json").exists()
    again = export(place, tmp_path)
    assert (again.runs, again.unchanged) == (3, 2)
    assert export(place, tmp_path).sentence == f"0 documents of 0 runs are in {tmp_path}; 5 runs were there already"


def test_one_document_of_one_run_is_singular() -> None:
    assert Exported("d", 1, 1, 1).sentence == "1 document of 1 run is in d; 1 run was there already"


def test_a_newer_summary_replaces_the_documents_of_the_older_one(place: Place, tmp_path: Path) -> None:
    export(place, tmp_path)
    place.put("summary2/SRR10.summary", nucleotide("SRR10", FAMILY.replace("score=86", "score=12")))
    place.run()
    assert (export(place, tmp_path).runs, export(place, tmp_path).runs) == (1, 0)
    assert names(tmp_path, "*SRR10*") == ["family/SRR10_Hepe.json", "run/SRR10.json"]
    assert json.loads((tmp_path / "family/SRR10_Hepe.json").read_text())["score"] == 12


def test_runs_that_the_ledger_does_not_name_yet_and_runs_that_change_now_are_left_out(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = StoredRuns.load(place.lake)
    with monkeypatch.context() as patch:
        patch.setattr(StoredRuns, "load", lambda _: replace(stored, ingest_runs=frozenset()))
        assert export(place, tmp_path).runs == 0
    rows_between = LoadedTable.rows_between

    def without_one(loaded: LoadedTable, *arguments: Any) -> Any:
        rows = rows_between(loaded, *arguments)
        return rows.slice(1) if loaded.table.name == "rphylum" else rows

    monkeypatch.setattr(LoadedTable, "rows_between", without_one)
    assert export(place, tmp_path).runs == 4
    assert not (tmp_path / "rdrp").exists()


def test_documents_are_written_to_s3_as_json(place: Place, bucket: str) -> None:
    export(place, f"{bucket}/web")
    name = bucket.removeprefix("s3://")
    found: dict[str, Any] = boto3.client("s3").get_object(Bucket=name, Key="web/family/SRR1_Hepe.json")
    assert found["ContentType"] == "application/json"
    assert json.loads(found["Body"].read())["top_name"] == "a;b=c"


def test_no_documents_are_written_among_the_lake_s_data(place: Place) -> None:
    with pytest.raises(ArgumentError, match="run_summary/data belongs to the lake; write to another folder"):
        export(place, f"{place.lake.location}/usage_lake/run_summary/data/")


def test_what_a_killed_export_left_half_written_is_removed_a_day_later(place: Place, tmp_path: Path) -> None:
    halves = [tmp_path / f"{folder}/SRR1.json.unfinished-{'a' * 32}" for folder in ("run", "rdrp/phylum")]
    for half in halves:
        half.parent.mkdir(parents=True)
        half.write_bytes(b"half")
        os.utime(half, (0, 0))
    export(place, tmp_path)
    assert not any(half.exists() for half in halves)


def test_long_names_that_begin_alike_stay_apart() -> None:
    first, second = safe_name("x" * 300), safe_name("x" * 301)
    assert first != second
    assert len(first) < 255 - len("SRR123456789012_.json")
    assert safe_name("x" * MAX_NAME) == "x" * MAX_NAME
