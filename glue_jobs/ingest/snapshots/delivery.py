"""Snapshots as they were delivered: their manifests read, copies told from each other, the latest from older ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from glue_jobs.lake import StoredFile
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.layouts.snapshot_folders import CHECKSUM, MANIFEST
from glue_jobs.sources.s3_inventory_object.parser import InvalidSnapshotError, Snapshot, read_manifest
from glue_jobs.storage import storage_for

# Manifests read at a time.
READS = 16

# Bucket, configuration, and when the bucket was listed.
Identity = tuple[str, str, datetime]


@dataclass(frozen=True)
class Delivery:
    """A snapshot as it was found."""

    found: RawObject
    snapshot: Snapshot

    @property
    def identity(self) -> Identity:
        """What makes another delivery one of the same snapshot."""
        return self.snapshot.source_bucket, self.snapshot.inventory_id, self.snapshot.time


def read_deliveries(new: list[RawObject], reasons: dict[str, str]) -> Iterator[Delivery]:
    """The new manifests as snapshots; ``reasons`` gets those of the ones that are none."""

    def get(found: RawObject) -> tuple[bytes, bytes]:
        storage, folder = storage_for(found.entry.address), found.entry.address.removesuffix(MANIFEST)
        return storage.read(found.entry), storage.get(folder + CHECKSUM)

    with ThreadPoolExecutor(READS) as pool:
        for found, (content, checksum) in zip(new, pool.map(get, new), strict=True):
            try:
                yield Delivery(found, read_manifest(found.entry.address, content, checksum))
            except InvalidSnapshotError as error:
                reasons[found.entry.address] = str(error)


def separate(deliveries: Iterable[Delivery], stored: list[StoredFile], reasons: dict[str, str]) -> Iterator[Delivery]:
    """Those whose own files can be told from others, should there be older ones to take the place of."""
    mixed = {file.partition: file.address for file in stored if None in file.file_constants}
    for each in deliveries:
        file = mixed.get((each.snapshot.source_bucket, each.snapshot.time.date()))
        if file is None:
            yield each
        else:
            reasons[each.snapshot.address] = (
                f"another program joined rows of several snapshots of its day in {file}, so that none of them can be"
                " replaced; use another --database"
            )


def alike(listed: list[RawObject], new: list[RawObject]) -> list[RawObject]:
    """The listed manifests that were ingested already and may be of the same snapshots as new ones."""
    addresses = {each.entry.address for each in new}
    names = {_name(address) for address in addresses}
    return [each for each in listed if each.entry.address not in addresses and _name(each.entry.address) in names]


def _name(address: str) -> str:
    """Configuration and time, as the folders of a manifest tell them."""
    return "/".join(address.split("/")[-3:])


@dataclass
class Copies:
    """New deliveries of one snapshot that were not tried yet, the one written last at the end.

    ``stored`` is the manifest of the copy that is in the lake, if any: those written before it are ``unwanted``.
    """

    waiting: list[Delivery] = field(default_factory=list)
    stored: str | None = None
    unwanted: list[Delivery] = field(default_factory=list)


def copies_of_each(deliveries: Iterable[Delivery], ingested: Iterable[Delivery]) -> dict[Identity, Copies]:
    """The deliveries by what they are of."""
    found: defaultdict[Identity, Copies] = defaultdict(Copies)
    new = {each.snapshot.address: each for each in deliveries}
    both = (*new.values(), *ingested)
    for each in sorted(both, key=lambda each: (each.found.entry.last_modified, each.snapshot.address)):
        copies = found[each.identity]
        if each.snapshot.address in new:
            copies.waiting.append(each)
        else:
            copies.stored = each.snapshot.address
            copies.unwanted += copies.waiting
            copies.waiting = []
    return found


def reject_other_copies(
    copies: Mapping[Identity, Copies], accepted: Iterable[Delivery], reasons: dict[str, str]
) -> None:
    """Give the reason why the copies were not tried of which another one is accepted, or in the lake."""
    taken = {each.identity: each.snapshot.address for each in accepted}
    for identity, some in copies.items():
        for each in (*some.unwanted, *some.waiting):
            reasons[each.snapshot.address] = f"the same snapshot lies in {taken.get(identity, some.stored)} too"


def identity_of(file: StoredFile) -> Identity:
    """The snapshot a data file holds rows of; of a table with labels."""
    inventory_id, time = file.file_constants
    return file.partition[0], inventory_id, time


def partitions_of(snapshots: Iterable[Identity]) -> dict[str, set[Any]]:
    """The values of the partition columns of tables with labels in which any of the snapshots is."""
    some = [*snapshots]
    return {"source_bucket": {each[0] for each in some}, "snapshot_date": {each[2].date() for each in some}}


def latest_of(identities: Iterable[Identity], keep: int) -> set[Identity]:
    """Of each bucket and configuration the latest ones."""
    times: defaultdict[tuple[str, str], set[datetime]] = defaultdict(set)
    for bucket, inventory_id, time in identities:
        if time is not None:
            times[bucket, inventory_id].add(time)
    return {(*of, time) for of, some in times.items() for time in sorted(some)[-keep:]}
