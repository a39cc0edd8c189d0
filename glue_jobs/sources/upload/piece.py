"""The result of reading a piece of an uploaded file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from glue_jobs.read.parsed import Rejected
from glue_jobs.sources.upload.types import Type

# More columns help nobody, and each costs metadata in every commit.
MAX_COLUMNS = 1_000


@dataclass(frozen=True)
class Piece:
    """The records of a piece of a file: ``rows`` of them in columns, each with its type, and the rejected ones."""

    rows: int
    columns: Mapping[str, pa.Array]
    types: Mapping[str, Type]
    rejected: list[Rejected] = field(default_factory=list)
