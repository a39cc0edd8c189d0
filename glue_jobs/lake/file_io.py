"""pyiceberg's access to the files of a lake: with its own code only, with whole manifests only, and synced.

Table properties can name a Python class that pyiceberg imports and calls. So the writer of a lake could run code on the
machine of anybody who opens it.

pyiceberg reads a truncated manifest, as left by a full disk or an interrupted copy, as one with fewer files: answers
would lack rows, and runs would ingest these again. Its decoder also reads beyond the end of the data.

It writes files to a folder without syncing them: after a power failure, the catalog may refer to an empty file.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.io import InputFile, InputStream, OutputStream
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
from pyiceberg.table import TableProperties

from glue_jobs.errors import LakeError
from glue_jobs.lake.failures import DAMAGED
from glue_jobs.lake.without_pyiceberg.avro import check_avro
from glue_jobs.storage.folder import sync_folder

PROPERTIES_THAT_NAME_CODE = ("py-io-impl", TableProperties.WRITE_PY_LOCATION_PROVIDER_IMPL)


def with_own_file_io(catalog: Catalog) -> Catalog:
    """The catalog, changed so that its tables use only the class below, and have no properties that name code."""

    def load_file_io(properties: Any = None, location: str | None = None) -> Any:
        # This is the mapping in the table's metadata itself, so later readers of the metadata do not see them either.
        for name in PROPERTIES_THAT_NAME_CODE:
            if properties and name in properties:
                del properties[name]
        return CheckedAndSyncedFiles({**catalog.properties, **(properties or {})})

    # pyiceberg has no public way to choose the reader of a table.
    catalog._load_file_io = load_file_io  # type: ignore[method-assign]
    # The creation of a table does not use that function.
    catalog.properties["py-io-impl"] = f"{CheckedAndSyncedFiles.__module__}.{CheckedAndSyncedFiles.__qualname__}"
    return catalog


class CheckedAndSyncedFiles(PyArrowFileIO):
    """Files on S3 or in folders. A truncated manifest is refused, and files in folders are synced."""

    def new_input(self, location: str) -> InputFile:  # type: ignore[override]
        file = super().new_input(location)
        return _CheckedManifest(file) if location.endswith(".avro") else file

    def new_output(self, location: str) -> PyArrowFile:
        file = super().new_output(location)
        return _FileInFolder(location, location, file._filesystem) if location.startswith("/") else file


class _FileInFolder(PyArrowFile):
    """A new file in a folder."""

    def create(self, overwrite: bool = False) -> OutputStream:
        path = Path(self.location)
        path.parent.mkdir(parents=True, exist_ok=True)
        return _SyncedFile(io.FileIO(path, "w" if overwrite else "x"))


class _SyncedFile(io.BufferedWriter):
    """A file that is on the disk once it is closed."""

    def close(self) -> None:
        try:
            if not self.closed:
                self.flush()
                os.fsync(self.fileno())
                path = Path(self.name)
                # A commit writes its manifests first, into the same folder: one sync keeps the names of all.
                if path.suffix == ".json":
                    sync_folder(path.parent)
        finally:
            super().close()


class _CheckedManifest(InputFile):
    """A manifest or a manifest list."""

    def __init__(self, file: InputFile) -> None:
        super().__init__(file.location)
        self._file = file

    def __len__(self) -> int:
        return len(self._file)

    def exists(self) -> bool:
        return self._file.exists()

    def open(self, seekable: bool = True) -> InputStream:
        """The content.

        Raises:
            LakeError: the file is truncated.
        """
        with self._file.open(seekable) as stream:
            content = stream.read()
        try:
            check_avro(content)
        except (ValueError, LookupError) as error:
            raise LakeError(f"cannot read {self.location}: {DAMAGED}") from error
        return io.BytesIO(content)
