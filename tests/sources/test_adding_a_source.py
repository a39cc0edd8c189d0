"""The source printed in docs/architecture.md works in a copy of the tree, and other sources are under test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.pipelines import PIPELINES
from tests.end_to_end.sources import ALL_SOURCES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()
NOUN = "ftp_transfer"

# Two A4 pages.
MAX_LINES = 150


def printed_files() -> dict[str, str]:
    """The files on the page by their path."""
    section = PAGE[PAGE.index("## Adding a source") :]
    assert section.count("\n") <= MAX_LINES
    return dict(re.findall(r"```[a-z]+ (\S+)\n(.*?)```", section, re.DOTALL))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the source in it."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("glue_jobs", "queries", "tools", "docs"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    files = printed_files()
    for module, constant in (("pipelines", "PIPELINES"), ("tables", "TABLES")):
        catalogue = tree / f"glue_jobs/sources/{module}.py"
        imports, entry = files.pop(f"glue_jobs/sources/{module}.py").split("\n\n")
        before, entries = catalogue.read_text().split(f"\n{constant}", 1)
        catalogue.write_text(f"{before}\n{imports}\n\n{constant}" + entries.replace("\n)\n", f"\n{entry})\n", 1))
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tree / f"glue_jobs/sources/{NOUN}/__init__.py").touch()
    raw = tree / "raw"
    raw.mkdir()
    sent = "2024-05-07T08:09:10 ana/tides/a.csv 5"
    lines = [sent, sent, "2024-05-08T08:09:10 b 6", "gone", "2024-05-32T08:09:10 b 6", ""]
    (raw / "ftp-2024-05-07.log").write_text("\n".join(lines))
    return tree


def run(tree: Path, *command: str) -> str:
    """What a module of the copied tree prints."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, *command], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def usage_lake(tree: Path, *arguments: str) -> str:
    return run(tree, "-c", "from glue_jobs.cli import main; main()", *arguments, "--lake", "lake")


def test_the_printed_source_is_ingested_counted_asked_and_documented(tree: Path) -> None:
    assert "5 records = 2 rows + 2 rejected + 1 duplicate +" in usage_lake(tree, "ingest", NOUN, "--from", "raw")
    assert re.search(rf"(?m)^{NOUN},1,5,", usage_lake(tree, "status", "--format", "csv"))
    rejected = usage_lake(tree, "rejected", "--format", "csv")
    assert rejected.count(NOUN) == 2
    assert "the line is not TIME PATH BYTES" in rejected
    header, *days = usage_lake(tree, "query", "ftp/transfers_by_day", "--format", "csv").splitlines()
    assert (header, sorted(days)) == ("event_date,transfers,bytes_sent", ["2024-05-07,1,5", "2024-05-08,1,6"])
    cases = "from glue_jobs.query.saved.query import SavedQuery as S; print(len(S.load('ftp/transfers_by_day').cases))"
    assert run(tree, "-c", cases) == "1\n"
    sets = usage_lake(tree, "sql", f"SELECT DISTINCT account, repository FROM {NOUN} ORDER BY 1", "--format", "csv")
    assert "ana,tides" in sets
    run(tree, "-m", "tools.generate")
    assert f"## {NOUN}" in (tree / "docs/tables.md").read_text()
    assert "[ftp/transfers_by_day]" in (tree / "queries/README.md").read_text()


def test_every_source_is_under_test() -> None:
    untested = {each.name for each in PIPELINES if not isinstance(each, SnapshotPipeline)}
    untested -= {source.pipeline.name for source in ALL_SOURCES}
    assert not untested, f"add {untested} to ALL_SOURCES in tests/end_to_end/sources.py"
