"""The records of the sample's CloudFront logs, read without the library."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

View = dict[str, str]


def records(path: Path) -> Iterator[View | None]:
    """The records of one log, of either version; None for one that is damaged."""
    lines = gzip.decompress(path.read_bytes()).decode("ascii").splitlines()
    if lines[0].startswith("#"):
        names = lines[1].removeprefix("#Fields: ").split()
        for line in lines[2:]:
            values = line.split("\t")
            yield dict(zip(names, values, strict=True)) if len(values) == len(names) else None
        return
    for line in lines:
        yield json.loads(line) if line.endswith("}") else None


@cache
def views(folder: Path) -> dict[str, View]:
    """Every view once, by its id."""
    paths = sorted((folder / "raw" / "cloudfront_log").rglob("*.gz"))
    return {view["x-edge-request-id"]: view for path in paths for view in records(path) if view}
