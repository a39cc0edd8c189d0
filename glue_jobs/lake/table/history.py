"""The snapshots of a table that expire with the next commit, and the files that expire with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Snapshot

from glue_jobs.lake.schema import SNAPSHOTS_KEPT

# How long a reader can use a snapshot of a table whose files are replaced. This is long enough for any query, and short
# enough that replaced files do not add up to several times the size of the table.
MAX_READING_TIME = timedelta(days=1)

# At most this many snapshots expire with one commit, however many another program has created.
MAX_EXPIRED = 100


def expired(table: IcebergTable, by_age: bool) -> list[Snapshot]:
    """The snapshots that expire with the next commit, the oldest first; never the current one.

    All but the latest SNAPSHOTS_KEPT expire, counting that of the commit; with ``by_age``, also those that nobody can
    still be reading. At most MAX_EXPIRED expire at a time. Snapshots with a tag or a branch stay.
    """
    snapshots = _by_age(table.snapshots())
    count = max(len(snapshots) - SNAPSHOTS_KEPT + 1, 0)
    oldest = (datetime.now(UTC) - MAX_READING_TIME).timestamp() * 1000
    # A snapshot is current until the next one is committed, so the next one's time is decisive.
    while by_age and count + 1 < len(snapshots) and snapshots[count + 1].timestamp_ms < oldest:
        count += 1
    named = {ref.snapshot_id for ref in table.metadata.refs.values()}
    return [snapshot for snapshot in snapshots[:count] if snapshot.snapshot_id not in named][:MAX_EXPIRED]


def files_only_in(expiring: list[Snapshot], table: IcebergTable) -> list[str]:
    """The manifests, manifest lists and data files to which only these snapshots refer.

    They must be the oldest snapshots of the table, and its history must be one line (`is_one_line`).
    """
    if not expiring:
        return []
    lists = [snapshot.manifest_list for snapshot in expiring]
    expired_ids = {snapshot.snapshot_id for snapshot in expiring}
    first = next(each for each in _by_age(table.snapshots()) if each.snapshot_id not in expired_ids)
    kept = {manifest.manifest_path for manifest in first.manifests(table.io)}
    manifests = {manifest.manifest_path for snapshot in expiring for manifest in snapshot.manifests(table.io)}
    # The files that the oldest snapshot replaced have already expired, together with its parent.
    data = [path for snapshot in [*expiring[1:], first] for path in _replaced(table, snapshot)]
    return [*data, *sorted(manifests - kept), *lists]


def _by_age(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    return sorted(snapshots, key=lambda snapshot: snapshot.sequence_number or 0)


def is_one_line(table: IcebergTable) -> bool:
    """Whether each snapshot is the child of the previous one, and the table has no other branch or tag.

    Otherwise another program has rolled back to an older snapshot, or has created a branch or a tag, and replaced files
    may still be in use. Must be called before a commit, which removes expired parents from their children.
    """
    snapshots = _by_age(table.snapshots())
    return [*table.metadata.refs] == [MAIN_BRANCH] and all(
        later.parent_snapshot_id == earlier.snapshot_id for earlier, later in pairwise(snapshots)
    )


def _replaced(table: IcebergTable, snapshot: Snapshot) -> Iterator[str]:
    """The data files that the snapshot removed."""
    for manifest in snapshot.manifests(table.io):
        if manifest.added_snapshot_id == snapshot.snapshot_id and manifest.deleted_files_count:
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                if entry.status == ManifestEntryStatus.DELETED:
                    yield entry.data_file.file_path


def files_of(table: IcebergTable) -> tuple[set[str], set[str]]:
    """All files to which any snapshot of the table refers, and those that the current snapshot needs."""
    every: set[str] = set()
    needed: set[str] = set()
    current = table.current_snapshot()
    for snapshot in table.snapshots():
        is_current = current is not None and snapshot.snapshot_id == current.snapshot_id
        files = {snapshot.manifest_list}
        for manifest in snapshot.manifests(table.io):
            files.add(manifest.manifest_path)
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                every.add(entry.data_file.file_path)
                if is_current and entry.status != ManifestEntryStatus.DELETED:
                    needed.add(entry.data_file.file_path)
        every |= files
        needed |= files if is_current else set()
    return every, needed
