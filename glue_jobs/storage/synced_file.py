"""A file that goes to the disk while it is still being written."""

from __future__ import annotations

import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

# Bytes handed to the system at a time, and after how many those are sent to the disk.
BUFFER = 2**20
STEP = 4 * 2**20


class SyncedFile(io.BufferedWriter):
    """A new file; once `sync` has returned, no power cut takes away what was written.

    What is written goes to the disk in the background, so that at its end only the last bytes have to be waited for.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "w"), BUFFER)
        self._pool = ThreadPoolExecutor(1)
        self._early: Future[None] | None = None
        self._waiting = 0

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override]
        """Add the bytes."""
        count = super().write(data)
        self._waiting += count
        if self._waiting >= STEP and (self._early is None or self._early.done()):
            self._report()
            self._early, self._waiting = self._pool.submit(os.fsync, self.fileno()), 0
        return count

    def sync(self) -> None:
        """Wait until all of it is on the disk.

        Raises:
            OSError: it cannot be written there.
        """
        self.flush()
        self._report()
        os.fsync(self.fileno())

    def close(self) -> None:
        """Close the file; nobody uses its descriptor any more."""
        self._pool.shutdown()
        super().close()

    def _report(self) -> None:
        # The system tells of an error only once, and it may have told it in the background.
        if self._early is not None:
            self._early.result()
