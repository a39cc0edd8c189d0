"""A whole command on a laptop, from the prompt to the last commit, beside DuckDB as a whole process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Contestant, Hosts, Line, Settings, interleaved
from benchmarks.sample_files import sample

# About 600,000 lines.
SCALE = 10
QUICK_SCALE = 0.1

OURS, DUCKDB = "usage-lake ingest", "DuckDB"

COMMAND_LINE = "from glue_jobs.cli import main; main()"

DUCKDB_PROGRAM = (
    "import sys; from pathlib import Path; from benchmarks.access_log_engines import duckdb;"
    " duckdb(Path(sys.argv[1]), Path(sys.argv[2]))"
)


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: seconds of the command, and DuckDB's seconds over them."""
    raw = sample(settings.folder, QUICK_SCALE if settings.quick else SCALE)
    out = settings.folder / "laptop"
    ours = [sys.executable, "-c", COMMAND_LINE, "ingest", "s3_access_log"]
    contestants = {
        OURS: Contestant(partial(_run, [*ours, "--from", str(raw), "--lake", str(out)])),
        DUCKDB: Contestant(partial(_run, [sys.executable, "-c", DUCKDB_PROGRAM, str(raw), str(out)])),
    }
    with Hosts() as hosts:
        runs = interleaved(hosts, contestants, settings.rounds, partial(shutil.rmtree, out))
    yield runs[OURS].line(OURS, "a process of its own, with its workers; all derived columns, duplicates dropped")
    yield runs[DUCKDB].over(runs[OURS], f"{DUCKDB} / ours", least=1.3, note="the same lines to Parquet by one regex")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr}")
