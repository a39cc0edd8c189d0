"""What a run leaves in its folder for its successor: the plan of its commit, and the files it is about to write.

Both are JSON with a version. The version before these (no ``version``) is still read, so that a new program finishes
the runs of an old one. A later version is refused.
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
    """The files that a table gets and loses in one commit."""

    files: list[PlannedFile]
    removed: list[PlannedFile]


class CommitPlan(_Note):
    """What has to follow the commit of a run's rows.

    ``tables`` has the changes by table name, the rows' table first. ``commits`` has how many commits each table had
    when the plan was made. ``expired_files`` are no longer used by any table once the rows are committed. ``inferred``
    describes the tables that are not declared, by name; programs of version 2 know none. With ``only_moves`` the new
    files have the rows of those that are removed and no others, which programs of version 3 do not know. ``replaced``
    has, by table and column, the values of rows that the run replaces or removes, unknown to version 4: of rows with
    such values, the table keeps those that the new files have. They are texts, as `str` writes them.
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
    """Addresses that a run or one of its tasks is about to write."""

    version: Literal[2] = 2
    files: list[str]


def planned_file(address: str, partition: Mapping[str, Any]) -> PlannedFile:
    """The file as a plan names it."""
    values = {name: value.isoformat() if isinstance(value, date) else value for name, value in partition.items()}
    return PlannedFile(address=address, partition=values)


def partition_values(table: Table, file: PlannedFile) -> dict[str, Any]:
    """The partition's values as Python has them.

    Raises:
        ValueError: it has other columns than the table's, or a date that no calendar has.
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
    """The note in ``data``; None if its writer died while writing it. ``address`` is for the error message.

    Raises:
        LakeError: a later version of the program wrote the note, or it is not what a run writes.
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
    """The error for a note that no run can have written."""
    return LakeError(
        f"{address} is not what a run writes ({reason}), so it is ignored and nothing is deleted; find out who wrote"
        " it, delete its folder, and start the run again"
    )


def _from_version_1(content: Any) -> Any:
    """A note without a version in today's terms; anything else as it is."""
    if isinstance(content, list):
        return {"files": content}
    if isinstance(content, dict) and "tables" in content:
        # The first programs counted no commits.
        commits, expired_files = content.get("bases", {}), content.get("doomed", [])
        return {"tables": content["tables"], "commits": commits, "expired_files": expired_files}
    return content
