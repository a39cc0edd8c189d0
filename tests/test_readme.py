"""The commands of the README run as they are printed there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from glue_jobs.cli.main import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def usage_lake_commands() -> list[str]:
    return [command for command in commands() if command.startswith(".venv/bin/usage-lake")]


def test_every_command_is_a_make_target_or_the_command_line() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in commands():
        if command == "export USAGE_LAKE=lake":
            continue
        first, second = shlex.split(command)[:2]
        assert first == ".venv/bin/usage-lake" or (first == "make" and second in targets), command


@pytest.fixture(scope="module")
def answers(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each usage-lake command of the README prints, run one after the other in an empty folder."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "demo").symlink_to(demo_folder)
    printed = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("USAGE_LAKE", "lake")
        patch.setattr("webbrowser.open", lambda _: True)
        for command in usage_lake_commands():
            # In this process: starting twelve others takes most of the time.
            result = CliRunner().invoke(main, shlex.split(command)[1:])
            assert result.exit_code == 0, (command, result.output)
            printed[command] = result.stdout
    return printed


def test_the_commands_on_own_logs_answer(answers: dict[str, str]) -> None:
    ingest, status = (
        next(text for command, text in answers.items() if f" {name} " in f"{command} ") for name in ("ingest", "status")
    )
    assert re.search(r"ingested [\d,]+ objects: [\d,]+ records = ", ingest)
    assert "s3_access_log" in status
    assert all(text.strip() for command, text in answers.items() if "--output" not in command)


def test_the_check_finds_nothing_wrong(answers: dict[str, str]) -> None:
    check = next(text for command, text in answers.items() if " check " in command)
    assert {line.split()[0] for line in check.splitlines()} == {"ok"}
