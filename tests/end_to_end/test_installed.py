"""The wheel has everything: installed into an empty environment, with its dependencies, the commands work."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from glue_jobs.query.saved.query import SavedQuery

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and the packages it depends on, and without this repository."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    # A copy, because a build leaves files in the folder it is given.
    source = folder / "source"
    for name in ("glue_jobs", "queries"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [*pip, "wheel", "--no-deps", "-w", str(wheels), str(source)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (wheel,) = wheels.glob("*.whl")
    python = folder / "env/bin/python"
    install = [*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, cwd=folder)
    (packages,) = (folder / "env/lib").glob("python*/site-packages")
    # Only a path: what makes this repository importable in the outer environment is not followed from here.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return folder / "env"


def run(environment: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    return subprocess.run(
        [str(environment / "bin" / program), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)},
    )


def test_the_library_is_that_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "python", "-c", "import glue_jobs; print(glue_jobs.__file__)", cwd=tmp_path)
    assert done.stdout.startswith(str(environment)), done.stderr


def test_every_saved_query_is_listed(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "usage-lake", "queries", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for query in SavedQuery.all():
        assert query.name in done.stdout


def test_the_demonstration_runs_and_its_measures_are_equal(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "usage-lake", "demo", "--scale", "0.05", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "demo/reports/index.html").exists()
    assert "The lake counts exactly what was generated." in done.stdout


def test_a_missing_extra_is_one_sentence(environment: Path, tmp_path: Path) -> None:
    program = "import sys; sys.modules['click'] = None\nfrom glue_jobs.cli import main\nmain()"
    done = run(environment, "python", "-c", program, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "error: the command line needs the extra local: pip install 's3-usage-lake[local]'\n"
    program = (
        "import sys; sys.modules['duckdb'] = None\nfrom glue_jobs import Lake\n"
        f"Lake({str(tmp_path)!r}).ingest('s3_access_log', {str(tmp_path)!r}, engine='nobody')"
    )
    done = run(environment, "python", "-c", program, cwd=tmp_path)
    assert "ArgumentError: engine is processes or spark, not 'nobody'" in done.stderr
