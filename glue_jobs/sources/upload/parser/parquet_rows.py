"""Parquet: columns keep the file's types if a table supports them; all other values become text."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Rejected
from glue_jobs.sources.upload.names import ColumnNames, safe_name
from glue_jobs.sources.upload.piece import MAX_COLUMNS, Piece
from glue_jobs.sources.upload.types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    MAX_FIELDS,
    MAX_WHOLE,
    NOTHING,
    TEXT,
    TIMESTAMP,
    WHOLE,
    Type,
    arrow_type,
    is_stored,
)
from glue_jobs.sources.upload.values import MAX_DEPTH, list_column, struct_column, text_of

ROWS_PER_PIECE = 65_536

# The memory that a row group takes. Parquet writers make row groups of some hundred megabytes.
MAX_GROUP_BYTES = 2**31

# A double preserves decimal numbers of this many digits.
MAX_DECIMAL_DIGITS = 15
MAX_WHOLE_DIGITS = 18


class ParquetReader:
    """Reads a whole Parquet file; see `UploadParser`."""

    name = "parquet"

    def __init__(self, names: ColumnNames) -> None:
        self._names = names

    def read(self, frame: bytes, offset: int) -> Iterator[Piece]:
        """All rows of the file; if it is damaged, the rows before the damaged row group and one rejected record."""
        data = frame[: frame.rfind(PARQUET) + len(PARQUET)]
        index = 0
        try:
            if len(data) < len(frame.rstrip(b"\n")) or len(data) <= len(PARQUET):
                raise ValueError("it ends early, so it was cut short or is no Parquet file")
            file = pq.ParquetFile(pa.BufferReader(data))
            self._check(file)
            for batch in file.iter_batches(ROWS_PER_PIECE, use_threads=False):
                yield self._piece(batch)
                index += batch.num_rows
        except (pa.ArrowException, OSError, ValueError, NotImplementedError) as problem:
            reason = f"the Parquet file cannot be read from row {index:,} on: {problem}"
            yield Piece(0, {}, {}, [Rejected(index, reason, frame[:MAX_RECORD_BYTES])])

    def _check(self, file: pq.ParquetFile) -> None:
        names = file.schema_arrow.names
        if len(names) > MAX_COLUMNS:
            raise ValueError(f"it has {len(names):,} columns, and a table has at most {MAX_COLUMNS:,}")
        if len(set(names)) != len(names):
            raise ValueError("two of its columns have one name")
        metadata = file.metadata
        sizes = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
        if max(sizes, default=0) > MAX_GROUP_BYTES:
            raise ValueError(f"a group of its rows takes {max(sizes):,} bytes, which is too much")
        self._names.add(names)

    def _piece(self, batch: pa.RecordBatch) -> Piece:
        columns, types = {}, {}
        for field, array in zip(batch.schema.names, batch.columns, strict=True):
            name = self._names.column(field)
            types[name], columns[name] = typed(array)
        return Piece(batch.num_rows, columns, types)


def typed(array: pa.Array, depth: int = 0) -> tuple[Type, pa.Array]:
    """The type of a column of any Arrow type, and its values in the form in which they are stored."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return typed(array.dictionary_decode(), depth)
    if isinstance(kind, pa.ExtensionType):
        return typed(array.storage, depth)
    if pa.types.is_null(kind):
        return NOTHING, array.cast(pa.string())
    try:
        plain = _plain_type(kind)
        if plain is not None:
            return _plain(array, plain)
        if _is_list(kind) and depth < MAX_DEPTH:
            return _list(array, depth)
        if pa.types.is_struct(kind) and depth < MAX_DEPTH and _fits(kind):
            return _struct(array, depth)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        # Values that a table cannot hold, such as nanoseconds.
        pass
    return TEXT, _texts(array)


def _plain_type(kind: pa.DataType) -> Type | None:
    is_of = pa.types
    if is_of.is_decimal(kind):
        if kind.scale <= 0:
            return WHOLE if kind.precision - kind.scale <= MAX_WHOLE_DIGITS else TEXT
        return DOUBLE if kind.precision <= MAX_DECIMAL_DIGITS else TEXT
    for matches, found in (
        (is_of.is_boolean, BOOLEAN),
        (is_of.is_integer, WHOLE),
        (is_of.is_floating, DOUBLE),
        (is_of.is_date, DATE),
        (is_of.is_timestamp, TIMESTAMP),
        (is_of.is_string, TEXT),
        (is_of.is_large_string, TEXT),
        (is_of.is_binary, BINARY),
        (is_of.is_large_binary, BINARY),
        (is_of.is_fixed_size_binary, BINARY),
    ):
        if matches(kind):
            return found
    return None


def _plain(array: pa.Array, kind: Type) -> tuple[Type, pa.Array]:
    if kind == TIMESTAMP and array.type.tz is not None:
        array = array.cast(pa.timestamp(array.type.unit))
    values = array.cast(arrow_type(kind))
    if kind == WHOLE:
        bounds = pc.min_max(values).as_py()
        low, high = bounds["min"] or 0, bounds["max"] or 0
        return (WHOLE if low >= -MAX_WHOLE and high <= MAX_WHOLE else BIGINT), values
    if kind == TEXT:
        values.validate(full=True)
    return kind, values


def _is_list(kind: pa.DataType) -> bool:
    of = pa.types
    return bool(of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind))


def _list(array: pa.Array, depth: int) -> tuple[Type, pa.Array]:
    element, elements = typed(array.flatten(), depth + 1)
    kind: Type = [element]
    if not is_stored(kind):
        return kind, _texts(array)
    return kind, list_column(pc.list_value_length(array).fill_null(0), elements, array.is_null())


def _fits(kind: pa.StructType) -> bool:
    names = [field.name for field in kind]
    return 0 < len(names) <= MAX_FIELDS and len({*map(safe_name, names)}) == len(names)


def _struct(array: pa.StructArray, depth: int) -> tuple[Type, pa.Array]:
    fields = {
        safe_name(field.name): typed(child, depth + 1) for field, child in zip(array.type, array.flatten(), strict=True)
    }
    kind: Type = {name: found for name, (found, _) in fields.items()}
    if not is_stored(kind):
        return kind, _texts(array)
    return kind, struct_column(
        {name: values for name, (found, values) in fields.items() if found != NOTHING}, array.is_null()
    )


def _texts(array: pa.Array) -> pa.Array:
    try:
        if not pa.types.is_nested(array.type):
            return array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    return pa.array([None if value is None else _text(value) for value in _values(array)], pa.string())


def _values(array: pa.Array) -> Iterator[object]:
    for each in array:
        try:
            yield each.as_py()
        except (ValueError, UnicodeDecodeError):
            yield bytes(each.as_buffer() or b"").decode("utf-8", "backslashreplace")


def _text(value: object) -> str:
    try:
        return text_of(value)
    except (TypeError, ValueError, UnicodeDecodeError):
        return str(value)
