"""Invalid snapshots: every run reports those that it finds; the first run to find one also records it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.rejected_records import rejected_rows
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.lake.without_pyiceberg.plain_files import json_note
from glue_jobs.read.parsed import Rejected
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.rejected_record import REJECTED_RECORD

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable

# A note on the rows' table, a JSON object: by address of an invalid manifest, a hash of its ETag and the reason.
INVALID_SNAPSHOTS = "usage-lake.refused-snapshots"
MAX_RECORDED_SNAPSHOTS = 500


@dataclass(frozen=True)
class InvalidSnapshot:
    """A snapshot that is not ingested, and the reason; ``known`` if an earlier run recorded both."""

    manifest: RawObject
    reason: str
    known: bool

    def __str__(self) -> str:
        return f"refused {self.manifest.entry.address.rpartition('/')[0]}/: {self.reason}"


def invalid_snapshots(rows: LoadedTable, new: Iterable[RawObject], reasons: Mapping[str, str]) -> list[InvalidSnapshot]:
    """The new manifests for which ``reasons`` has a reason, by address."""
    recorded = json_note(rows, INVALID_SNAPSHOTS)
    invalid = [(manifest, reasons[manifest.entry.address]) for manifest in new if manifest.entry.address in reasons]
    return [
        InvalidSnapshot(manifest, reason, recorded.get(manifest.entry.address) == _hash(manifest, reason))
        for manifest, reason in invalid
    ]


def rejected_files(context: TaskContext[Pipeline], invalid: Iterable[InvalidSnapshot]) -> list[NewFile]:
    """Write data files of ``rejected_record`` for the snapshots that no earlier run has recorded."""
    unknown = [
        (each.manifest.entry.address, Rejected(0, f"The snapshot is refused: {each.reason}.", b""))
        for each in invalid
        if not each.known
    ]
    return write_partitions(context, REJECTED_RECORD, rejected_rows(context, unknown))


def invalid_snapshots_note(
    rows: LoadedTable, ingested: Iterable[RawObject], invalid: Iterable[InvalidSnapshot]
) -> dict[str, str]:
    """The note of a run: its invalid snapshots, and those of earlier runs that it has not ``ingested``."""
    addresses = {manifest.entry.address for manifest in ingested}
    recorded = {
        address: digest for address, digest in json_note(rows, INVALID_SNAPSHOTS).items() if address not in addresses
    }
    recorded |= {each.manifest.entry.address: _hash(each.manifest, each.reason) for each in invalid}
    return {INVALID_SNAPSHOTS: json.dumps(dict(sorted(recorded.items())[-MAX_RECORDED_SNAPSHOTS:]))}


def _hash(manifest: RawObject, reason: str) -> str:
    return hashlib.sha256(f"{manifest.entry.etag} {reason}".encode()).hexdigest()[:16]
