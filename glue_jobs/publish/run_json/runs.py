"""The summaries that are stored completely, in batches that fit into memory whatever the size of the lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.ingest.duplicates.row_hash import Hashes, row_hashes
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.sources.run_summary.kinds import Kind
from glue_jobs.sources.run_summary.table import RUN_SUMMARY
from glue_jobs.tables.ingested_object import INGESTED_OBJECT

# The rows of this many runs are in memory at a time; a run has some hundred rows.
BATCH_RUNS = 2_000

Names = npt.NDArray[np.bytes_]


@dataclass(frozen=True)
class StoredRuns:
    """From the ledger: the ingest runs that have finished, and hashes of summaries ingested repeatedly."""

    ingest_runs: frozenset[str]
    replaced: Hashes

    @classmethod
    def load(cls, lake: Lake) -> Self:
        """Read the ledger of run summaries.

        Raises:
            LakeError: the lake has no ledger.
        """
        ingest_runs: set[str] = set()
        hashes = [np.zeros(0, np.uint64)]
        ledger = lake.load(INGESTED_OBJECT)
        for rows in ledger.batches(("key", "run_id", "unreadable"), pipeline=[RUN_SUMMARY.name]):
            ingested = rows.filter(rows["unreadable"].is_null())
            ingest_runs |= {*pc.unique(ingested["run_id"]).to_pylist()}
            hashes.append(_hashes(ingested["key"]))
        ordered = np.sort(np.concatenate(hashes))
        return cls(frozenset(ingest_runs), np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))

    def was_replaced(self, kind: Kind, run: str) -> bool:
        """Whether the summary was ingested more than once; a hash collision with such a summary is true too."""
        own = _hashes(pa.chunked_array([[f"/{kind.folder}/{run}{kind.suffix}"]]))[0]
        at = np.searchsorted(self.replaced, own)
        return bool(at < len(self.replaced) and self.replaced[at] == own)

    def batches(self, register: LoadedTable, kind: Kind) -> list[tuple[str, str]]:
        """The first and the last run of each batch, in order."""
        names = [np.zeros(0, "S15")]
        for rows in register.batches(("kind", "run_id")):
            own = rows.filter(pc.equal(rows["kind"], kind.name))["run_id"]
            names.append(np.array(own.to_pylist(), "S15"))
        ordered: Names = np.sort(np.concatenate(names))
        edges = range(0, len(ordered), BATCH_RUNS)
        return [(ordered[at].decode(), ordered[at : at + BATCH_RUNS][-1].decode()) for at in edges]


def _hashes(addresses: pa.ChunkedArray) -> Hashes:
    """A hash of each summary's folder and file name, without the rest of the path, which may have changed."""
    parts = pc.split_pattern(addresses.cast(pa.string()), "/", max_splits=2, reverse=True)
    return row_hashes([pc.list_element(parts, 1), pc.list_element(parts, 2)])
