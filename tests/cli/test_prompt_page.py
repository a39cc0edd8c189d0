"""The commands of docs/prompt.md run as they are printed there, and so do the screens of the README."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from glue_jobs.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/prompt.md").read_text()
README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
# A command behind a dollar sign, and what it prints.
SCREENS = [
    (command, printed)
    for block in re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    for command, printed in re.findall(r"^\$ (usage-lake .*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@pytest.fixture(scope="module", autouse=True)
def folder(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder with the sample as ``demo``, in which the commands run one after another."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "demo").symlink_to(demo_folder)
    return folder


@pytest.fixture(autouse=True)
def surroundings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("USAGE_LAKE", "demo/lake")


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith(("export", "eval"))])
def test_a_command_of_the_page_runs(line: str) -> None:
    text, _, command = line.rpartition(" | ")
    result = CliRunner().invoke(main, shlex.split(command)[1:], input=shlex.split(text)[1] if text else None)
    assert result.exit_code == 0, result.output
    assert result.output.strip()


def test_the_page_sets_up_what_the_tests_set_up() -> None:
    others = [line for line in COMMANDS if line.startswith(("export", "eval"))]
    path = 'export PATH="$PWD/.venv/bin:$PATH"'
    assert others == [path, "export USAGE_LAKE=demo/lake", 'eval "$(_USAGE_LAKE_COMPLETE=bash_source usage-lake)"']


def test_bash_completes_queries_after_the_command_of_the_page(tmp_path: Path) -> None:
    program = tmp_path / "usage-lake"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from glue_jobs.cli import main; main()" "$@"\n')
    program.chmod(0o755)
    (command,) = (line for line in COMMANDS if line.startswith("eval"))
    # Bash fills these before it calls the function.
    asked = "COMP_WORDS=(usage-lake query storage/acc); COMP_CWORD=2; _usage_lake_completion usage-lake"
    done = subprocess.run(
        ["bash", "-c", f'{command}; {asked}; echo "${{COMPREPLY[@]}}"'],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("storage/accounts\n", "")


@pytest.mark.parametrize(("command", "printed"), SCREENS)
def test_a_screen_of_the_readme_looks_like_that(command: str, printed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, printed.splitlines())) <= 80
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    if printed.startswith("error: "):
        assert result.output == printed
        return
    assert result.exit_code == 0
    # The numbers are of the day on which somebody looked; the columns are not.
    words = [re.findall(r"[a-z]+_|[a-z]{4,}", "".join(text.splitlines(True)[:2])) for text in (printed, result.output)]
    assert words[0][:6] == words[1][:6]
    assert len(SCREENS) >= 3
