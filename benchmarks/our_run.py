"""One run of the real pipeline, as the command line and Glue start it."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path

from glue_jobs.ingest.request import RunSummary
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import Reporter
from glue_jobs.workers.spark import session


class Silent:
    """A reporter for runs nobody watches."""

    def say(self, sentence: str) -> None:
        """Nothing."""

    def progress(self, label: str) -> nullcontext[object]:
        """Nothing either."""
        return nullcontext(lambda done, total: None)


def run(raw: Path, lake: Path, config: Path | None = None, pipeline: str = "s3_access_log") -> RunSummary:
    """Ingest everything new below ``raw`` into the lake in that folder."""
    arguments = {"pipeline": pipeline, "raw_path": str(raw), "lake_path": str(lake)}
    silent: Reporter = Silent()  # type: ignore[assignment]
    summary = run_job(arguments | ({"config": str(config)} if config else {}), silent).ingested
    assert summary is not None
    return summary


def keep_workers() -> None:
    """Ask something of each of Spark's Python workers: it ends those that nobody asked for a minute."""
    context = session().sparkContext
    cores = context.defaultParallelism
    context.parallelize(range(cores), cores).map(_little).collect()


def _little(number: int) -> int:
    # Long enough that no worker gets two of them.
    time.sleep(0.2)
    return number
