"""The raw objects that the ledger has, in little memory: 16 bytes for each object of the days in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags
from glue_jobs.lake import Lake
from glue_jobs.read.raw_object import RawObject
from glue_jobs.tables.ingested_object import INGESTED_OBJECT

# A digest of address and ETag. NumPy drops trailing zeros of such bytes; different digests still stay different.
DIGEST = np.dtype("S16")
Digests = npt.NDArray[np.bytes_]

# The ledger's column ``unreadable`` has a reason for an object that could not be read, and this for an ingested one.
INGESTED = None


class KnownObjects:
    """The ledger of one pipeline; a day is read when it is first needed, and dropped once other days are listed.

    Without a lake, nothing is known.
    """

    def __init__(self, lake: Lake | None, pipeline: str) -> None:
        self._lake = lake
        self._pipeline = pipeline
        self._days: dict[date | None, dict[str | None, Digests]] = {}

    def subtract(self, listed: Sequence[RawObject]) -> list[tuple[RawObject, str | None]]:
        """The objects not yet ingested with their ETag, each with why an earlier run could not read it, or None.

        Raises:
            LakeError: the ledger cannot be read.
        """
        positions: defaultdict[date | None, list[int]] = defaultdict(list)
        for position, each in enumerate(listed):
            positions[each.day].append(position)
        self._load({*positions})
        reasons: dict[int, str] = {}
        is_ingested = np.zeros(len(listed), np.bool_)
        for day, some in positions.items():
            known = self._days[day]
            if not known:
                continue
            at = np.array(some)
            digests = np.array([_digest(listed[n].entry.address, listed[n].entry.etag) for n in some], DIGEST)
            for reason, among in known.items():
                hits = at[_contained(digests, among)]
                if reason is INGESTED:
                    is_ingested[hits] = True
                else:
                    reasons |= dict.fromkeys(hits.tolist(), reason)
        return [(listed[n], reasons.get(n)) for n in np.flatnonzero(~is_ingested).tolist()]

    def _load(self, days: set[date | None]) -> None:
        missing = days - self._days.keys()
        self._days = {day: known for day, known in self._days.items() if day in days}
        self._days |= {day: {} for day in missing}
        if not missing or self._lake is None:
            return
        found: defaultdict[tuple[date | None, str | None], list[Digests]] = defaultdict(list)
        columns = ("key", "etag", "unreadable", "object_day")
        ledger = self._lake.load(INGESTED_OBJECT)
        for rows in ledger.batches(columns, pipeline=[self._pipeline], object_day=missing):
            for part, some in _parts(rows):
                found[part].append(some)
        for (day, reason), parts in found.items():
            self._days[day][reason] = np.sort(np.concatenate(parts))


def _parts(rows: pa.Table) -> Iterator[tuple[tuple[date | None, str | None], Digests]]:
    """The digests of ledger rows, by day and reason."""
    groups = rows.group_by(["object_day", "unreadable"]).aggregate([])
    for group in groups.to_pylist():
        tests = [
            pc.equal(rows[name], value) if value is not None else pc.is_null(rows[name])
            for name, value in group.items()
        ]
        some = rows.filter(pc.and_(*tests))
        pairs = zip(some["key"].to_pylist(), some["etag"].to_pylist(), strict=True)
        yield (group["object_day"], group["unreadable"]), np.array([_digest(*pair) for pair in pairs], DIGEST)


def _digest(address: str, etag: str) -> bytes:
    return blake2b(f"{address}\0{etag}".encode(), digest_size=DIGEST.itemsize).digest()


def _contained(digests: Digests, among: Digests) -> Flags:
    """A mask of the digests that are in ``among``, which is sorted."""
    at = np.minimum(np.searchsorted(among, digests), len(among) - 1)
    found: Flags = among[at] == digests
    return found
