"""pyiceberg's files, with a look at each manifest and list of manifests before it is read.

pyiceberg takes a manifest that was cut short, as by a full disk or a copy that was stopped, for one of fewer files:
answers would lack rows, and runs would ingest them once more. Its decoder also reads beyond the end of its bytes.
"""

from __future__ import annotations

import io

from pyiceberg.io import InputFile, InputStream
from pyiceberg.io.pyarrow import PyArrowFileIO

from glue_jobs.errors import LakeError
from glue_jobs.lake.avro import check_avro
from glue_jobs.lake.failures import DAMAGED


class WholeManifests(PyArrowFileIO):
    """Files on S3 or in folders. A manifest that was cut short is refused."""

    def new_input(self, location: str) -> InputFile:  # type: ignore[override]
        file = super().new_input(location)
        return _Manifest(file) if location.endswith(".avro") else file


class _Manifest(InputFile):
    """A manifest or a list of manifests."""

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
            LakeError: it is not whole.
        """
        with self._file.open(seekable) as stream:
            content = stream.read()
        try:
            check_avro(content)
        except (ValueError, LookupError) as error:
            raise LakeError(f"cannot read {self.location}: {DAMAGED}") from error
        return io.BytesIO(content)
