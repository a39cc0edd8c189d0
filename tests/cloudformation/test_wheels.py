"""What the jobs install: each package with a hash, and a zip of all of them that needs no network."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tools.wheels
from tests.cloudformation.glue_machine import glue_machine
from tools.glue_modules import additional_modules, installed_modules
from tools.package import artifacts
from tools.wheels import REQUIREMENTS, write_bundle


def install(bundle: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Unpack a bundle and let pip install it as Glue does, without an index, into an empty folder."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--require-hashes", "--no-compile"]
    where = [
        f"--target={folder / 'installed'}",
        *tools.wheels.GLUE_WHEELS,
        "-r",
        str(folder / "wheels/requirements.txt"),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment = {**clean, "PIP_FIND_LINKS": str(folder / "wheels"), "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run([*command, *where], env=environment, capture_output=True, text=True, check=False)


def test_requirements_are_the_modules_that_glue_lacks_and_what_these_need_each_with_a_hash() -> None:
    lines = REQUIREMENTS.read_text().splitlines()[1:]
    assert all(re.fullmatch(r"\S+==\S+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    update = "run python -m tools.wheels, which writes tools/glue_requirements.txt"
    assert [line.split()[0] for line in lines] == installed_modules(), update
    assert {*additional_modules()} < {*installed_modules()}
    assert "requests==2.32.5" in installed_modules()


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the packages are for Python 3.11, the one of Glue 5.1")
def test_the_bundle_installs_without_a_network_and_the_job_script_imports(tmp_path: Path) -> None:
    done = install(write_bundle(tmp_path), tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "machine").mkdir()
    machine, library = glue_machine(tmp_path / "machine", ()), tmp_path / "glue_jobs.zip"
    library.write_bytes(artifacts()["glue_jobs.zip"])
    # What Glue brings comes last, so that the packages of the bundle are the ones imported.
    places = os.pathsep.join(map(str, (library, tmp_path / "installed", machine)))
    program = "import glue_jobs.run, pyiceberg.catalog.glue, pyiceberg.catalog.sql; print(pyiceberg.__file__)"
    done = subprocess.run(
        [machine / "python", "-c", program], env={"PYTHONPATH": places}, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(str(tmp_path / "installed")), done.stderr


def wheel(folder: Path, name: str, code: str) -> str:
    """Write the wheel of a package of one module; returns its line in the requirements."""
    files = {
        f"{name}.py": code,
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},\n"
        for path, text in files.items()
    )
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**files, f"{name}-1.0.dist-info/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(each), text)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def test_a_wheel_with_another_hash_is_not_installed_and_an_old_bundle_makes_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.gluewheels.zip").touch()
    monkeypatch.setattr(tools.wheels, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(tools.wheels, "_download", lambda _, folder, *__: wheel(folder, "honest", "changed = 1"))
    (tmp_path / "requirements.txt").write_text(wheel(tmp_path, "honest", "honest = 1"))
    bundle = write_bundle(tmp_path)
    assert [*tmp_path.glob("*.gluewheels.zip")] == [bundle]
    done = install(bundle, tmp_path / "unpacked")
    assert done.returncode == 1 and "DO NOT MATCH THE HASHES" in done.stderr
