"""Start worker processes before their tasks are known, while this process imports what a run needs.

Both take half a second. Surplus workers stay idle.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from glue_jobs.storage import address
from glue_jobs.workers.processes import cores, process_pool
from glue_jobs.workers.spark import is_running

TASKS = "glue_jobs.ingest.events.chunk_task"

# The least work for one worker. Equals glue_jobs.read.plan.MIN_CHUNK_BYTES, whose import needs NumPy and Arrow.
BYTES_PER_WORKER = 16 * 2**20
MAX_FILES_LOOKED_AT = 2_000


def start_workers_early(values: Mapping[str, str]) -> None:
    """Start the workers for the first run of a lake in a folder, as many as the size of the raw files requires.

    Later runs ingest new files only, which the ledger has to determine. ``values`` are those of a job's arguments.
    """
    raw, lake = values["raw_path"], values["lake_path"]
    if values.get("engine") == "spark" or is_running():
        return
    if raw.startswith("s3://") or lake.startswith("s3://") or Path(address(lake), "catalog.db").exists():
        return
    most = cores()
    size = 0
    for each in islice(_sizes(address(raw)), MAX_FILES_LOOKED_AT):
        size += each
        if size >= most * BYTES_PER_WORKER:
            break
    # This process is one of the workers.
    process_pool().start(min(most, size // BYTES_PER_WORKER) - 1, TASKS)


def _sizes(folder: str) -> Iterator[int]:
    """The sizes of the files below the folder; lazy, because there may be a million files."""
    folders = [folder]
    while folders:
        # The run itself reports folders and files that cannot be read.
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry.stat().st_size
