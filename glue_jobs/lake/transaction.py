"""Transactions that commit to the snapshot they were started from, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, cast

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile, ManifestFile
from pyiceberg.schema import Schema
from pyiceberg.table import Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update import AddSchemaUpdate, AssertCurrentSchemaId, SetCurrentSchemaUpdate
from pyiceberg.table.update.snapshot import _OverwriteFiles


class OneParentTransaction(Transaction):
    """A transaction that fails when another commit was first, instead of being applied to that commit's snapshot.

    pyiceberg retries a failed commit. It first looks whether the commit has landed and only its answer was lost (a
    Glue client repeats a request that timed out), which must stay: without that look pyiceberg deletes the manifests
    of a commit that was made. What follows would add the files to a table that may have the same records already.
    """

    def _rebuild_snapshot_updates(self) -> None:
        raise CommitFailedException("the table is at another snapshot")

    def append_files(self, files: Iterable[DataFile], summary: Mapping[str, str]) -> None:
        """Add the files; small manifests are merged as the table's properties say."""
        with self.update_snapshot(dict(summary)).merge_append() as change:
            for file in files:
                change.append_data_file(file)

    def replace_files(
        self, removed: Collection[DataFile], files: Iterable[DataFile], summary: Mapping[str, str]
    ) -> None:
        """Add the files and drop the removed ones."""
        with _ReplaceFiles(Operation.OVERWRITE, self, self._table.io, None, dict(summary)) as change:
            for file in files:
                change.append_data_file(file)
            for file in removed:
                change.delete_data_file(file)

    def set_schema(self, schema: Schema) -> None:
        """Make this the schema of the table, with the field ids that it has."""
        number = 1 + max(each.schema_id for each in self.table_metadata.schemas)
        numbered = Schema(*schema.fields, schema_id=number)
        # Type checkers see the names that these have in JSON; -1 is the schema that was added last.
        new, current = cast(Any, AddSchemaUpdate)(schema_=numbered), cast(Any, SetCurrentSchemaUpdate)(schema_id=-1)
        known = cast(Any, AssertCurrentSchemaId)(current_schema_id=self.table_metadata.current_schema_id)
        self._apply((new, current), (known,))


class _ReplaceFiles(_OverwriteFiles):
    """pyiceberg's overwrite without two faults of version 0.12, which only a subclass of its private class can mend."""

    def _existing_manifests(self) -> list[ManifestFile]:
        # pyiceberg keeps manifests that only list files removed by earlier commits: one more with each overwrite.
        manifests = super()._existing_manifests()
        return [each for each in manifests if each.has_added_files() or each.has_existing_files()]

    def _build_manifest_evaluator(self, spec_id: int) -> Callable[[ManifestFile], bool]:
        # pyiceberg's evaluator stores the manifest it looks at, and several threads share it: now and then it answers
        # for another manifest, and a file to be removed is not found. A new evaluator for each manifest avoids that.
        build = super()._build_manifest_evaluator
        return lambda manifest: build(spec_id)(manifest)
