"""Served GETs joined into readings: one reader, one object version, no pause of more than 30 minutes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from glue_jobs.sample.publisher import Ints
from glue_jobs.sample.request import Requests
from glue_jobs.sample.scene import Cast

PAUSE_SECONDS = 30 * 60


@dataclass(frozen=True)
class Readings:
    """Readings as columns: who read which object version, first and last request, bytes sent, object's size."""

    reader: Ints
    object: Ints
    version: Ints
    first: Ints
    last: Ints
    bytes_sent: Ints
    object_size: Ints

    @property
    def is_download(self) -> npt.NDArray[np.bool_]:
        """Whether the reading got at least 95 % of the object's bytes."""
        result: npt.NDArray[np.bool_] = self.bytes_sent * 20 >= self.object_size * 19
        return result

    def take(self, which: npt.NDArray[np.bool_] | Ints) -> Readings:
        """The readings at these positions."""
        return Readings(*(getattr(self, field.name)[which] for field in fields(self)))


def readings_of(served: Requests, cast: Cast) -> Readings:
    """Every served GET as a reading of its own."""
    reader = cast.readers.identity[served.reader]
    sent = np.maximum(served.bytes_sent, 0)
    return Readings(reader, served.object, served.versioned, served.time, served.time, sent, served.object_size)


def join(earlier: Readings, later: Readings) -> Readings:
    """Both as one list, with readings that continue each other joined."""
    columns = (np.concatenate([getattr(earlier, f.name), getattr(later, f.name)]) for f in fields(Readings))
    parts = Readings(*columns)
    parts = parts.take(np.lexsort((parts.first, parts.version, parts.object, parts.reader)))
    if len(parts.first) == 0:
        return parts
    changes = np.diff(parts.reader) | np.diff(parts.object) | np.diff(parts.version)
    begins = np.flatnonzero(
        np.concatenate([[True], (changes != 0) | (parts.first[1:] - parts.last[:-1] > PAUSE_SECONDS)])
    )
    joined = parts.take(begins)
    ends = np.append(begins[1:], len(parts.first)) - 1
    sent = np.add.reduceat(parts.bytes_sent, begins)
    return Readings(
        joined.reader, joined.object, joined.version, joined.first, parts.last[ends], sent, joined.object_size
    )
