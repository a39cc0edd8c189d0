"""The published buckets, data sets and objects, which every raw source of the sample describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.numpy_types import Ints

PUBLISHER_ACCOUNT = "111122223333"
ARCHIVE_ACCOUNT = "000000002222"
"""A second account of the publisher's organization; its trail has its requests, and no data events of its bucket."""
ACCESS_POINT_ARN = f"arn:aws:s3:us-west-2:{PUBLISHER_ACCOUNT}:accesspoint/sst-partners"
DISTRIBUTION, DOMAIN = "E2EXAMPLE1ABCD", "d111111abcdef8.cloudfront.net"
"""A CloudFront distribution whose origin is the second bucket."""
SHARED_REPOSITORY = 4
"""Position of the data set that is also read through the access point."""

PUBLISHED, WORKING, MISSING, JUNK = "published", "working", "missing", "junk"
"""Role of an object: read by the public; written and expired; requested but absent; requested by scanners."""

OBJECTS_PER_REPOSITORY, WORKING_PER_REPOSITORY = 160, 40


@dataclass(frozen=True)
class Bucket:
    """One bucket, and the account whose trail records its events."""

    name: str
    region: str
    account: str = PUBLISHER_ACCOUNT


TIDES, MAPS, ARCHIVE = range(3)
BUCKETS = (
    Bucket("example-tides", "us-east-1"),
    Bucket("example-maps", "us-west-2"),
    Bucket("example-archive", "us-east-1", ARCHIVE_ACCOUNT),
)
"""The first two have access logs and data events; the archive has only inventories."""


@dataclass(frozen=True)
class Repository:
    """One data set: objects below ``account/name/`` of one bucket; ``size`` is a typical object size in bytes."""

    account: str
    name: str
    bucket: int
    pattern: str
    size: int

    @property
    def prefix(self) -> str:
        """The common prefix of all keys of the data set."""
        return f"{self.account}/{self.name}/"


@dataclass(frozen=True)
class Objects:
    """The objects that requests name, as columns; ``path`` is what a client sends, ``repository`` -1 for none."""

    key: list[str]
    path: list[str]
    version_id: list[str]
    repository: Ints
    bucket: Ints
    size: Ints
    role: npt.NDArray[np.str_]

    def table(self) -> pa.Table:
        """One row per object: ``object`` is its position. Keys are included in the encodings of logs and JSON too."""
        owners = [REPOSITORIES[number] if number >= 0 else None for number in self.repository.tolist()]
        quoted = [quote(key) for key in self.key]
        return pa.table(
            {
                "object": range(len(self.key)),
                "key": self.key,
                "key_once": [quote_plus(key, safe="/") for key in self.key],
                "key_twice": [quote(key) for key in quoted],
                "request_path": [storable(path) for path in self.path],
                "object_bucket": self.bucket,
                "account": [owner.account if owner else None for owner in owners],
                "repository": [owner.name if owner else None for owner in owners],
                "prefix": [owner.prefix if owner else "" for owner in owners],
                "size": self.size,
                "version_id": self.version_id,
                "role": self.role,
            }
        )


REPOSITORIES = (
    Repository("harbor-lab", "tide-gauges", 0, "hourly/st={:03d}/{:05d}.parquet", 18_000_000),
    Repository("openmaps", "building-footprints", 1, "2025/tile_{:03d}_{:04d}.json.gz", 42_000_000),
    Repository("rivers", "discharge", 0, "daily/basin-{:03d}/{:06d}.csv", 350_000),
    Repository("openmaps", "satellite-mosaics", 1, "cog/z{:02d}/{:05d}.tif", 190_000_000),
    Repository("harbor-lab", "sea-surface-temperature", 1, "zarr/sst/{:d}.{:d}.0", 2_400_000),
    Repository("rivers", "lidar", 1, "2024/block {:02d}/points {:04d}.laz", 75_000_000),
    Repository("harbor-lab", "whale-song", 0, "hydrophone-{:02d}/recording_{:05d}.flac", 310_000_000),
    Repository("openmaps", "place-names", 0, "by-letter/{:02d}+{:03d}.json", 60_000),
    Repository("rivers", "fish-counts", 0, "été/relevé-{:02d}-{:03d}.csv", 25_000),
    Repository("harbor-lab", "documentation", 0, "pages/{:02d}/page-{:03d}.html", 14_000),
    Repository("openmaps", "routing-graph", 1, "graph/100%25/region%2F{:02d}-{:03d}.bin", 650_000_000),
    Repository("rivers", "water-quality", 1, "水質/{:02d}/sample-{:04d}.parquet", 5_000_000),
)
"""The data sets, the most popular first."""

AWKWARD_NAMES = (
    "annual report 2025 (final).pdf",
    "a+b=c & more.csv",
    "100% done, 50%25 left.txt",
    "наблюдения/2025.csv",
    'quote "and" apostrophe\'s.txt',
    "emoji \N{WHALE}.png",
    "literal%20blank.txt",
    "foo-%Y.csv",
)
# Requests of scanners: the key that S3 logs, and the request path as sent. A lone surrogate stands for a raw byte.
JUNK_REQUESTS = (
    ("robots.txt", "robots.txt"),
    ("wp-login.php", "wp-login.php"),
    (".env", ".env"),
    ('"', '"'),
    ("??.rar", "\udcef\udcbf\udcff.rar"),
    ("index.php", 'index.php?s=index&content=<?php echo("owned, or not");?>'),
    ("x y", "x y"),
    ('x" 200 - 999999999 999999999 1 1 "-" "forged', 'x" 200 - 999999999 999999999 1 1 "-" "forged'),
)


def storable(text: str) -> str:
    """The text with private characters instead of lone surrogates, which stand for bytes that are not UTF-8."""
    return re.sub("[\udc80-\udcff]", lambda found: chr(ord(found[0]) - 0xDC00 + 0xF700), text)


def as_sent(content: bytes) -> bytes:
    """The content with the bytes that :func:`storable` replaced."""
    return re.sub(rb"\xef[\x9c-\x9f][\x80-\xbf]", lambda found: bytes([ord(found[0].decode()) & 0xFF]), content)


def make_objects(seed: int) -> Objects:
    """The objects of a seed: always the same keys, with random sizes and version ids."""
    rng = np.random.default_rng([seed, 1])
    rows = [*_published(), *_others()]
    key, path, repository, bucket, role = zip(*rows, strict=True)
    typical = np.array([REPOSITORIES[number].size if number >= 0 else 1 for number in repository])
    # A minimum of a few kB gives each range of a multi-part read at least one byte.
    size = np.maximum((typical * rng.lognormal(0.0, 0.8, len(rows))).astype(np.int64), 8_192)
    version_id = [rng.bytes(16).hex() for _ in rows]
    return Objects(list(key), list(path), version_id, np.array(repository), np.array(bucket), size, np.array(role))


def _published() -> Iterator[tuple[str, str, int, int, str]]:
    for index, repository in enumerate(REPOSITORIES):
        names = [repository.pattern.format(number // 20, number) for number in range(OBJECTS_PER_REPOSITORY)]
        names[3:3] = [AWKWARD_NAMES[(index + shift) % len(AWKWARD_NAMES)] for shift in (0, 3)]
        yield from (_row(repository.prefix + name, index, PUBLISHED) for name in names)


def _others() -> Iterator[tuple[str, str, int, int, str]]:
    for index, repository in enumerate(REPOSITORIES):
        for number in range(WORKING_PER_REPOSITORY):
            yield _row(f"{repository.prefix}incoming/upload {number:03d}+new.bin", index, WORKING)
        for name in ("gone.csv", "v1/gone too%.csv"):
            yield _row(f"{repository.prefix}old/{name}", index, MISSING)
    for number, (key, path) in enumerate(JUNK_REQUESTS):
        yield key, path, -1, number % 2, JUNK


def _row(key: str, repository: int, role: str) -> tuple[str, str, int, int, str]:
    return key, quote(key), repository, REPOSITORIES[repository].bucket, role
