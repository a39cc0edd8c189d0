"""The commits of pyiceberg as a run needs them: for one parent snapshot only, and at a cost that does not grow."""

from __future__ import annotations

from collections.abc import Callable

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableUpdate
from pyiceberg.table.update.snapshot import _FastAppendFiles, _OverwriteFiles

from glue_jobs.lake.merging import merged


class Commit(Transaction):
    """A transaction that works out its metadata once after each change; pyiceberg's does whenever it is asked."""

    _known: tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        # When it is tried again the table is another one, and there are no updates as in the beginning.
        if self._known is None or self._known[0] is not self._table.metadata or self._known[1] is not self._updates:
            self._known = self._table.metadata, self._updates, super().table_metadata
        return self._known[2]


class Append(_FastAppendFiles):
    """An append that holds for one parent snapshot only.

    pyiceberg's one retry stays on, because it first looks whether the commit has landed and only its answer was lost
    (a Glue client repeats a request that timed out): giving up there would delete the manifests of a commit made.
    """

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        return merged(self, manifests)

    def _validate_concurrency(self) -> None:
        raise CommitFailedException("the table is at another snapshot")


class Replace(_OverwriteFiles):
    """A change of whole files that holds for one parent snapshot only, for the same reason."""

    def _existing_manifests(self) -> list[ManifestFile]:
        # pyiceberg would carry on those that only say what earlier changes removed, one more with each change.
        manifests = super()._existing_manifests()
        return [each for each in manifests if each.has_added_files() or each.has_existing_files()]

    def _build_manifest_evaluator(self, spec_id: int) -> Callable[[ManifestFile], bool]:
        # pyiceberg's notes which manifest it looks at, but is asked by several threads at once: now and then it answers
        # for another one, and a file to be removed is not found.
        build = super()._build_manifest_evaluator
        return lambda manifest: build(spec_id)(manifest)

    def _validate_concurrency(self) -> None:
        raise CommitFailedException("the table is at another snapshot")
