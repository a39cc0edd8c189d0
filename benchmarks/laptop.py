"""A whole command on a laptop, from the prompt to the last commit, beside two whole processes with DuckDB.

One only converts lines to columns. The other does most of the command's work: `benchmarks.duckdb_lake`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Contestant, Line, Settings, interleaved
from benchmarks.sample_files import sample

# About 600,000 lines.
SCALE = 10
QUICK_SCALE = 0.1

OURS, DUCKDB, DUCKDB_LAKE = "usage-lake ingest", "DuckDB", "DuckDB, a lake"

COMMAND_LINE = "from glue_jobs.cli import main; main()"

PROGRAM = "import sys; from pathlib import Path; from {} import {}; {}(*map(Path, sys.argv[1:]))"


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: seconds of the command, and DuckDB's seconds over them."""
    raw = sample(settings.folder, QUICK_SCALE if settings.quick else SCALE)
    out = settings.folder / "laptop"
    ours = [sys.executable, "-c", COMMAND_LINE, "ingest", "s3_access_log"]
    commands = {
        OURS: [*ours, "--from", str(raw), "--lake", str(out)],
        DUCKDB: _duckdb("benchmarks.access_log_engines", "duckdb", raw, out),
        DUCKDB_LAKE: _duckdb("benchmarks.duckdb_lake", "ingest", raw, out),
    }
    contestants = {
        name: Contestant(partial(_run, command, settings.folder / "bytecode")) for name, command in commands.items()
    }
    runs = interleaved(contestants, settings.rounds, partial(shutil.rmtree, out))
    yield runs[OURS].line(OURS, "a process of its own, with its workers; all derived columns, duplicates dropped")
    plain = (
        "the fields of the lines only, by one regex, to unsorted Parquet: no decoded keys, derived columns, rejected or"
        " repeated lines, no Iceberg"
    )
    yield runs[DUCKDB].over(runs[OURS], f"{DUCKDB} / ours", least=1.3, note=plain)
    lake = "with those, but for places, networks, rarer spellings of lines, records of earlier runs, and killed runs"
    yield runs[DUCKDB_LAKE].over(runs[OURS], f"{DUCKDB_LAKE} / ours", least=1.3, note=lake)


def _duckdb(module: str, function: str, *paths: Path) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(module, function, function), *map(str, paths)]


def _run(command: list[str], bytecode: Path) -> None:
    # Installed programs have their bytecode; without it, each process would compile the modules again.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONDONTWRITEBYTECODE": ""}
    place = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr}")
