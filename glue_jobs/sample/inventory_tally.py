"""Counts what the buckets keep, version by version: snapshots, growth, Source Stats' reports, what nobody reads."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from glue_jobs.sample.inventory_objects import Version
from glue_jobs.sample.inventory_truth import Growth, KeptByAccount, KeptByRepository, SnapshotTruth, Unread

GB, MB, TB = 1024**3, 1024**2, 1024**4
Name = TypeVar("Name")


class Snapshot(NamedTuple):
    """One snapshot of a bucket: which inventory made it and when, and whether it tells of all versions."""

    bucket: str
    inventory: str
    time: int
    all_versions: bool


def current(versions: Iterable[Version], time: int) -> dict[str, Version]:
    """What a listing of the bucket shows at the time, by key."""
    newest: dict[str, Version] = {}
    for version in versions:
        if version.is_there(time) and (version.key not in newest or newest[version.key].since <= version.since):
            newest[version.key] = version
    return {key: version for key, version in newest.items() if not version.is_delete_marker}


def snapshot_truth(snapshot: Snapshot, versions: Sequence[Version], manifest: str, complete: bool) -> SnapshotTruth:
    """What the snapshot has."""
    kept = current(versions, snapshot.time)
    told = [version for version in versions if version.is_there(snapshot.time)] if snapshot.all_versions else []
    markers = [version for version in told if version.is_delete_marker]
    sizes = sum(version.size for version in kept.values())
    return SnapshotTruth(
        source_bucket=snapshot.bucket,
        inventory_id=snapshot.inventory,
        time=f"{np.datetime64(snapshot.time, 's')}Z",
        manifest=manifest,
        complete=complete,
        rows=len(told) or len(kept),
        objects=len(kept),
        bytes=sizes,
        noncurrent_objects=len(told) - len(kept) - len(markers) if told else 0,
        noncurrent_bytes=sum(version.size for version in told) - sizes if told else 0,
        delete_markers=len(markers),
    )


def growth(bucket: str, before: dict[str, Version], after: dict[str, Version]) -> Growth:
    """What changed between two snapshots, of each of which the current objects are given."""
    added = [version.size for key, version in after.items() if key not in before]
    removed = [version.size for key, version in before.items() if key not in after]
    rewritten = [version.size for key, version in after.items() if key in before and before[key] is not version]
    return Growth(bucket, len(added), sum(added), len(removed), sum(removed), len(rewritten), sum(rewritten))


def by_account(kept: Iterable[Version]) -> list[KeptByAccount]:
    """Source Stats' accounts: the first part of every key with a slash, files directly below it as repositories."""
    groups = _grouped((version.key.split("/")[0], version) for version in kept if "/" in version.key)
    rows = [
        KeptByAccount(account, len({each.key.split("/")[1] for each in found}), *_totals(found))
        for account, found in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.storage_gb, row.account))


def by_repository(kept: Iterable[Version]) -> list[KeptByRepository]:
    """Source Stats' repositories: the first two parts of every key with two slashes or more."""
    groups = _grouped((tuple(each.key.split("/")[:2]), each) for each in kept if each.key.count("/") > 1)
    rows = [KeptByRepository(name[0], name[1], *_totals(found)) for name, found in groups.items()]
    return sorted(rows, key=lambda row: (-row.storage_gb, row.account, row.repository))


def summary(kept: Iterable[Version]) -> dict[str, str]:
    """Source Stats' summary, values by metric."""
    found = [version for version in kept if version.key.count("/") > 1]
    names = {tuple(version.key.split("/")[:2]) for version in found}
    return {
        "Total Accounts": str(len({account for account, _ in names})),
        "Total Repositories": str(len(names)),
        "Total Objects": str(len(found)),
        "Total Storage (TB)": str(_rounded(sum(version.size for version in found) / TB)),
    }


def unread(kept: Iterable[tuple[Version, str, bool]]) -> list[Unread]:
    """From every current object, its storage class, and whether it was read."""
    groups = defaultdict(list)
    for version, storage_class, is_read in kept:
        groups[*_data_set(version.key), storage_class].append((version.size, is_read))
    rows = [
        Unread(
            *name,
            objects=len(found),
            bytes=sum(size for size, _ in found),
            unread_objects=sum(not is_read for _, is_read in found),
            unread_bytes=sum(size for size, is_read in found if not is_read),
        )
        for name, found in groups.items()
    ]
    return sorted(rows, key=lambda row: (row.account or "", row.repository or "", row.storage_class))


def _data_set(key: str) -> tuple[str | None, str | None]:
    """Account and repository by the sample's configuration: folders that have a name."""
    account, repository, *_ = [*key.split("/")[:-1], "", ""]
    return account or None, repository or None


def _grouped(pairs: Iterable[tuple[Name, Version]]) -> dict[Name, list[Version]]:
    groups: dict[Name, list[Version]] = defaultdict(list)
    for name, version in pairs:
        groups[name].append(version)
    return groups


def _totals(found: Sequence[Version]) -> tuple[int, float, float, str, str]:
    size = sum(version.size for version in found)
    times = [version.since for version in found]
    oldest, newest = (str(np.datetime64(moment, "s")).replace("T", " ") for moment in (min(times), max(times)))
    return len(found), _rounded(size / GB), _rounded(size / len(found) / MB), oldest, newest


def _rounded(value: float) -> float:
    # As SQL rounds: half away from zero.
    return math.floor(value * 100 + 0.5) / 100
