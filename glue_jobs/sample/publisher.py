"""Who publishes and what: buckets, data sets and objects. Every source of the sample describes these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

PUBLISHER_ACCOUNT = "111122223333"
PUBLISHED, WORKING, MISSING, JUNK = range(4)
"""Role of an object: read by the public; written and expired; asked for but absent; asked for by scanners."""


@dataclass(frozen=True)
class Bucket:
    """One bucket of the publisher; ``owner`` is the 64-digit canonical user id."""

    name: str
    region: str
    owner: str


@dataclass(frozen=True)
class Repository:
    """One data set: objects below ``account/name/`` of one bucket; ``size`` is a typical object size in bytes."""

    account: str
    name: str
    bucket: int
    pattern: str
    size: int


@dataclass(frozen=True)
class Objects:
    """The objects as columns; ``path`` is what a client sends in the request line, ``repository`` -1 for none."""

    key: list[str]
    path: list[str]
    version_id: list[str]
    repository: Ints
    bucket: Ints
    size: Ints
    role: Ints


@dataclass(frozen=True)
class Publisher:
    """The publisher; ``access_point`` is the ARN through which the data set ``shared`` is read."""

    buckets: tuple[Bucket, Bucket]
    repositories: tuple[Repository, ...]
    objects: Objects
    access_point: str
    shared: int


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
# What scanners ask for: the key S3 logs, and the request path as sent. A lone surrogate stands for a raw byte.
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


def make_publisher(seed: int) -> Publisher:
    """The publisher of a seed: always the same buckets and data sets, sizes and versions by chance."""
    rng = np.random.default_rng([seed, 1])
    owner = rng.bytes(32).hex()
    buckets = (
        Bucket("example-tides", "us-east-1", owner),
        Bucket("example-maps", "us-west-2", owner),
    )
    access_point = f"arn:aws:s3:us-west-2:{PUBLISHER_ACCOUNT}:accesspoint/sst-partners"
    return Publisher(buckets, REPOSITORIES, _make_objects(rng), access_point, shared=4)


def _make_objects(rng: np.random.Generator) -> Objects:
    rows = [*_published(), *_others()]
    sizes = np.array([1 if repository < 0 else REPOSITORIES[repository].size for _, _, repository, _, _ in rows])
    # No object is smaller than a few kB: each range of a multi-part read then has at least one byte.
    spread = np.maximum((sizes * rng.lognormal(0.0, 0.8, len(rows))).astype(np.int64), 8_192)
    return Objects(
        key=[row[0] for row in rows],
        path=[row[1] for row in rows],
        version_id=[rng.bytes(16).hex()[:32] for _ in rows],
        repository=np.array([row[2] for row in rows], np.int64),
        bucket=np.array([row[3] for row in rows], np.int64),
        size=spread,
        role=np.array([row[4] for row in rows], np.int64),
    )


def _published() -> Iterator[tuple[str, str, int, int, int]]:
    for index, repository in enumerate(REPOSITORIES):
        names = [repository.pattern.format(number // 20, number) for number in range(160)]
        names[3:3] = [AWKWARD_NAMES[(index + shift) % len(AWKWARD_NAMES)] for shift in (0, 3)]
        yield from (_row(f"{repository.account}/{repository.name}/{name}", index, PUBLISHED) for name in names)


def _others() -> Iterator[tuple[str, str, int, int, int]]:
    for index, repository in enumerate(REPOSITORIES):
        prefix = f"{repository.account}/{repository.name}"
        yield from (_row(f"{prefix}/incoming/upload {n:03d}+new.bin", index, WORKING) for n in range(40))
        yield from (_row(f"{prefix}/old/{name}", index, MISSING) for name in ("gone.csv", "v1/gone too%.csv"))
    for number, (key, path) in enumerate(JUNK_REQUESTS):
        yield key, path, -1, number % 2, JUNK


def _row(key: str, repository: int, role: int) -> tuple[str, str, int, int, int]:
    return key, quote(key), repository, REPOSITORIES[repository].bucket, role
