"""A data file of a table, and the rows of it that other programs deleted, as Athena's DELETE and MERGE do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import _read_deletes
from pyiceberg.manifest import DataFile

from glue_jobs.columns.numpy_types import Places
from glue_jobs.lake.failures import explained


@dataclass(frozen=True)
class StoredFile:
    """A data file of a table's snapshot.

    ``file_constants`` are the values of the table's file constants, None for one with several values in the file.
    ``delete_files`` name rows that another program deleted; the file still contains these rows.
    """

    address: str
    rows: int
    partition: tuple[Any, ...]
    has_deletes: bool
    file_constants: tuple[Any, ...]
    descriptor: DataFile
    delete_files: tuple[DataFile, ...] = ()

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return int(self.descriptor.file_size_in_bytes)


def deleted_rows(io: FileIO, file: StoredFile) -> Places:
    """The positions of the rows in the file that its delete files name.

    Raises:
        LakeError: a delete file cannot be read.
    """
    found = [np.array([], np.int64)]
    for deletes in file.delete_files:
        with explained(f"read {deletes.file_path}"):
            positions = _read_deletes(io, deletes).get(file.address)
        found += [] if positions is None else [positions.to_numpy()]
    return np.unique(np.concatenate(found))
