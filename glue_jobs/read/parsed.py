"""What every parser of raw objects returns: the rows it understood and the records it did not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Positions = npt.NDArray[np.int64]

NO_POSITIONS: Positions = np.zeros(0, dtype=np.int64)

MAX_RECORD_BYTES = 64 * 2**10  # a rejected record is cut to this


@dataclass(frozen=True)
class Rejected:
    """A raw record that could not be understood: where it begins in the given bytes, why, and its bytes.

    In formats that number their records ``position`` is only where the record's document begins, and ``index`` the
    number of the record in it.
    """

    position: int
    reason: str
    record: bytes
    index: int | None = None


@dataclass(frozen=True)
class Parsed:
    """Everything that was found in some raw bytes; ``records`` is always rows plus rejected records
    plus ``filtered``, records that are none of this table's.

    The string columns of ``rows`` may be dictionary-encoded (int32, string). ``positions`` is the byte offset of each
    row's record, or of its document, in the order of ``rows``; ``filtered`` has the same of each filtered record.
    """

    rows: pa.Table
    positions: Positions
    records: int
    rejected: list[Rejected]
    filtered: Positions = field(default_factory=NO_POSITIONS.copy)
