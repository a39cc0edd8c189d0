"""A staged run: the change that it makes to each table, with their form in the plan of the commit, and its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glue_jobs.errors import LakeError, UnreadableObjectError
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.invalid_snapshots import InvalidSnapshot
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.ingest.staging.run_notes import TableChange, planned_file
from glue_jobs.read.raw_object import RawObject
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    from glue_jobs.lake import StoredFile


@dataclass
class Change:
    """The change to one table: the files that a run adds, and the stored files that it replaces or drops.

    ``replaced`` identifies, by the values of some columns, the rows that the run deletes or rewrites. The other rows of
    the removed files are copied to new files.
    """

    files: list[NewFile]
    removed: list[StoredFile] = field(default_factory=list)
    replaced: Mapping[str, Sequence[object]] = field(default_factory=dict)


@dataclass(frozen=True)
class StagedRun:
    """The result of staging.

    ``ingested`` are the raw objects whose records are in ``changes``; that mapping has the pipeline's own table first.
    ``unreadable`` has, by address, those that cannot be read now. ``duplicates`` counts, by raw object, the rows that
    were dropped after ``counts`` were taken. ``moved_rows`` is the number of rows in the new files that come from
    stored files which the changes remove. The commit sets the ``notes`` on the pipeline's table. ``record_tables`` are
    tables with records besides the pipeline's, which are known only from the objects.
    """

    ingested: list[RawObject]
    changes: dict[Table, Change]
    counts: list[ObjectCounts]
    duplicates: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, UnreadableObjectError] = field(default_factory=dict)
    moved_rows: int = 0
    invalid_snapshots: list[InvalidSnapshot] = field(default_factory=list)
    notes: Mapping[str, str] = field(default_factory=dict)
    record_tables: tuple[Table, ...] = ()


def check_replaceable(table: Table, files: Iterable[StoredFile]) -> None:
    """Check that none of the files has deleted rows; rewriting such a file would bring these rows back.

    Raises:
        LakeError: another program deleted rows of such a file with a delete file.
    """
    if any(file.has_deletes for file in files):
        raise LakeError(
            f"another program deleted rows of {table.name}, and this run cannot replace or remove others in the same"
            " files; let that program rewrite its data files first"
        )


def planned(table: Table, change: Change) -> TableChange:
    """The change in the form that a plan stores."""
    removed = [(file.address, dict(zip(table.partitions, file.partition, strict=True))) for file in change.removed]
    return TableChange(
        files=[planned_file(file.address, file.partition) for file in change.files],
        removed=[planned_file(*file) for file in removed],
    )


def replaced_rows(changes: Mapping[Table, Change]) -> dict[str, dict[str, list[str]]]:
    """The rows that the changes replace, by table and column."""
    return {
        table.name: {name: [*map(str, values)] for name, values in change.replaced.items()}
        for table, change in changes.items()
        if change.removed and change.replaced
    }
