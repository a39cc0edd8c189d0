"""The machine and the versions behind the figures, and counters of the machine."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import platform
import re
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# The rest of the free memory is left to other processes.
SHARE_OF_FREE_MEMORY = 0.8

PACKAGES = ("pyarrow", "pyspark", "pyiceberg", "obstore", "duckdb", "chdb", "numpy")


def described() -> str:
    """The machine, the versions and the date, for the head of the results."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    python = f"Python {platform.python_version()}"
    packages = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.machine()}, load {load:.1f} at the start; {python}, {packages}"
    )


def warm_memory() -> None:
    """Touch most of the free memory, so that no contestant pays for its first use.

    Many virtual machines get each page of memory at its first use: writing a file to such pages took ten times as long
    as to used ones.
    """
    child = multiprocessing.get_context("spawn").Process(target=_touch, args=(os.sysconf("SC_AVPHYS_PAGES"),))
    child.start()
    child.join()


def bytes_read() -> int:
    """All bytes that this process has read from files so far, page cache included; 0 without /proc."""
    counters = Path("/proc/self/io")
    return int(counters.read_text().split("rchar: ")[1].split()[0]) if counters.exists() else 0


def _touch(pages: int) -> None:
    populate = getattr(mmap, "MAP_POPULATE", 0)
    size = int(pages * SHARE_OF_FREE_MEMORY) * os.sysconf("SC_PAGE_SIZE")
    mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | populate).close()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    found = information.exists() and re.search(r"^model name\s*: (.*)$", information.read_text(), re.MULTILINE)
    return found[1] if found else platform.processor() or "unknown processor"


def _version(package: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(package)
    return None
