"""JSON lines: an object with any fields on each line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array, logged_texts
from glue_jobs.read.framing.json_values import NOT_JSON
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Parsed, Positions, Rejected
from glue_jobs.read.rows.json_lines import read_json_lines
from glue_jobs.sources.cloudfront_log.parser.records import Records, all_rejected, column_name, typed
from glue_jobs.sources.signatures import FROM_LOG_GROUP, LOG_GROUP

Value = str | int | float | bool | None
_LINE = msgspec.json.Decoder(dict[str, Value])


def read_objects(lines: list[bytes], positions: Positions) -> Iterator[Parsed]:
    """The rows of the lines, grouped by their fields; ``positions`` has the position of each line."""
    tables, others = read_json_lines(lines, {})
    for rows, numbers in tables:
        texts = {column_name(name): logged_texts(as_single_array(rows[name])) for name in rows.column_names}
        if len(texts) < rows.num_columns:
            # Two spellings of one field: line by line, the last one of each record counts.
            others = np.append(others, numbers)
        else:
            yield typed(Records(texts, positions[numbers], partial(_line, lines, numbers.tolist())))
    if len(others):
        yield _one_by_one([lines[number] for number in others], positions[others])


def _line(lines: Sequence[bytes], numbers: Sequence[int], row: int) -> bytes:
    return lines[numbers[row]]


def _one_by_one(lines: list[bytes], positions: Positions) -> Parsed:
    rejected: list[Rejected] = []
    objects: list[dict[str, str | None]] = []
    right: list[int] = []
    for number, line in enumerate(lines):
        try:
            objects.append(dict(_texts(_LINE.decode(line))))
            right.append(number)
        except NOT_JSON as problem:
            reason = f"the line {FROM_LOG_GROUP}" if LOG_GROUP.match(line) else f"JSON: {problem}"
            rejected.append(Rejected(int(positions[number]), reason, line[:MAX_RECORD_BYTES]))
    if not right:
        return all_rejected(rejected)
    return typed(Records(text_columns(objects), positions[right], partial(_line, lines, right)), rejected)


def _texts(fields: dict[str, Value]) -> Iterator[tuple[str, str | None]]:
    for name, value in fields.items():
        text = value if isinstance(value, str) or value is None else msgspec.json.encode(value).decode()
        yield column_name(name), None if text in ("-", "") else text


def text_columns(objects: list[dict[str, str | None]]) -> dict[str, pa.DictionaryArray]:
    """A column for each key of the objects; null where an object does not have it."""
    names = dict.fromkeys(name for each in objects for name in each)
    return {name: pa.array([each.get(name) for each in objects], pa.string()).dictionary_encode() for name in names}
