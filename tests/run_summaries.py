"""Run summaries in a folder and a lake that ingests them, for tests of several rooms."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest, IngestSummary
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.tables.rejected_record import REJECTED_RECORD

PIPELINE = BY_NAME["run_summary"]
TABLES = {table.name: table for table in PIPELINE.tables}
FAMILY = "famcvg=_;fam=Hepe;score=86;pctid=93;depth=3.2;aln=202;glb=44;len=8;top=N;topscore=8;toplen=70;topname=a;b=c;"


def nucleotide(run: str, *lines: str) -> str:
    comment = f"readlength=100;SUMZER_COMMENT=sra={run},genome=g,version=1,date=200820-10:20;"
    return "\n".join([comment, *lines, ""])


class Place:
    """A folder with summaries, and a lake."""

    def __init__(self, folder: Path) -> None:
        self.raw = folder / "raw"
        self.lake = Lake(f"{folder}/lake", "usage_lake")

    def put(self, name: str, text: str) -> None:
        path = self.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, **more: Any) -> IngestSummary:
        return ingest(IngestRequest(PIPELINE, str(self.raw), self.lake, **more), SilentReporter())

    def runs(self, table: str) -> Counter[str]:
        """The number of rows of each accession in a table."""
        return Counter(self.lake.load(TABLES[table]).rows(("run_id",))["run_id"].to_pylist())

    def rejected(self) -> Counter[str]:
        """The number of rejected records of each object that has any, by name."""
        objects = self.lake.load(REJECTED_RECORD).rows(("object",))["object"].to_pylist()
        return Counter(each.rpartition("/")[2] for each in objects)
