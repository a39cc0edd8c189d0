"""pyiceberg's file access, with a check of each manifest and manifest list before it is read.

pyiceberg reads a truncated manifest, as left by a full disk or an interrupted copy, as one with fewer files: answers
would lack rows, and runs would ingest these again. Its decoder also reads beyond the end of the data.
"""

from __future__ import annotations

import io

from pyiceberg.io import InputFile, InputStream
from pyiceberg.io.pyarrow import PyArrowFileIO

from glue_jobs.errors import LakeError
from glue_jobs.lake.avro import check_avro
from glue_jobs.lake.failures import DAMAGED


class WholeManifests(PyArrowFileIO):
    """Files on S3 or in folders. A truncated manifest is refused."""

    def new_input(self, location: str) -> InputFile:  # type: ignore[override]
        file = super().new_input(location)
        return _Manifest(file) if location.endswith(".avro") else file


class _Manifest(InputFile):
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
