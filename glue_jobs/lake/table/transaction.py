"""Transactions that commit on top of the snapshot they were started from, or fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, cast

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile, ManifestContent, ManifestFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table, TableProperties, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update import AddSchemaUpdate, AssertCurrentSchemaId, SetCurrentSchemaUpdate
from pyiceberg.table.update.snapshot import (
    _FastAppendFiles,
    _ManifestMergeManager,
    _OverwriteFiles,
    _SnapshotProducer,
)

from glue_jobs.lake.schema import MANIFEST_BYTES, MANIFESTS_PER_MERGE


class OneParentTransaction(Transaction):
    """A transaction that fails if another commit came first, instead of being applied on top of that commit.

    pyiceberg retries a failed commit. It first checks whether the commit succeeded and only the response was lost (a
    Glue client repeats a request that timed out). This check must stay: without it, pyiceberg deletes the manifests of
    a successful commit. The retry itself must not happen: the table may have the same records by now.
    """

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.left_over: list[str] = []
        """Manifests that were written and then merged into others: a few kilobytes that no snapshot needs."""
        self._computed: tuple[object, TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The metadata with the changes so far, computed once for each change.

        pyiceberg copies all of it on each of some thirty accesses during a commit.
        """
        state = (self._table.metadata, self._updates)
        if self._computed is None or self._computed[0] != state:
            self._computed = state, super().table_metadata
        return self._computed[1]

    def commit_transaction(self) -> Table:
        try:
            return super().commit_transaction()
        except ValueError as error:
            if not str(error).startswith("Snapshot with snapshot id"):
                raise
            raise CommitFailedException("another program expired the snapshots that this commit expires") from error

    def _rebuild_snapshot_updates(self) -> None:
        raise CommitFailedException("the table is at another snapshot")

    def change_files(
        self, files: Iterable[DataFile], removed: Collection[DataFile], summary: Mapping[str, str]
    ) -> None:
        """Add the files and drop the removed ones; small manifests are merged as the table's properties say."""
        kind: type[_MergesManifests] = _ReplaceFiles if removed else _AppendFiles
        operation = Operation.OVERWRITE if removed else Operation.APPEND
        with kind(operation, self, self._table.io, None, dict(summary)) as change:
            for file in files:
                change.append_data_file(file)
            for file in removed:
                change.delete_data_file(file)
        self.left_over += change.left_over

    def set_schema(self, schema: Schema) -> None:
        """Make this the schema of the table; its field ids are kept."""
        number = 1 + max(each.schema_id for each in self.table_metadata.schemas)
        numbered = Schema(*schema.fields, schema_id=number)
        # Type checkers know only the JSON names of these arguments. -1 is the schema that was added last.
        new, current = cast(Any, AddSchemaUpdate)(schema_=numbered), cast(Any, SetCurrentSchemaUpdate)(schema_id=-1)
        known = cast(Any, AssertCurrentSchemaId)(current_schema_id=self.table_metadata.current_schema_id)
        self._apply((new, current), (known,))


class _MergesManifests(_SnapshotProducer[Any]):
    """Merges manifests in every kind of commit and collects the unused ones; pyiceberg does neither."""

    left_over: list[str]

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        # Manifests that list removed files are not merged, so that the next commit drops them.
        live = [each for each in manifests if each.content == ManifestContent.DATA and _is_live(each)]
        rest = [each for each in manifests if each not in live]
        properties = self._transaction.table_metadata.properties
        merge = _ManifestMergeManager(
            int(properties.get(TableProperties.MANIFEST_TARGET_SIZE_BYTES, MANIFEST_BYTES)),
            int(properties.get(TableProperties.MANIFEST_MIN_MERGE_COUNT, MANIFESTS_PER_MERGE)),
            properties.get(TableProperties.MANIFEST_MERGE_ENABLED, "true") == "true",
            self,
        )
        merged = [*merge.merge_manifests(live), *rest]
        self.left_over = sorted({*self._written_manifests} - {each.manifest_path for each in merged})
        return merged


class _AppendFiles(_MergesManifests, _FastAppendFiles):
    """pyiceberg's append."""


class _ReplaceFiles(_MergesManifests, _OverwriteFiles):
    """pyiceberg's overwrite without two faults of version 0.12, which only a subclass of its private class can mend."""

    def _existing_manifests(self) -> list[ManifestFile]:
        # pyiceberg keeps manifests that list only files removed by earlier commits: one more with each overwrite.
        return [each for each in super()._existing_manifests() if _is_live(each)]

    def _build_manifest_evaluator(self, spec_id: int) -> Callable[[ManifestFile], bool]:
        # pyiceberg's evaluator stores the manifest it evaluates, and several threads share it. So it may answer for
        # another manifest, and a file to remove is not found. A new evaluator for each manifest avoids that.
        build = super()._build_manifest_evaluator
        return lambda manifest: build(spec_id)(manifest)


def _is_live(manifest: ManifestFile) -> bool:
    return manifest.has_added_files() or manifest.has_existing_files()
