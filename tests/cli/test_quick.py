"""Questions and the help come quickly: CPU seconds, which a busy machine lengthens less than the clock's."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUERY = "query access/downloads_by_month"
ATTEMPTS = 3

# Each takes a tenth of a second or more to import.
SLOW = ("numpy", "pandas", "pyarrow", "pyiceberg", "pyspark", "sqlalchemy", "boto3", "rich.console")
SAY_WHAT_IS_LOADED = f"""
import atexit, json, sys
atexit.register(lambda: print(json.dumps([name for name in {SLOW} if name in sys.modules]), file=sys.stderr))
from glue_jobs.cli import main
main()
"""


def run(program: str, line: str, lake: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "USAGE_LAKE": lake}
    command = [sys.executable, "-c", program, *line.split()]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def cpu_seconds(line: str, lake: str, program: str = "from glue_jobs.cli import main; main()") -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(program, line, lake)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_the_library_takes_a_tenth_of_a_second_to_import() -> None:
    assert any(cpu_seconds("", "", "import glue_jobs") < 0.1 for _ in range(ATTEMPTS))


@pytest.mark.parametrize("line", [QUERY, f"{QUERY} --format csv"])
def test_a_question_imports_no_slow_package(line: str, demo_lake: str) -> None:
    assert json.loads(run(SAY_WHAT_IS_LOADED, line, demo_lake).stderr.splitlines()[-1]) == []


# Half as much again as on a quiet machine.
@pytest.mark.parametrize(("line", "limit"), [("--help", 0.2), (QUERY, 1.2)])
def test_a_command_takes_few_seconds_of_cpu(line: str, limit: float, demo_lake: str) -> None:
    assert any(cpu_seconds(line, demo_lake) < limit for _ in range(ATTEMPTS))
