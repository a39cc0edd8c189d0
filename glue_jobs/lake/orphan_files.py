"""Orphan files lie in a table's folder, but no snapshot that is kept and no metadata of the table refers to them.

Files are told by their names, which are unique, not by their addresses: another program may write the same address in
another way, such as ``s3a://``.
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
from glue_jobs.lake.filters import partition_filter

# The names that Iceberg's writers give: of metadata, of lists of manifests, and of manifests.
METADATA = re.compile(r"(?:.+[.]metadata[.]json|snap-.+[.]avro|.+-m[0-9]+[.]avro)")


class OrphanFiles:
    """What a table does not refer to, as it is when this is made; files that are listed later may be newer."""

    def __init__(self, iceberg: IcebergTable) -> None:
        self._iceberg = iceberg

    @property
    def location(self) -> str:
        """Where the table's data and metadata are."""
        return self._iceberg.location()

    def metadata(self, addresses: Iterable[str]) -> list[str]:
        """Those of the files in the folder of metadata that have a name of Iceberg's and are not referred to."""
        candidates = [address for address in addresses if METADATA.fullmatch(_name(address))]
        if not candidates:
            return []
        metadata = self._iceberg.metadata
        statistics = (each.statistics_path for each in (*metadata.statistics, *metadata.partition_statistics))
        used = [self._iceberg.metadata_location, *(each.metadata_file for each in metadata.metadata_log), *statistics]
        used += [snapshot.manifest_list for snapshot in metadata.snapshots]
        with explained(f"read the metadata of {self.location}"):
            used += [each.manifest_path for each in _manifests(self._iceberg, metadata.snapshots)]
        return _without(candidates, used)

    def data(self, addresses: Iterable[str], **partition: Iterable[Any]) -> list[str]:
        """Those of the data files that are not referred to; the partition columns of all have one of the values."""
        candidates = [*addresses]
        current = self._iceberg.current_snapshot()
        # Nearly all files are in use now, so that earlier snapshots are seldom looked at.
        for snapshots in ([current] if current else [], self._iceberg.metadata.snapshots):
            if candidates:
                with explained(f"read the metadata of {self.location}"):
                    candidates = _without(candidates, _data_files(self._iceberg, snapshots, partition))
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
    """What manifests list that may have files of the partition, files that were removed too."""
    where = partition_filter(partition) if partition else None
    for manifest in _manifests(table, snapshots):
        spec = table.specs()[manifest.partition_spec_id]
        if where is not None:
            projected = inclusive_projection(table.schema(), spec)(where)
            if not manifest_evaluator(spec, table.schema(), projected)(manifest):
                continue
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
            yield entry.data_file.file_path
