"""What an inventory says of a bucket at one moment, as columns."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sample.inventory_configuration import Configuration
from glue_jobs.sample.inventory_objects import COOLER, Version
from glue_jobs.sample.publisher import Ints

MILLISECONDS = pa.timestamp("ms")
# Long before the first sample and long after the last.
LOCKED_UNTIL, EXPIRES_AFTER = 4_102_444_800, 315_576_000
ACL = base64.b64encode(b'{"version":"2022-11-10","status":"AVAILABLE","grants":[]}').decode()
TIERS = ("FREQUENT", "INFREQUENT", "ARCHIVE_INSTANT_ACCESS")
PARTS = 5


class Snapshots:
    """Snapshots of one bucket for one inventory; what does not change between them is prepared once."""

    def __init__(self, configuration: Configuration, versions: Sequence[Version], owner: str) -> None:
        self.configuration = configuration
        self._since, self._until, self._cooled = (
            np.array([getattr(version, name) for version in versions], np.int64)
            for name in ("since", "until", "cooled")
        )
        self._is_marker = np.array([version.is_delete_marker for version in versions], bool)
        numbers: dict[str, int] = {}
        self._key = np.array([numbers.setdefault(version.key, len(numbers)) for version in versions], np.int64)
        self._columns = _columns(configuration.bucket, versions, owner)

    def rows(self, number: int, time: int, rng: np.random.Generator) -> pa.Table:
        """The rows of the snapshot of that number begun at ``time``, in no order, with the columns it has."""
        there = np.flatnonzero((self._since <= time) & (time < self._until))
        is_latest = self._is_latest(there)
        if not self.configuration.all_versions:
            there = there[is_latest & ~self._is_marker[there]]
            is_latest = np.ones(len(there), bool)
        order = rng.permutation(len(there))
        rows = there[order]
        cooled = pa.array(self._cooled[rows] <= time)
        columns = {name: column.take(pa.array(rows)) for name, column in self._columns.items()}
        columns["is_latest"] = pa.array(is_latest[order])
        columns["storage_class"] = pc.if_else(cooled, COOLER, columns["storage_class"])
        return pa.table({field.column: columns[field.column] for field in self.configuration.fields(number)})

    def _is_latest(self, there: Ints) -> npt.NDArray[np.bool_]:
        order = np.lexsort((there, self._since[there], self._key[there]))
        key = self._key[there][order]
        latest = np.zeros(len(there), bool)
        latest[order] = np.append(key[1:] != key[:-1], True)[: len(there)]
        return latest


def entity_tag(version: Version) -> str:
    """The ETag of the version: equal where its content is."""
    digest = hashlib.md5(version.content.encode(), usedforsecurity=False).hexdigest()
    return f"{digest}-{PARTS}" if version.is_multipart else digest


def _columns(bucket: str, versions: Sequence[Version], owner: str) -> dict[str, pa.Array]:
    markers = [version.is_delete_marker for version in versions]
    is_object = pa.array([not marker for marker in markers])
    numbers = range(len(versions))
    since = np.array([version.since for version in versions], np.int64)
    columns = {
        "size": pa.array([version.size for version in versions], pa.int64()),
        "e_tag": _texts(entity_tag(version) for version in versions),
        "storage_class": _texts(version.storage_class for version in versions),
        "is_multipart_uploaded": pa.array([version.is_multipart for version in versions]),
        "replication_status": _texts(version.replication for version in versions),
        "encryption_status": _texts(version.encryption for version in versions),
        "object_lock_retain_until_date": _times(np.where(since % 3 == 0, LOCKED_UNTIL, -1)),
        "object_lock_mode": _texts(("Governance", "", "")[moment] for moment in (since % 3).tolist()),
        "object_lock_legal_hold_status": _texts(("Off", "On")[number % 29 == 3] for number in numbers),
        "intelligent_tiering_access_tier": _texts(
            TIERS[number % len(TIERS)] if version.storage_class == "INTELLIGENT_TIERING" else ""
            for number, version in enumerate(versions)
        ),
        "bucket_key_status": _texts(_bucket_key(version) for version in versions),
        "checksum_algorithm": _texts(("CRC64NVME", "SHA256", "CRC32", "")[number % 4] for number in numbers),
        "object_access_control_list": _texts(ACL for _ in numbers),
        "object_owner": _texts(owner for _ in numbers),
        "lifecycle_expiration_date": _times(np.where(since % 5 == 0, since + EXPIRES_AFTER, -1)),
    }
    nothing = {name: pa.nulls(len(versions), column.type) for name, column in columns.items()}
    columns = {name: pc.if_else(is_object, column, nothing[name]) for name, column in columns.items()}
    return columns | {
        "bucket": pa.array([bucket] * len(versions)),
        "key": pa.array([version.key for version in versions]),
        "version_id": pa.array([version.version_id for version in versions]),
        "is_delete_marker": pa.array(markers),
        "last_modified_date": _times(since),
    }


def _bucket_key(version: Version) -> str:
    return {"SSE-KMS": "ENABLED", "SSE-S3": "DISABLED"}.get(version.encryption, "")


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array([value or None for value in values], pa.string())


def _times(seconds: Ints) -> pa.Array:
    return pa.array(seconds * 1_000, mask=seconds < 0).cast(MILLISECONDS)
