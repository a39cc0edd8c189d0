"""What every parser of raw objects returns: the rows it understood and the records it did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True)
class Rejected:
    """A raw record that could not be understood: where it begins in the given bytes, why, and its bytes."""

    position: int
    reason: str
    record: bytes


@dataclass(frozen=True)
class Parsed:
    """Everything that was found in some raw bytes; ``records`` is always rows plus rejected records
    plus ``filtered``, records that are none of this table's.

    The string columns of ``rows`` may be dictionary-encoded (int32, string).
    ``positions`` (int64) is the byte offset of each row's record, in the order of ``rows``.
    """

    rows: pa.Table
    positions: npt.NDArray[np.int64]
    records: int
    rejected: list[Rejected]
    filtered: int = 0
