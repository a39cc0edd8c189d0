"""The command line as a whole: what it loads, and what people are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from glue_jobs.local.cli import main

ROOT = Path(__file__).parents[2]

# Each takes a tenth of a second or more to load, together over two.
HEAVY = ["boto3", "duckdb", "numpy", "pandas", "pyarrow", "pyiceberg", "pyspark", "sqlglot"]

RUN = f"""
import json, sys
from glue_jobs.local.cli import main
try:
    main()
finally:
    print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)
"""


def loaded(folder: Path, *arguments: str) -> list[str]:
    """Which of the heavy packages a command loads."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return names


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "--version",
        "queries",
        "ingest --help",
        "ingest s3_access_logs --from raw --lake lake",
        "report --lake lake",
        "query access/download --lake lake",
        "query access/tools --param tool --lake lake",
        "query access/tools --param tool=x --lake lake",
        "connect example",
    ],
)
def test_help_and_mistakes_load_nothing_that_takes_long(tmp_path: Path, line: str) -> None:
    assert loaded(tmp_path, *line.split()) == []


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["ingest", "s3_access_log", "--lake", "lake"], "--from"),
        (["ingest", "s3_access_log", "--from", "raw"], "--lake"),
        (["report", "--lake", "lake"], "--to"),
        (["status"], "--lake"),
        (["connect", "example"], "--to"),
    ],
)
def test_an_option_that_is_needed_is_asked_for(arguments: list[str], missing: str) -> None:
    told = CliRunner().invoke(main, arguments)
    assert (told.exit_code, told.output.splitlines()[-1]) == (2, f"Error: Missing option '{missing}'.")


def test_a_question_loads_no_spark(tmp_path: Path) -> None:
    assert "duckdb" in loaded(tmp_path, "status", "--lake", "lake")
    assert "pyspark" not in loaded(tmp_path, "status", "--lake", "lake")
