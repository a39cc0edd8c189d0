"""Files of a lake that a full disk or a copy that was stopped has cut short: each command says so in a sentence."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree, rmtree

import pytest
from click.testing import CliRunner

from glue_jobs import Lake
from glue_jobs.cli.main import main
from tests.lake.maintenance import damage

LINE = (
    "79a59d b [07/May/2026:13:00:01 +0000] 192.0.2.3 - R1 REST.GET.OBJECT acme/rain/a.csv"
    ' "GET /acme/rain/a.csv HTTP/1.1" 200 - 10 10 1 1 "-" "curl" -\n'
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with raw objects and a lake that has them, which each test damages and puts back."""
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "raw").mkdir()
    (folder / "raw/2026-05-08-00-00-00-0123456789ABCDEF").write_text(LINE)
    Lake(folder / "lake").ingest("s3_access_log", folder / "raw")
    copytree(folder / "lake", folder / "copy")
    return folder


@pytest.mark.parametrize("ending", [".avro", ".parquet", ".metadata.json"])
@pytest.mark.parametrize("cut", [slice(100), slice(1000), slice(-20)], ids=["early", "later", "late"])
@pytest.mark.parametrize(
    "command",
    [
        ("query", "access/tools", "--as-of", "2026-05-09"),
        ("sql", "SELECT count(*) FROM s3_access_log"),
        ("status",),
        ("ingest", "s3_access_log", "--from", "RAW"),
    ],
    ids=lambda command: command[0],
)
def test_a_file_that_was_cut_short_is_a_sentence(
    whole: Path, command: tuple[str, ...], cut: slice, ending: str
) -> None:
    rmtree(whole / "lake")
    copytree(whole / "copy", whole / "lake")
    for file in (whole / "lake").rglob(f"*{ending}"):
        file.write_bytes(file.read_bytes()[cut])
    words = [str(whole / "raw") if word == "RAW" else word for word in command]
    result = CliRunner().invoke(main, [*words, "--lake", str(whole / "lake")], standalone_mode=True)
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert (result.exit_code, len(errors)) == (1, 1), result.output
    assert str(whole / "lake") in errors[0]
    assert result.stderr.splitlines()[-1] == errors[0]


@pytest.mark.parametrize(
    "command",
    [
        ("sql", "SELECT max(user_agent) FROM s3_access_log"),
        ("ingest", "s3_access_log", "--from", "RAW"),
        ("forget", "--address", "192.0.2.3", "--yes"),
    ],
    ids=lambda command: command[0],
)
def test_a_data_file_that_is_damaged_in_the_middle_is_a_sentence_that_names_it_or_what_finds_it(
    whole: Path, command: tuple[str, ...]
) -> None:
    rmtree(whole / "lake")
    copytree(whole / "copy", whole / "lake")
    (damaged,) = (whole / "lake/usage_lake/s3_access_log").rglob("*.parquet")
    damage(damaged, "user_agent", 20)
    (whole / "late").mkdir(exist_ok=True)
    (whole / "late/2026-05-08-01-00-00-0123456789ABCDEF").write_text(LINE)
    words = [str(whole / "late") if word == "RAW" else word for word in command]
    result = CliRunner().invoke(main, [*words, "--lake", str(whole / "lake")])
    *_, error = result.stderr.splitlines()
    assert result.exit_code == 1 and error.startswith("error: ")
    assert f"{damaged} is damaged (" in error or error.endswith(
        "; usage-lake check names files that are missing or damaged"
    )


def test_a_data_file_whose_footer_is_damaged_is_named(whole: Path) -> None:
    rmtree(whole / "lake")
    copytree(whole / "copy", whole / "lake")
    (damaged,) = (whole / "lake/usage_lake/s3_access_log").rglob("*.parquet")
    start, _, end = damaged.read_bytes().rpartition(b"user_agent")
    damaged.write_bytes(start + b"\xffser_agent" + end)
    result = CliRunner().invoke(main, ["forget", "--address", "192.0.2.3", "--yes", "--lake", str(whole / "lake")])
    assert result.exit_code == 1
    assert f"{damaged} is damaged (" in result.stderr
