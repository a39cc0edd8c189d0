"""Many small manifests become one, so that planning a read does not grow with the number of commits.

As in a log-structured merge tree: of so many that list about as many files one is made, which lists more and waits for
its like. A file's entry is written again once for each power of that number its table grows by.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pyiceberg.manifest import ManifestContent, ManifestFile
from pyiceberg.table.update.snapshot import _SnapshotProducer
from pyiceberg.utils.concurrent import ExecutorFactory

MANY = 32


def merged(commit: _SnapshotProducer[Any], manifests: list[ManifestFile]) -> list[ManifestFile]:
    """The manifests of a commit, its own as they are; where MANY older ones are alike in size, one in their place."""
    kept: list[ManifestFile] = []
    alike: defaultdict[tuple[int, int], list[ManifestFile]] = defaultdict(list)
    for manifest in manifests:
        if _only_lists(manifest) and manifest.added_snapshot_id != commit.snapshot_id:
            alike[manifest.partition_spec_id, _magnitude(manifest)].append(manifest)
        else:
            kept.append(manifest)
    for (spec, _), some in alike.items():
        kept += some if len(some) < MANY else [_one(commit, spec, some)]
    return kept


def _only_lists(manifest: ManifestFile) -> bool:
    """Whether all it says is which data files there are, not which ones are gone."""
    return manifest.content == ManifestContent.DATA and manifest.deleted_files_count == 0


def _magnitude(manifest: ManifestFile) -> int:
    files = (manifest.added_files_count or 0) + (manifest.existing_files_count or 0)
    magnitude = 0
    while files >= MANY:
        files //= MANY
        magnitude += 1
    return magnitude


def _one(commit: _SnapshotProducer[Any], spec: int, manifests: list[ManifestFile]) -> ManifestFile:
    entries = ExecutorFactory.get_or_create().map(commit.fetch_manifest_entry, manifests)
    with commit.new_manifest_writer(commit.spec(spec)) as writer:
        for some in entries:
            for entry in some:
                writer.existing(entry)
    return writer.to_manifest_file()
