"""The data files of a table that DuckDB can read directly, without pyiceberg.

Importing pyiceberg takes longer than answering most questions. So this module reads the metadata of lakes in folders
that only this program has written. pyiceberg reads all other metadata (`LoadedTable.plain_files`).
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from glue_jobs.lake.without_pyiceberg.avro import read_avro
from glue_jobs.tables.model import Table, leaf_ids

# https://iceberg.apache.org/spec/#schemas-and-data-types; those of the column types of glue_jobs.tables.model.
ICEBERG_TYPES = {"bigint": "long"}
# https://iceberg.apache.org/spec/#manifests
DATA, DELETED = 0, 2

_UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error, zlib.error)


@dataclass(frozen=True)
class PlainFile:
    """A local Parquet file whose rows are all rows of the table.

    ``texts`` has the values of text columns, among partitions and file constants, that are constant in the file.
    ``columns`` are the names of the columns in the file; None if field ids do not determine them.
    """

    address: str
    texts: Mapping[str, str]
    columns: frozenset[str] | None


class Notes(Protocol):
    """The notes of runs on a table."""

    def note(self, name: str) -> str | None:
        """The value of the note; None when there is none."""


def json_note(rows: Notes, name: str) -> dict[str, Any]:
    """The value of a note that is a JSON object; empty when there is none."""
    value: dict[str, Any] = json.loads(rows.note(name) or "{}")
    return value


@dataclass(frozen=True)
class PlainNotes:
    """The notes of a table and the number of its commits, as `LoadedTable` has them."""

    notes: Mapping[str, str]
    commits: int

    def note(self, name: str) -> str | None:
        """The value of the note; None when there is none."""
        return self.notes.get(name)


def plain_notes(metadata_location: str) -> PlainNotes | None:
    """The notes of the table with this metadata; None if only pyiceberg can read them."""
    with suppress(*_UNREADABLE):
        metadata = json.loads(_read(metadata_location))
        snapshots = {each["snapshot-id"]: each for each in metadata["snapshots"]}
        current = snapshots.get(metadata.get("current-snapshot-id"), {})
        summaries = {name: text for each in snapshots.values() for name, text in each["summary"].items()}
        return PlainNotes(summaries | metadata["properties"], current.get("sequence-number", 0))
    return None


def plain_files(table: Table, metadata_location: str) -> list[PlainFile] | None:
    """The files of the current snapshot; None if only pyiceberg can read them, or say why they cannot be read."""
    with suppress(*_UNREADABLE):
        metadata = json.loads(_read(metadata_location))
        if metadata["format-version"] in (1, 2) and _is_partitioned_as_declared(table, metadata):
            is_declared = bool(table.inferred) or has_declared_columns(
                table, (schema["fields"] for schema in metadata["schemas"])
            )
            return [_plain_file(table, file, is_declared) for file in _data_files(metadata)]
    return None


def has_declared_columns(table: Table, schemas: Iterable[Iterable[Mapping[str, Any]]]) -> bool:
    """Whether each declared column has its name, type and field id in all schemas, also those of older files.

    A schema is a list of fields, as in Iceberg's metadata.
    """
    numbers = {column.field_id: column for column in table.columns}
    names = {column.name for column in table.columns}
    for field in (field for fields in schemas for field in fields):
        if field["name"] in names or field["id"] in numbers:
            known = numbers.get(field["id"])
            if known is None or known.name != field["name"] or field["type"] != _type(known.type, known.element_id):
                return False
    return True


def columns_by_id(table: Table, sizes: Iterable[int]) -> frozenset[str]:
    """The columns of a file, by the field ids for which sizes are recorded: those of the innermost values."""
    names = {number: column.name for column in table.columns for number in leaf_ids(column)}
    return frozenset(names[number] for number in sizes if number in names)


def _type(name: str, element_id: int | None) -> Any:
    if element_id is None:
        return ICEBERG_TYPES.get(name, name)
    return {"type": "list", "element-id": element_id, "element": "string", "element-required": False}


def _is_partitioned_as_declared(table: Table, metadata: Mapping[str, Any]) -> bool:
    (spec,) = metadata["partition-specs"]
    return [(field["name"], field["transform"]) for field in spec["fields"]] == [
        (name, "identity") for name in table.partitions
    ]


def _data_files(metadata: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The descriptors of the current snapshot's files; raises ValueError for any that is not a Parquet data file."""
    current = metadata.get("current-snapshot-id")
    if current is None or current == -1:
        return
    (snapshot,) = (each for each in metadata["snapshots"] if each["snapshot-id"] == current)
    for manifest in read_avro(_read(snapshot["manifest-list"])):
        for entry in read_avro(_read(manifest["manifest_path"])):
            if entry["status"] == DELETED:
                continue
            file: Mapping[str, Any] = entry["data_file"]
            # Version 1 of the format has no delete files and no field `content`.
            if file.get("content", DATA) != DATA or file["file_format"].upper() != "PARQUET":
                raise ValueError("not a file of rows")
            yield file


def _plain_file(table: Table, file: Mapping[str, Any], is_declared: bool) -> PlainFile:
    texts = dict(file["partition"])
    lower, upper = (_by_id(file[bounds]) for bounds in ("lower_bounds", "upper_bounds"))
    for column in table.columns:
        if column.name in table.file_constants and column.type == "string":
            bound = lower.get(column.field_id)
            texts[column.name] = bound.decode() if bound is not None and bound == upper.get(column.field_id) else None
    sizes = _by_id(file["column_sizes"])
    return PlainFile(
        _local(file["file_path"]),
        {name: text for name, text in texts.items() if isinstance(text, str)},
        columns_by_id(table, sizes) if sizes and is_declared else None,
    )


def _by_id(pairs: Iterable[Mapping[str, Any]] | None) -> dict[int, Any]:
    """An Iceberg map, which Avro stores as a list of keys and values."""
    return {pair["key"]: pair["value"] for pair in pairs or ()}


def _read(location: str) -> bytes:
    return Path(_local(location)).read_bytes()


def _local(location: str) -> str:
    """The location, if it is a local path; raises ValueError for an address with a scheme."""
    if not location.startswith("/"):
        raise ValueError(f"{location} is not a path")
    return location
