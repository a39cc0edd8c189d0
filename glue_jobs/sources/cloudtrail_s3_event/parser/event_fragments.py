"""Fragments of events as texts and as fields. Each distinct text is decoded once, however many events have it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.byte_search import windows
from glue_jobs.columns.numpy_types import Flags, Places
from glue_jobs.read.json_values import NOT_JSON
from glue_jobs.sources.cloudtrail_s3_event.parser.event import Event
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import at_places, by_name, listed

_CALLER = ("eventVersion", "userIdentity")
_REQUEST = ("eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage")
_PARAMETERS = ("requestParameters", "responseElements")
_NOT_IN_REST = {*_CALLER, *_REQUEST, *_PARAMETERS, "eventTime", "additionalEventData", "requestID", "eventID"}
_REST = tuple(name for name in Event.__struct_fields__ if name not in _NOT_IN_REST)

# This replaces an id that differs in every event. DEL is a letter that AWS does not write.
BLANK_ID = "\x7f" * 36
_SHARED_ID = b'"sharedEventID":"'


Letters = npt.NDArray[np.uint8]
"""Bytes, row by row."""


class FragmentFormat:
    """How the text of a fragment becomes a JSON object: without ``before`` and ``after``, behind ``opening``.

    The object has some of the ``fields`` of an event, and no others.
    """

    def __init__(self, before: str, opening: str, after: str, fields: tuple[str, ...]) -> None:
        self._before, self._opening, self._after = before, opening, after
        known = {field.name: (field.name, field.type, field.default) for field in msgspec.structs.fields(Event)}
        named = [known[name] for name in fields]
        self.kind = msgspec.defstruct("Fields", named, forbid_unknown_fields=True, gc=False)
        self._decoder = msgspec.json.Decoder(self.kind)

    def decode(self, text: str) -> Any:
        """The fields in the text; None when it is anything else."""
        members = text[len(self._before) : len(text) - len(self._after)]
        if not text.startswith(self._before) or not text.endswith(self._after):
            return None
        try:
            return self._decoder.decode(f"{self._opening}{members}}}")
        except NOT_JSON:
            return None


# No field is in two of them. With the time, the ids and additionalEventData they are the whole event.
FORMATS = {
    "caller": FragmentFormat("", "{", "", _CALLER),
    "request": FragmentFormat(",", "{", ',"requestParameters":', _REQUEST),
    "parameters": FragmentFormat("", '{"requestParameters":', ',"additionalEventData":', _PARAMETERS),
    "rest": FragmentFormat(",", "{", "", _REST),
}


@dataclass(frozen=True)
class Fragment:
    """One fragment of many events: its distinct values by field, which of them are whole, and each event's place."""

    values: dict[str, tuple[Any, ...]]
    whole: list[bool]
    codes: pa.Int32Array

    @classmethod
    def of(cls, texts: pa.StringArray, form: FragmentFormat) -> Fragment:
        """Decode the distinct texts."""
        encoded = texts.dictionary_encode()
        values = list(map(form.decode, listed(encoded.dictionary)))
        whole = [value is not None for value in values]
        return cls(by_name(form.kind, [value or form.kind() for value in values]), whole, encoded.indices)

    def flags(self, values: Iterable[bool]) -> Flags:
        """The flag of each event, from those of the distinct values."""
        found: Flags = np.fromiter(values, bool)[self.codes.to_numpy()]
        return found


def gather(data: bytes, begins: Places, ends: Places) -> pa.StringArray:
    """The slices of ``data``, which has less than 2 GiB, as texts."""
    views = np.zeros((len(begins), 4), np.int32)
    views[:, 0], views[:, 3] = ends - begins, begins
    # Arrow copies texts by their views in a third of the time of its function `take`.
    buffers = [None, pa.py_buffer(views), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string_view(), len(begins), buffers).cast(pa.string())


def fixed_width(data: bytes, begins: Places, template: bytes) -> tuple[list[pa.StringArray], Flags]:
    """Texts where the template has zeros, and which slices are like it and have no JSON escapes in the texts."""
    letters = _letters(data, begins, len(template))
    texts, plain = [], np.ones(len(letters), bool)
    for match in re.finditer(b"0+|[^0]+", template):
        part = np.ascontiguousarray(letters[:, slice(*match.span())])
        if match[0].startswith(b"0"):
            texts.append(_column(part))
            wrong = _are_escaped(part)
        else:
            wrong = part != np.frombuffer(match[0], np.uint8)
        plain &= ~_any_in_row(wrong)
    return texts, plain


def blank_shared_ids(texts: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
    """The texts with `BLANK_ID` in place of every sharedEventID, and the ids; null where none was replaced."""
    _, offsets, buffer = texts.buffers()
    blanked = bytearray(buffer)
    width = len(BLANK_ID)
    begins = np.array(_ends(blanked, _SHARED_ID, width), np.int64)
    # An id and the quote behind it.
    letters = _letters(blanked, begins, width + 1)
    ids = letters[:, :width]
    plain = (letters[:, width] == ord('"')) & ~_any_in_row(_are_escaped(ids))
    ids, begins = ids[plain], begins[plain]
    rows = np.searchsorted(np.frombuffer(offsets, np.int32), begins, side="right") - 1
    # Two in one text are not told apart. A match across two texts makes both invalid: the fallback reads them.
    if not len(rows) or (np.diff(rows) == 0).any() or BLANK_ID[:1].encode() in blanked:
        return texts, pa.nulls(len(texts), pa.string())
    windows(blanked, f"V{width}")[begins] = np.void(BLANK_ID.encode())
    texts = pa.Array.from_buffers(pa.string(), len(texts), [None, offsets, pa.py_buffer(blanked)])
    return texts, at_places(_column(ids), rows, len(texts))


def _ends(text: bytearray, mark: bytes, behind: int) -> list[int]:
    """Where the mark ends, each time that it has more than ``behind`` bytes behind it."""
    found = []
    last = len(text) - behind - 1
    place = text.find(mark, 0, last)
    while place >= 0:
        found.append(place + len(mark))
        place = text.find(mark, place + len(mark) + behind, last)
    return found


def _letters(data: bytes | bytearray, begins: Places, width: int) -> Letters:
    """The ``width`` bytes from each place on, row by row."""
    if not len(begins):
        return np.empty((0, width), np.uint8)
    return windows(data, f"V{width}")[begins].view(np.uint8).reshape(-1, width)


def _are_escaped(letters: Letters) -> Flags:
    """Which letters have another meaning in JSON, or none."""
    escaped: Flags = (letters < ord(" ")) | (letters == ord('"')) | (letters == ord("\\"))
    return escaped


def _any_in_row(flags: Flags) -> Flags:
    """Which rows have a flag. Mostly none has, and to find that out takes a tenth of the time."""
    return np.any(flags, axis=1) if flags.any() else np.zeros(len(flags), bool)


def _column(letters: Letters) -> pa.StringArray:
    count, width = letters.shape
    offsets = np.arange(0, count * width + 1, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(pa.string(), count, buffers)
