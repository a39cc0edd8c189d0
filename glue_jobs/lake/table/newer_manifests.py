"""The data files in manifests that are newer than a noted position.

Manifests never change, so a run that searches old days for small files reads each manifest once. When manifests are
merged or some files of a manifest are replaced, a new manifest lists the remaining files, which are then read again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.manifest import ManifestContent, ManifestFile
from pyiceberg.table import Table as IcebergTable

from glue_jobs.lake.schema import python_value
from glue_jobs.lake.without_pyiceberg.manifest_position import ManifestPosition


@dataclass(frozen=True)
class NewerManifests:
    """The data files in some manifests, the total ``bytes`` of these manifests, and the position of the last one.

    ``files`` has, for each data file, the values of its partition columns, and its size in bytes.
    """

    files: list[tuple[tuple[Any, ...], int]]
    bytes: int
    position: ManifestPosition


def newer_manifests(
    table: IcebergTable, types: Sequence[str], after: ManifestPosition, min_files: int, max_bytes: int
) -> NewerManifests:
    """The files in the manifests after a position; reads up to ``max_bytes`` of manifests, the oldest first.

    If these manifests list fewer than ``min_files`` files in all, none is read. ``types`` are the types of the
    partition columns.
    """
    snapshot = table.current_snapshot()
    commits = (snapshot.sequence_number or 0) if snapshot else 0
    if snapshot is None or commits <= after.commits:
        return NewerManifests([], 0, after)
    newer = sorted(filter(_is_plain, snapshot.manifests(table.io)), key=_position)
    newer = [each for each in newer if _position(each) > after]
    if sum((each.added_files_count or 0) + (each.existing_files_count or 0) for each in newer) < min_files:
        return NewerManifests([], 0, ManifestPosition(commits))
    sizes = itertools.accumulate(each.manifest_length for each in newer)
    chosen = newer[: max(sum(size <= max_bytes for size in sizes), 1)]
    position = ManifestPosition(commits) if len(chosen) == len(newer) else _position(chosen[-1])
    files = [file for each in chosen for file in _files(table, types, each)]
    return NewerManifests(files, sum(each.manifest_length for each in chosen), position)


def _position(manifest: ManifestFile) -> ManifestPosition:
    return ManifestPosition(manifest.sequence_number or 0, manifest.manifest_path.rsplit("/", 1)[-1])


def _is_plain(manifest: ManifestFile) -> bool:
    """Whether the manifest lists data files that are partitioned as the table is declared."""
    return manifest.content == ManifestContent.DATA and manifest.partition_spec_id == 0


def _files(table: IcebergTable, types: Sequence[str], manifest: ManifestFile) -> Iterator[tuple[tuple[Any, ...], int]]:
    for entry in manifest.fetch_manifest_entry(table.io):
        file = entry.data_file
        values = (python_value(name, file.partition[at]) for at, name in enumerate(types))
        yield (*values,), file.file_size_in_bytes
