"""A file that is synced to disk while it is still being written."""

from __future__ import annotations

import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from glue_jobs.storage.limits import Limits


class SyncedFile(io.BufferedWriter):
    """A new file; after `sync` returns, a power cut cannot lose what was written.

    A background thread syncs during the writing, so that `sync` waits for the last bytes only.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(io.FileIO(path, "w"), limits.bytes_per_write)
        self._bytes_per_sync = limits.bytes_per_sync
        self._pool = ThreadPoolExecutor(1)
        self._background: Future[None] | None = None
        self._unsynced_bytes = 0

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override]
        """Append the bytes; returns how many they are.

        Raises:
            OSError: earlier bytes could not be written.
        """
        count = super().write(data)
        self._unsynced_bytes += count
        if self._unsynced_bytes >= self._bytes_per_sync and (self._background is None or self._background.done()):
            self._raise_background_error()
            self._background, self._unsynced_bytes = self._pool.submit(os.fsync, self.fileno()), 0
        return count

    def sync(self) -> None:
        """Wait until the whole file is on disk.

        Raises:
            OSError: the bytes could not be written.
        """
        self.flush()
        self._raise_background_error()
        os.fsync(self.fileno())

    def close(self) -> None:
        """Close the file after the background sync, which uses its descriptor."""
        self._pool.shutdown()
        super().close()

    def _raise_background_error(self) -> None:
        # The kernel reports a write error to one fsync only, which may have been the one in the background.
        # https://wiki.postgresql.org/wiki/Fsync_Errors
        if self._background is not None:
            self._background.result()
