"""JSON lines: an object with any fields on each line."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.read.json_values import NOT_JSON
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Positions, Rejected
from glue_jobs.sources.cloudfront_log.parser.records import Records, column_name

Value = str | int | float | bool | None
_LINE = msgspec.json.Decoder(dict[str, Value])


def read_json_lines(lines: list[bytes], positions: Positions) -> tuple[Records | None, list[Rejected]]:
    """The lines as records; ``positions`` are those of the lines."""
    rejected: list[Rejected] = []
    objects: list[dict[str, str | None]] = []
    right: list[int] = []
    for number, line in enumerate(lines):
        try:
            objects.append(dict(_texts(_LINE.decode(line))))
            right.append(number)
        except NOT_JSON as problem:
            reason = f"JSON: {problem}"
            rejected.append(Rejected(int(positions[number]), reason, line[:MAX_RECORD_BYTES]))
    if not right:
        return None, rejected
    kept = [lines[number] for number in right]
    return Records(text_columns(objects), positions[np.array(right)], kept.__getitem__), rejected


def _texts(fields: dict[str, Value]) -> Iterator[tuple[str, str | None]]:
    for name, value in fields.items():
        text = value if isinstance(value, str) or value is None else msgspec.json.encode(value).decode()
        yield column_name(name), None if text in ("-", "") else text


def text_columns(objects: list[dict[str, str | None]]) -> dict[str, pa.DictionaryArray]:
    """A column for each key of the objects; null where an object does not have it."""
    names = dict.fromkeys(name for each in objects for name in each)
    return {name: pa.array([each.get(name) for each in objects], pa.string()).dictionary_encode() for name in names}
