"""Questions and the help come quickly: CPU seconds, as multiples of what a start of DuckDB takes on this machine."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUERY = "query access/downloads_by_month"
MAIN = "from glue_jobs.cli import main; main()"
DUCKDB = "import duckdb; duckdb.sql('SELECT 1').fetchall()"
ATTEMPTS = 4


def cpu_seconds(program: str, line: str, lake: str) -> float:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "USAGE_LAKE": lake}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program, *line.split()], env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


# Half as much again as on a quiet machine, where DuckDB's start takes 0.13 s of a fast core and 0.22 s of a slow one.
@pytest.mark.parametrize(
    ("program", "line", "limit"),
    [("import glue_jobs", "", 0.5), (MAIN, "--help", 1), (MAIN, QUERY, 7)],
    ids=["import", "help", "query"],
)
def test_a_command_takes_as_little_as_some_starts_of_duckdb(
    program: str, line: str, limit: float, demo_lake: str
) -> None:
    # In turns: what else the machine does lengthens both.
    turns = [(cpu_seconds(program, line, demo_lake), cpu_seconds(DUCKDB, "", "")) for _ in range(ATTEMPTS)]
    assert min(ours for ours, _ in turns) < limit * min(start for _, start in turns)
