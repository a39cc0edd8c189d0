"""The folder of a run: what a run that never finishes leaves behind, so that the next one can tidy up.

``<lake>/_runs/<database>/<pipeline>/<run id>/`` holds ``alive`` (rewritten while the run works), ``files/…`` (notes of
what a task is about to write), ``aside/…`` (rows too few for a data file) and ``commit.json`` (the ledger and reject
files that follow the rows). A finished run removes it, so listing the pipeline's folder costs what is unfinished, not
what is stored.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from glue_jobs.errors import StorageError
from glue_jobs.storage import Storage, storage_for

# A run touches its folder before it commits; one that has not done so for this long is dead. Longer than any
# Glue job of the stack may take, because deleting the files of a living run would cost it its work.
DEAD_AFTER = timedelta(hours=24)

BEAT = timedelta(minutes=10)


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; ``address`` ends without a slash."""

    address: str
    run_id: str

    @property
    def _storage(self) -> Storage:
        return storage_for(self.address)

    def touch(self) -> None:
        """Say that the run is alive."""
        self._storage.put(f"{self.address}/alive", b"")

    def announce(self, addresses: list[str]) -> None:
        """Note files before they are written."""
        self._storage.put(f"{self.address}/files/{uuid.uuid4().hex}.json", json.dumps(addresses).encode())

    def announced(self) -> list[str]:
        """All files the run may have written, but for its notes."""
        notes = [self._read_note(entry.address) for entry in self._storage.list(f"{self.address}/files/")]
        return [address for note in notes if note is not None for address in note]

    def write_commit(self, plan: dict[str, Any]) -> None:
        """Keep what has to be committed after the rows."""
        self._storage.put(f"{self.address}/commit.json", json.dumps(plan).encode())

    def read_commit(self) -> dict[str, Any] | None:
        """What has to be committed after the rows, or None while the run has not come that far."""
        plan: dict[str, Any] | None = self._read_note(f"{self.address}/commit.json")
        return plan

    def _read_note(self, address: str) -> Any:
        """The JSON at the address; None when it is gone, or when whoever wrote it died in the middle."""
        if not self._is_there(address):
            return None
        try:
            return json.loads(self._storage.get(address))
        except json.JSONDecodeError:
            # What a note announces begins only when the note is whole, so nothing of this one was ever begun.
            return None
        except StorageError:
            # Two runs may finish the same dead one; the other has just removed the note.
            if self._is_there(address):
                raise
            return None

    def _is_there(self, address: str) -> bool:
        return any(entry.address == address for entry in self._storage.list(address))

    def last_alive(self) -> datetime | None:
        """When the run last touched its folder, UTC; None when the folder is gone."""
        entries = self._storage.list(f"{self.address}/")
        return max((entry.last_modified for entry in entries), default=None)

    def abandon(self) -> None:
        """Delete the announced files, but keep the notes: a task that was not stopped yet may still write one,
        which whoever finds this run dead deletes."""
        self._storage.delete(self.announced())

    def remove(self, keep: Iterable[str] = ()) -> None:
        """Delete the announced data files, all but ``keep``, and then the folder."""
        kept = set(keep)
        self._storage.delete([address for address in self.announced() if address not in kept])
        entries = [entry.address for entry in self._storage.list(f"{self.address}/")]
        plan = f"{self.address}/commit.json"
        self._storage.delete([address for address in entries if address != plan])
        # Last of all: without it the notes would read as those of a run whose rows were never committed.
        self._storage.delete([plan])
        self._storage.remove_folder(self.address)


class Heartbeat:
    """Touches the folder of a run while the block lasts, and tells whether that ever failed for too long."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        # Not the monotonic clock: on Linux that stands still while the machine is suspended.
        self._last = time.time()
        self._longest = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(BEAT.total_seconds()):
            self._longest = self._silence()
            # A failed touch is no failure of the run: `check` decides by how long ago the last one was.
            with suppress(StorageError):
                self._folder.touch()
                self._last = time.time()

    def _silence(self) -> float:
        return max(self._longest, time.time() - self._last)

    def check(self) -> None:
        """Make sure that no other run can have taken this one for dead.

        Raises:
            StorageError: the run was silent for so long (a suspended machine) that it must not commit.
        """
        if self._silence() > DEAD_AFTER.total_seconds() / 2:
            raise StorageError(f"run {self._folder.run_id} was suspended for hours and gives up; start it again")


def new_run(root: str, now: datetime) -> RunFolder:
    """The folder of a new run, made below ``root``."""
    run_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    folder = RunFolder(f"{root}/{run_id}", run_id)
    folder.touch()
    return folder


def unfinished(root: str) -> list[RunFolder]:
    """The folders of runs that have not finished: alive, or dead."""
    runs = {entry.address.removeprefix(f"{root}/").split("/")[0] for entry in storage_for(root).list(f"{root}/")}
    return [RunFolder(f"{root}/{run_id}", run_id) for run_id in sorted(runs)]


def is_dead(folder: RunFolder, now: datetime) -> bool:
    """Whether the run has been silent for so long before ``now`` (UTC, without zone) that its files may be deleted."""
    alive = folder.last_alive()
    return alive is not None and alive < now - DEAD_AFTER
