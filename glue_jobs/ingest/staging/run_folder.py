"""The folder of a run. From the folder of a run that died, the next run can finish it or delete its files.

``<lake>/_runs/<database>/<pipeline>/<run id>/`` holds

- ``alive``: rewritten while the run works
- ``files/…``: announcements of what a task is about to write
- ``late_rows/…``: rows too few for a data file
- ``commit.json``: the plan of the commits that follow the rows

A finished run removes its folder, so the cost of listing a pipeline's folder does not grow with the lake.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from glue_jobs.errors import LostRaceError, StorageError, UsageLakeError
from glue_jobs.ingest.staging.run_notes import Announcement, CommitPlan, Note, not_a_note, read_note
from glue_jobs.storage import Storage, storage_for

# A run that has not touched its folder for this long is dead. This is longer than any Glue job of the stack may take:
# a living run would lose its work with its files.
DEAD_AFTER = timedelta(hours=24)

HEARTBEAT_INTERVAL = timedelta(minutes=10)


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; ``address`` is ``<lake>/_runs/<database>/<pipeline>/<run id>``."""

    address: str
    run_id: str

    @property
    def _storage(self) -> Storage:
        return storage_for(self.address)

    @property
    def _plan(self) -> str:
        return f"{self.address}/commit.json"

    def touch(self) -> None:
        """Record that the run is alive."""
        self._storage.put(f"{self.address}/alive", b"")

    def announce(self, addresses: list[str]) -> None:
        """Record files before they are written."""
        note = Announcement(files=addresses)
        self._storage.put(f"{self.address}/files/{uuid.uuid4().hex}.json", note.model_dump_json().encode())

    def announced(self) -> list[str]:
        """The files that the run may have written, apart from its notes.

        Raises:
            LakeError: a note was written by a newer version of the program, or by no run.
        """
        notes = [self._read(Announcement, entry.address) for entry in self._storage.list(f"{self.address}/files/")]
        return [address for note in notes if note is not None for address in note.files]

    def write_commit(self, plan: CommitPlan) -> None:
        """Store the plan of the commits that follow the rows."""
        # Programs of the plan's version refuse fields that later versions added.
        younger = {"inferred": plan.inferred, "only_moves": plan.only_moves, "replaced": plan.replaced}
        unset = {name for name, value in younger.items() if not value}
        self._storage.put(self._plan, plan.model_dump_json(exclude=unset).encode())

    def read_commit(self) -> CommitPlan | None:
        """The plan of the commits that follow the rows; None if the run stopped before it wrote one.

        Raises:
            LakeError: the plan was written by a newer version of the program or by no run, or names files elsewhere.
        """
        plan = self._read(CommitPlan, self._plan)
        if plan is not None and (foreign := [address for address in plan.addresses() if not self.owns(address)]):
            raise not_a_note(self._plan, f"{foreign[0]} is not in this lake")
        return plan

    def _read(self, kind: type[Note], address: str) -> Note | None:
        """The note at the address; None if it is missing or incomplete."""
        if not self._is_there(address):
            return None
        try:
            return read_note(kind, self._storage.get(address), address)
        except StorageError:
            # Two runs may finish the same dead run at the same time; the other one may have just removed the note.
            if self._is_there(address):
                raise
            return None

    def _is_there(self, address: str) -> bool:
        return any(entry.address == address for entry in self._storage.list(address))

    def owns(self, address: str) -> bool:
        """Whether the address is in this folder or below the tables of the run's database.

        Notes are trusted only for such files: somebody who can write into a run's folder must not be able to make a run
        read or delete anything else. Links below the lake are not followed.
        """
        lake, runs, database, pipeline, run_id = self.address.rsplit("/", 4)
        name = address.removeprefix(f"{lake}/")
        inside = name.startswith((f"{database}/", f"{runs}/{database}/{pipeline}/{run_id}/"))
        if name == address or not inside or not {"", ".", ".."}.isdisjoint(name.split("/")):
            return False
        return address.startswith("s3://") or os.path.realpath(address) == f"{os.path.realpath(lake)}/{name}"

    def last_alive(self) -> datetime | None:
        """When the run last touched its folder, UTC; None when the folder is gone."""
        entries = self._storage.list(f"{self.address}/")
        return max((entry.last_modified for entry in entries), default=None)

    def abandon(self) -> None:
        """Delete the announced files but keep the notes. A task that is still running may write another file; the run
        that finds this one dead deletes it by the notes."""
        self._storage.delete([address for address in self.announced() if self.owns(address)])

    def remove(self, keep: Iterable[str] = ()) -> list[str]:
        """Delete the announced files except ``keep``, and then the folder.

        Returns the addresses that were not deleted because the run does not own them.
        """
        kept = set(keep)
        announced = [address for address in self.announced() if address not in kept]
        entries = [entry.address for entry in self._storage.list(f"{self.address}/")]
        self._storage.delete([address for address in announced if self.owns(address)])
        self._storage.delete([address for address in entries if address != self._plan and self.owns(address)])
        # Deleted last: without the plan, the notes would look like those of a run whose rows were never committed.
        self._storage.delete([address for address in [self._plan] if self.owns(address)])
        self._storage.remove_folder(self.address)
        return [address for address in (*announced, *entries) if not self.owns(address)]


class Heartbeat:
    """Touches the folder of a run during the block, and measures the longest time between two touches."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        # Not the monotonic clock: on Linux it stands still while the machine is suspended.
        self._last = time.time()
        self._longest = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_INTERVAL.total_seconds()):
            self._longest = self._silence()
            # A failed touch does not fail the run; `check` judges by the time since the last successful one.
            with suppress(StorageError):
                self._folder.touch()
                self._last = time.time()

    def _silence(self) -> float:
        return max(self._longest, time.time() - self._last)

    def check(self) -> None:
        """Check that no other run can have considered this one dead.

        Raises:
            StorageError: the run was silent for more than half of DEAD_AFTER, e.g. on a suspended machine.
        """
        if self._silence() > DEAD_AFTER.total_seconds() / 2:
            raise StorageError(f"run {self._folder.run_id} was suspended for hours and gives up; start it again")


@contextmanager
def given_up_on_error(folder: RunFolder) -> Iterator[None]:
    """If the block fails, delete the files that the run has written. The block's error is raised even if that fails."""
    try:
        yield
    except BaseException as error:
        with suppress(UsageLakeError):
            if isinstance(error, LostRaceError):
                # This error is raised in this process, when no task is running any more.
                folder.remove()
            else:
                folder.abandon()
        raise


def runs_folder(location: str, database: str, name: str) -> str:
    """The folder of the lake that holds the run folders of the pipeline, or other task, with this name."""
    return f"{location}/_runs/{database}/{name}"


def new_run(root: str, now: datetime, run_id: str = "") -> RunFolder:
    """Create the folder of a new run below ``root``, which is a `runs_folder`.

    Every step after the first has its own ``run_id``, which starts with that of the first step.
    """
    run_id = run_id or f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    folder = RunFolder(f"{root}/{run_id}", run_id)
    folder.touch()
    return folder


def unfinished(root: str) -> list[RunFolder]:
    """The folders of all unfinished runs, alive or dead."""
    runs = {entry.address.removeprefix(f"{root}/").split("/")[0] for entry in storage_for(root).list(f"{root}/")}
    return [RunFolder(f"{root}/{run_id}", run_id) for run_id in sorted(runs)]


def is_dead(folder: RunFolder, now: datetime) -> bool:
    """Whether the run has not touched its folder for DEAD_AFTER before ``now`` (UTC, without time zone)."""
    alive = folder.last_alive()
    return alive is not None and alive < now - DEAD_AFTER
