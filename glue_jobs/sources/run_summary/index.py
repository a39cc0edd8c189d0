"""The index of a kind of summaries, which lists its runs, one per line."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from glue_jobs.progress import printable
from glue_jobs.read.raw_object import Skipped
from glue_jobs.sources.run_summary.kinds import RUN
from glue_jobs.storage import Storage

# The number of wrong names in an index that are shown.
MAX_NAMES_SHOWN = 3

# The length of the longest accession that `RUN` matches.
BYTES_PER_NAME = 15


def named_runs(storage: Storage, index: str, skipped: Skipped) -> Iterator[str] | None:
    """The distinct runs in an index, sorted; None if there is no index. ``skipped`` gets sentences on wrong names.

    Runs are held in memory in 15 bytes each, because there are millions.

    Raises:
        StorageError: the index cannot be read.
    """
    if not any(entry.address == index for entry in storage.list(index)):
        return None
    names = bytearray()
    refused = 0
    for number, line in enumerate(io.BytesIO(storage.get(index)), 1):
        name = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "backslashreplace")
        if RUN.fullmatch(name):
            names += name.encode().ljust(BYTES_PER_NAME, b"\0")
        elif name:
            refused += 1
            if refused <= MAX_NAMES_SHOWN:
                skipped.sentences.append(f"line {number} of {index} is refused: {printable(name)[:80]} names no run")
    if refused > MAX_NAMES_SHOWN:
        skipped.sentences.append(f"{refused:,} lines of {index} are refused in all")
    ordered: npt.NDArray[np.bytes_] = np.unique(np.frombuffer(names, f"S{BYTES_PER_NAME}"))
    return (name.decode() for name in ordered)
