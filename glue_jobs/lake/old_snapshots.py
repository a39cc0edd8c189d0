"""The old snapshots of a table, which have to expire if rows must be removed from the history too."""

from __future__ import annotations

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.update.snapshot import ExpireSnapshots

from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.lake.failures import explained, without_warnings
from glue_jobs.lake.history import files_of
from glue_jobs.lake.transaction import OneParentTransaction
from glue_jobs.tables.model import Table


class OldSnapshots:
    """The snapshots of a table other than the one that was current when it was loaded."""

    def __init__(self, table: Table, iceberg: IcebergTable) -> None:
        self._table = table
        self._iceberg = iceberg

    def check_unnamed(self) -> None:
        """Check that the old snapshots can expire.

        Raises:
            LakeError: the table has a branch or a tag.
        """
        names = sorted({*self._iceberg.metadata.refs} - {MAIN_BRANCH})
        if names:
            raise LakeError(f"{self._table.name} has the branch or tag {names[0]}, which keeps old rows; drop it first")

    def files(self) -> list[str]:
        """The files that only old snapshots use."""
        with explained(f"read the metadata of {self._iceberg.location()}"):
            every, needed = files_of(self._iceberg)
        return sorted(every - needed)

    def all_files(self) -> set[str]:
        """The files that any snapshot uses, including the current one."""
        with explained(f"read the metadata of {self._iceberg.location()}"):
            return files_of(self._iceberg)[0]

    def end(self) -> None:
        """Expire the old snapshots in one commit; the caller deletes their files.

        Raises:
            LostRaceError: the table is no longer at the snapshot it was loaded at.
        """
        current = self._iceberg.metadata.current_snapshot_id
        ids = [each.snapshot_id for each in self._iceberg.snapshots() if each.snapshot_id != current]
        if not ids:
            return
        transaction = OneParentTransaction(self._iceberg)
        try:
            with explained(f"commit to {self._iceberg.location()}"), without_warnings(), transaction:
                ExpireSnapshots(transaction).by_ids(ids).commit()
        except CommitFailedException as error:
            raise LostRaceError(f"another run committed to {self._table.name} first; start it again") from error
