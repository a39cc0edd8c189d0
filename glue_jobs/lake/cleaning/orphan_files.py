"""Orphan files are files in a table's folder to which no unexpired snapshot and no metadata of the table refers.

Files are identified by their names, which are unique, not by their addresses: another program may spell the same
address differently, such as ``s3a://``. Files listed after the table was loaded may be newer than its snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pyiceberg.expressions.visitors import inclusive_projection, manifest_evaluator
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

from glue_jobs.lake.failures import explained
from glue_jobs.lake.table.filters import partition_filter
from glue_jobs.lake.table.loaded import LoadedTable

# The file names of Iceberg's writers: metadata, manifest lists, and manifests.
METADATA = re.compile(r"(?:.+[.]metadata[.]json|snap-.+[.]avro|.+-m[0-9]+[.]avro)")


def orphan_metadata(loaded: LoadedTable, addresses: Iterable[str]) -> list[str]:
    """The orphan files among these files of the metadata folder; names that Iceberg does not use are left out."""
    candidates = [address for address in addresses if METADATA.fullmatch(_name(address))]
    if not candidates:
        return []
    metadata = loaded.iceberg.metadata
    statistics = (each.statistics_path for each in (*metadata.statistics, *metadata.partition_statistics))
    used = [loaded.iceberg.metadata_location, *(each.metadata_file for each in metadata.metadata_log), *statistics]
    used += [snapshot.manifest_list for snapshot in metadata.snapshots]
    with explained(f"read the metadata of {loaded.location}"):
        used += [each.manifest_path for each in _manifests(loaded.iceberg, metadata.snapshots)]
    return _without(candidates, used)


def orphan_data(loaded: LoadedTable, addresses: Iterable[str], **partition: Iterable[Any]) -> list[str]:
    """The orphan files among these data files; ``partition`` has the values that their partition columns have."""
    candidates = [*addresses]
    current = loaded.iceberg.current_snapshot()
    # The current snapshot uses nearly all files, so earlier ones are seldom read.
    for snapshots in ([current] if current else [], loaded.iceberg.metadata.snapshots):
        if candidates:
            with explained(f"read the metadata of {loaded.location}"):
                candidates = _without(candidates, _data_files(loaded.iceberg, snapshots, partition))
    return candidates


def _without(addresses: Iterable[str], used: Iterable[str]) -> list[str]:
    names = {*map(_name, used)}
    return [address for address in addresses if _name(address) not in names]


def _name(address: str) -> str:
    return address.rsplit("/", 1)[-1]


def _manifests(table: IcebergTable, snapshots: Iterable[Snapshot]) -> list[ManifestFile]:
    return [*{each.manifest_path: each for snapshot in snapshots for each in snapshot.manifests(table.io)}.values()]


def _data_files(
    table: IcebergTable, snapshots: Iterable[Snapshot], partition: Mapping[str, Iterable[Any]]
) -> Iterator[str]:
    """The data files, removed ones included, in the manifests that may have files of the partition."""
    where = partition_filter(partition)
    for manifest in _manifests(table, snapshots):
        spec = table.specs()[manifest.partition_spec_id]
        projected = inclusive_projection(table.schema(), spec)(where)
        if manifest_evaluator(spec, table.schema(), projected)(manifest):
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                yield entry.data_file.file_path
