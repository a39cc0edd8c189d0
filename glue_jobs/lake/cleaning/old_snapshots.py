"""The old snapshots of a table, which have to expire if rows must be removed from the history too.

They are all but the one that was current when the table was loaded.
"""

from __future__ import annotations

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.update.snapshot import ExpireSnapshots

from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.lake.failures import explained, without_warnings
from glue_jobs.lake.table.history import files_of
from glue_jobs.lake.table.loaded import LoadedTable
from glue_jobs.lake.table.transaction import OneParentTransaction


def check_unnamed(loaded: LoadedTable) -> None:
    """Check that the old snapshots can expire.

    Raises:
        LakeError: the table has a branch or a tag.
    """
    names = sorted({*loaded.iceberg.metadata.refs} - {MAIN_BRANCH})
    if names:
        raise LakeError(f"{loaded.table.name} has the branch or tag {names[0]}, which keeps old rows; drop it first")


def old_files(loaded: LoadedTable) -> list[str]:
    """The files that only old snapshots use."""
    with explained(f"read the metadata of {loaded.location}"):
        every, needed = files_of(loaded.iceberg)
    return sorted(every - needed)


def all_files(loaded: LoadedTable) -> set[str]:
    """The files that any snapshot uses, including the current one."""
    with explained(f"read the metadata of {loaded.location}"):
        return files_of(loaded.iceberg)[0]


def end_old_snapshots(loaded: LoadedTable) -> None:
    """Expire the old snapshots in one commit; the caller deletes their files.

    Raises:
        LostRaceError: the table is no longer at the snapshot it was loaded at.
    """
    current = loaded.iceberg.metadata.current_snapshot_id
    ids = [each.snapshot_id for each in loaded.iceberg.snapshots() if each.snapshot_id != current]
    if not ids:
        return
    transaction = OneParentTransaction(loaded.iceberg)
    try:
        with explained(f"commit to {loaded.location}"), without_warnings(), transaction:
            ExpireSnapshots(transaction).by_ids(ids).commit()
    except CommitFailedException as error:
        raise LostRaceError(f"another run committed to {loaded.table.name} first; start it again") from error
