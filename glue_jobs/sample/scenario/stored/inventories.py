"""The publisher's inventory configurations, and the versions that each snapshot lists.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from glue_jobs.sample.database import Database, create_table
from glue_jobs.sample.scenario.publisher import ARCHIVE, BUCKETS, MAPS, TIDES
from glue_jobs.sample.scenario.requests.traffic import DAY_SECONDS

ALWAYS, OF_VERSIONS = ("Bucket", "Key"), ("VersionId", "IsLatest", "IsDeleteMarker")
OPTIONAL = (
    "Size",
    "LastModifiedDate",
    "ETag",
    "StorageClass",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "BucketKeyStatus",
    "ObjectLockRetainUntilDate",
    "ObjectLockMode",
    "ObjectLockLegalHoldStatus",
    "IntelligentTieringAccessTier",
    "ChecksumAlgorithm",
    "ObjectAccessControlList",
    "ObjectOwner",
    "LifecycleExpirationDate",
)
SOME = ("Size", "LastModifiedDate", "StorageClass", "ETag", "EncryptionStatus", "IntelligentTieringAccessTier")
WEEK_SECONDS, FEWEST_SNAPSHOTS = 7 * DAY_SECONDS, 3
# 1970 began on a Thursday.
FIRST_SUNDAY = 3 * DAY_SECONDS


@dataclass(frozen=True)
class Inventory:
    """One inventory of one bucket; S3 starts a snapshot on Sundays at ``minute`` of the day.

    It lists the keys that begin with ``filter``. ``added`` is a field that was configured after the first snapshot. A
    snapshot has ``files`` data files. The last snapshot of an ``unfinished`` inventory does not have its checksum yet.
    """

    bucket: int
    id: str
    format: str
    optional: tuple[str, ...]
    minute: int
    prefix: str = ""
    all_versions: bool = False
    added: str = ""
    files: int = 1
    unfinished: bool = False
    filter: str = ""

    @property
    def folder(self) -> str:
        """The folder of the inventory below the destination, with a slash at the end."""
        return f"{self.prefix}{BUCKETS[self.bucket].name}/{self.id}/"

    def fields(self, number: int) -> list[str]:
        """The fields of the snapshot of that number, from 0, in their order."""
        added = (self.added,) if self.added and number else ()
        return [*ALWAYS, *(OF_VERSIONS if self.all_versions else ()), *self.optional, *added]

    def times(self, start: int, end: int) -> list[int]:
        """Start times of its snapshots: Sundays from ``start`` to ``end``, and earlier ones if these are too few."""
        minute = self.minute * 60
        last = (end - FIRST_SUNDAY - minute - 1) // WEEK_SECONDS * WEEK_SECONDS + FIRST_SUNDAY + minute
        count = max(FEWEST_SNAPSHOTS, (last - start) // WEEK_SECONDS + 1)
        return [last - week * WEEK_SECONDS for week in reversed(range(count))]


INVENTORIES = (
    Inventory(TIDES, "all-versions", "CSV", OPTIONAL[:8], 60, all_versions=True, added="ChecksumAlgorithm"),
    Inventory(MAPS, "weekly", "Parquet", SOME, 61, files=3, unfinished=True),
    # Its rows are also in the inventory of the whole bucket.
    Inventory(MAPS, "openmaps", "CSV", SOME, 63, filter="openmaps/"),
    # Each lists a part of the archive; together they list all of it.
    Inventory(ARCHIVE, "surveys", "ORC", OPTIONAL, 332, prefix="cold/", filter="old surveys/"),
    Inventory(ARCHIVE, "recordings", "Parquet", OPTIONAL, 333, prefix="cold/", filter="harbor-lab/"),
    Inventory(ARCHIVE, "mosaics", "CSV", OPTIONAL, 334, prefix="cold/", filter="openmaps/"),
    Inventory(ARCHIVE, "manifests", "ORC", OPTIONAL, 335, prefix="cold/", filter="manifest"),
)

LISTED = """
CREATE TABLE listed AS
SELECT snapshot, version.number AS version, coalesce(next_time > begun, true) AS is_latest,
    is_latest AND NOT is_delete_marker AS is_current,
    CASE WHEN cooled <= begun THEN 'STANDARD_IA' ELSE written_class END AS storage_class
FROM snapshot JOIN version ON version.bucket = snapshot.bucket AND time <= begun AND begun < until
WHERE starts_with(key, filter) AND (all_versions OR is_latest AND NOT is_delete_marker)
"""


def list_buckets(database: Database, start: int, end: int) -> None:
    """Create the tables ``snapshot`` and ``listed``, a row per version in a snapshot.

    The sample is from ``start`` to ``end``, in seconds since 1970.
    """
    rows: list[dict[str, object]] = []
    for place, inventory in enumerate(INVENTORIES):
        times = inventory.times(start, end)
        for number, begun in enumerate(times):
            time = f"{datetime.fromtimestamp(begun, UTC):%Y-%m-%dT%H-%MZ}"
            row = {
                "snapshot": len(rows),
                "inventory": place,
                "number": number,
                "bucket": inventory.bucket,
                "inventory_id": inventory.id,
                "begun": begun,
                "filter": inventory.filter,
                "all_versions": inventory.all_versions,
                "complete": not (inventory.unfinished and begun == times[-1]),
                "manifest": f"{inventory.folder}{time}/manifest.json",
                "fields": inventory.fields(number),
            }
            rows.append(row)
    create_table(database, "snapshot", pa.Table.from_pylist(rows))
    database.execute(LISTED)
