"""The change that a run makes to one table, and its form in the plan of the commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glue_jobs.errors import LakeError
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.run_notes import TableChange, planned_file
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
