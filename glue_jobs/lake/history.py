"""Old snapshots of a table: when they end, and which files end with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

from glue_jobs.lake.schema import SNAPSHOTS_KEPT

# How long a reader may go on with a snapshot of a table whose files are replaced: long enough for any query, short
# enough that replaced files do not pile up to several times what the table holds.
READABLE = timedelta(days=1)


def expired(table: IcebergTable, by_age: bool) -> list[Snapshot]:
    """The snapshots that end with the next commit, the oldest first; never the current one."""
    snapshots = sorted(table.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)
    count = max(len(snapshots) - SNAPSHOTS_KEPT + 1, 0)
    oldest = (datetime.now(UTC) - READABLE).timestamp() * 1000
    # A snapshot is out of date from the moment of the next one.
    while by_age and count + 1 < len(snapshots) and snapshots[count + 1].timestamp_ms < oldest:
        count += 1
    return snapshots[:count]


def only_in(ending: list[Snapshot], table: IcebergTable, has_replaced: bool) -> list[str]:
    """What only these snapshots, the oldest of the table, refer to: metadata, and data files if any were replaced."""
    if not ending:
        return []
    lists = [snapshot.manifest_list for snapshot in ending]
    gone = {snapshot.snapshot_id for snapshot in ending}
    staying = [snapshot for snapshot in table.snapshots() if snapshot.snapshot_id not in gone]
    first = min(staying, key=lambda snapshot: snapshot.sequence_number or 0)
    kept = {manifest.manifest_path for manifest in first.manifests(table.io)}
    manifests = {manifest.manifest_path for snapshot in ending for manifest in snapshot.manifests(table.io)}
    # What the oldest of them had replaced went when its own parent ended.
    changed = [*ending[1:], first] if has_replaced else []
    data = [path for snapshot in changed for path in _replaced(table, snapshot)]
    return [*data, *sorted(manifests - kept), *lists]


def _replaced(table: IcebergTable, snapshot: Snapshot) -> Iterator[str]:
    """The data files that a snapshot no longer has and its parent still had."""
    for manifest in snapshot.manifests(table.io):
        if manifest.added_snapshot_id == snapshot.snapshot_id and manifest.deleted_files_count:
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                if entry.status == ManifestEntryStatus.DELETED:
                    yield entry.data_file.file_path
