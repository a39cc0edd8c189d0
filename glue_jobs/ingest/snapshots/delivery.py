"""Deliveries of snapshots: read manifests, group the copies of one snapshot, choose the latest snapshots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.layouts.snapshot_folders import CHECKSUM, MANIFEST
from glue_jobs.sources.s3_inventory_object.parser import InvalidSnapshotError, Snapshot, SnapshotId, read_manifest
from glue_jobs.storage import storage_for

if TYPE_CHECKING:
    from glue_jobs.lake import StoredFile

MAX_CONCURRENT_READS = 16

# Optional fields that reports need, and what is unknown without each.
_NEEDED = {
    "size": ("Size", "in tables and reports its bytes are"),
    "storage_class": ("StorageClass", "what its objects cost is"),
    "last_modified_date": ("LastModifiedDate", "the age of its objects, and what deleting them costs, are"),
}


@dataclass(frozen=True)
class Delivery:
    """A manifest and the snapshot it describes. Deliveries with the same snapshot id are copies of each other."""

    manifest: RawObject
    snapshot: Snapshot

    @property
    def address(self) -> str:
        """Address of the manifest."""
        return self.manifest.entry.address


@dataclass
class Copies:
    """The deliveries of one snapshot. ``untried`` ones may be ingested; the one written last is at the end.

    ``in_lake`` is the address of the manifest that was ingested, if any. ``outdated`` ones were written before it.
    """

    untried: list[Delivery] = field(default_factory=list)
    in_lake: str | None = None
    outdated: list[Delivery] = field(default_factory=list)


def missing_fields(snapshots: Iterable[Snapshot]) -> list[str]:
    """A sentence for each inventory that lacks a field that reports need."""
    found = set()
    for each in snapshots:
        bucket, inventory = each.id.inventory
        found |= {
            f"inventory {inventory} of {bucket} has no field {name}: {loss} unknown; add {name} to its optional fields"
            for column, (name, loss) in _NEEDED.items()
            if column not in each.fields
        }
        # S3 writes both fields into inventories of all versions; other programs may omit one.
        if "version_id" in each.fields and "is_latest" not in each.fields:
            found.add(
                f"inventory {inventory} of {bucket} has versions and no field IsLatest: in tables and reports, older"
                " versions count as current objects"
            )
    return sorted(found)


def read_deliveries(
    manifests: list[RawObject], reasons: dict[str, str], unreadable: dict[str, UnreadableObjectError]
) -> Iterator[Delivery]:
    """The deliveries of these manifests.

    Adds to ``reasons``, by address, why a manifest is invalid, and to ``unreadable`` why it cannot be read.

    Raises:
        StorageError: the storage failed.
    """

    def read(manifest: RawObject) -> tuple[bytes, bytes] | UnreadableObjectError:
        address = manifest.entry.address
        storage = storage_for(address)
        try:
            return storage.read(manifest.entry), storage.get(address.removesuffix(MANIFEST) + CHECKSUM)
        except UnreadableObjectError as error:
            return of_manifest(address, error)

    with ThreadPoolExecutor(MAX_CONCURRENT_READS) as pool:
        for manifest, read_files in zip(manifests, pool.map(read, manifests), strict=True):
            address = manifest.entry.address
            if isinstance(read_files, UnreadableObjectError):
                unreadable[address] = read_files
                continue
            try:
                yield Delivery(manifest, read_manifest(address, *read_files))
            except InvalidSnapshotError as error:
                reasons[address] = str(error)


def of_manifest(address: str, error: UnreadableObjectError) -> UnreadableObjectError:
    """The error for a manifest if it or a file of its snapshot cannot be read."""
    reason = error.reason if error.address == address else f"its file {error.address}: {error.reason}"
    return UnreadableObjectError(address, reason, error.denied)


def replaceable(
    deliveries: Iterable[Delivery], stored: Iterable[StoredFile], reasons: dict[str, str]
) -> Iterator[Delivery]:
    """The deliveries that can replace stored files; adds to ``reasons`` why the others cannot be ingested."""
    mixed = {file.partition: file.address for file in stored if snapshot_of(file) is None}
    for delivery in deliveries:
        file = mixed.get((*delivery.snapshot.id.partition.values(),))
        if file is None:
            yield delivery
        else:
            reasons[delivery.address] = (
                f"another program joined rows of several snapshots of its day in {file}, so that none of them can be"
                " replaced; use another --database"
            )


def possible_copies(listed: list[RawObject], new: list[RawObject]) -> list[RawObject]:
    """The listed manifests that are not new but have the configuration and time of a new one."""

    def folders(manifest: RawObject) -> tuple[str, ...]:
        return tuple(manifest.entry.address.split("/")[-3:-1])

    addresses = {each.entry.address for each in new}
    names = {folders(each) for each in new}
    return [each for each in listed if each.entry.address not in addresses and folders(each) in names]


def group_copies(new: Iterable[Delivery], ingested: Iterable[Delivery]) -> dict[SnapshotId, Copies]:
    """The deliveries by snapshot: new ones, and those that earlier runs ``ingested``."""
    by_address = {each.address: each for each in new}
    groups: defaultdict[SnapshotId, Copies] = defaultdict(Copies)
    written = [*by_address.values(), *ingested]
    for each in sorted(written, key=lambda each: (each.manifest.entry.last_modified, each.address)):
        group = groups[each.snapshot.id]
        if each.address in by_address:
            group.untried.append(each)
        else:
            group.in_lake = each.address
            group.outdated += group.untried
            group.untried = []
    return groups


def reject_other_copies(
    copies: Mapping[SnapshotId, Copies], accepted: Iterable[Delivery], reasons: dict[str, str]
) -> None:
    """Add to ``reasons`` the copies that are not ingested because another copy of the snapshot is in the lake."""
    taken = {each.snapshot.id: each.address for each in accepted}
    for snapshot, group in copies.items():
        for each in (*group.outdated, *group.untried):
            reasons[each.address] = f"the same snapshot lies in {taken.get(snapshot, group.in_lake)} too"


def snapshot_of(file: StoredFile) -> SnapshotId | None:
    """The snapshot whose rows a data file has; None if another program has merged several snapshots into the file."""
    inventory_id, time = file.file_constants
    if inventory_id is None or time is None:
        return None
    return SnapshotId(file.partition[0], inventory_id, time)


def partitions_of(snapshots: Iterable[SnapshotId]) -> dict[str, set[Any]]:
    """The partitions of these snapshots' files, as values by partition column."""
    partitions = [each.partition for each in snapshots]
    return {name: {each[name] for each in partitions} for name in ("source_bucket", "snapshot_date")}


def columns_of(snapshots: Iterable[SnapshotId]) -> dict[str, list[Any]]:
    """The values that identify rows of these snapshots, by column; one element per snapshot."""
    some = sorted(snapshots)
    return {
        "source_bucket": [each.source_bucket for each in some],
        "inventory_id": [each.inventory_id for each in some],
        "snapshot_time": [each.time for each in some],
    }


def latest_snapshots(snapshots: Iterable[SnapshotId | None], keep: int) -> set[SnapshotId]:
    """The latest ``keep`` snapshots of each inventory."""
    by_inventory: defaultdict[tuple[str, str], set[SnapshotId]] = defaultdict(set)
    for each in snapshots:
        if each is not None:
            by_inventory[each.inventory].add(each)
    return {each for group in by_inventory.values() for each in sorted(group)[-keep:]}
