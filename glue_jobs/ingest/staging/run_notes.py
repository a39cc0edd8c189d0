"""The notes in a run's folder for its successor: the plan of its commit, and the files it is about to write.

Both are JSON with a version. Notes of the first version (without ``version``) are still read, so that a new program
finishes the runs of an old one. Notes of a version later than VERSION are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from glue_jobs.errors import LakeError
from glue_jobs.tables.model import Table

VERSION: Final = 5


class _Note(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlannedFile(_Note):
    """A data file: its address and the values of its partition, dates as ISO 8601."""

    address: str
    partition: dict[str, str | None]


class TableChange(_Note):
    """The files that one commit adds to a table and removes from it."""

    files: list[PlannedFile]
    removed: list[PlannedFile]


class CommitPlan(_Note):
    """All changes of a run, including those that follow the commit of its rows.

    ``tables`` has the changes by table name, the rows' table first. ``commits`` has the number of commits that each
    table had when the plan was made. No table uses ``expired_files`` once the rows are committed.

    Later versions added fields. ``inferred`` (3) describes, by name, the tables that are not declared. ``only_moves``
    (4) says that the new files have exactly the rows of the removed ones. ``replaced`` (5) has values, by table and
    column, as `str` writes them: of the rows with these values, the table keeps only those in the new files.
    """

    version: Literal[2, 3, 4, 5] = 2
    tables: dict[str, TableChange]
    commits: dict[str, int]
    expired_files: list[str]
    inferred: dict[str, str] = {}
    only_moves: bool = False
    replaced: dict[str, dict[str, list[str]]] = {}

    def addresses(self) -> Iterator[str]:
        """All files that the plan names."""
        for change in self.tables.values():
            yield from (file.address for file in (*change.files, *change.removed))
        yield from self.expired_files


class Announcement(_Note):
    """Addresses of files that a run or one of its tasks is about to write."""

    version: Literal[2] = 2
    files: list[str]


def planned_file(address: str, partition: Mapping[str, Any]) -> PlannedFile:
    """The file in the form that a plan stores."""
    values = {name: value.isoformat() if isinstance(value, date) else value for name, value in partition.items()}
    return PlannedFile(address=address, partition=values)


def partition_values(table: Table, file: PlannedFile) -> dict[str, Any]:
    """The partition's values as Python objects.

    Raises:
        ValueError: its columns are not the table's partition columns, or a date is invalid.
    """
    if file.partition.keys() != set(table.partitions):
        raise ValueError(f"{table.name} is not partitioned by {', '.join(file.partition)}")
    types = {column.name: column.type for column in table.columns}
    return {
        name: date.fromisoformat(value) if types[name] == "date" and value is not None else value
        for name, value in file.partition.items()
    }


Note = TypeVar("Note", CommitPlan, Announcement)


def read_note(kind: type[Note], data: bytes, address: str) -> Note | None:
    """The note in ``data``; None if its writer died while writing it. Error messages name the ``address``.

    Raises:
        LakeError: a later version of the program wrote the note, or its content is not valid.
    """
    try:
        content = json.loads(data)
    except ValueError:
        # A run writes the files of a note only after the note is complete, so none of these exists.
        return None
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise LakeError(
            f"{address} was written by a newer version of this program (notes of version {version}, known is"
            f" {VERSION}); use the newer program, which finishes that run"
        )
    try:
        return kind.model_validate(content if version else _from_version_1(content))
    except ValidationError as error:
        raise not_a_note(address, error.errors()[0]["msg"]) from error


def not_a_note(address: str, reason: str) -> LakeError:
    """The error for a note whose content no run can have written."""
    return LakeError(
        f"{address} is not what a run writes ({reason}), so it is ignored and nothing is deleted; find out who wrote"
        " it, delete its folder, and start the run again"
    )


def _from_version_1(content: Any) -> Any:
    """A note without a version in today's terms; anything else as it is."""
    if isinstance(content, list):
        return {"files": content}
    if isinstance(content, dict) and "tables" in content:
        # The first notes have no counts of commits.
        commits, expired_files = content.get("bases", {}), content.get("doomed", [])
        return {"tables": content["tables"], "commits": commits, "expired_files": expired_files}
    return content
