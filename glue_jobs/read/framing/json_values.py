"""The end of a JSON value in a text, or the place where the value is damaged."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

# The exceptions that msgspec raises for bytes that are not the expected JSON.
NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_VALUE = msgspec.json.Decoder(msgspec.Raw)

BETWEEN = re.compile(rb"(?:\s|,|\x00|\x1e|\xef\xbb\xbf)*")
"""The bytes that may stand between two documents: blanks, commas, padding, byte order marks."""

ENDS_EARLY = "the JSON document ends early: it was cut short"
_BYTE = re.compile(r"(.*) \(byte ([0-9]+)\)$")
_TRAILING = "JSON is malformed: trailing characters"


@dataclass(frozen=True)
class Break:
    """The position where a JSON value is damaged (the end of the text if unknown), and the reason."""

    at: int
    reason: str


def value_end(text: bytes, position: int) -> int | Break:
    """The end of the JSON value at ``position``, or a `Break` if it is damaged."""
    try:
        _VALUE.decode(memoryview(text)[position:])
    except NOT_JSON as problem:
        located = _BYTE.match(str(problem))
        if located is None:
            return Break(len(text), ENDS_EARLY if "truncated" in str(problem) else f"JSON: {problem}")
        if located[1] != _TRAILING:
            return Break(position + int(located[2]), f"the {located[1]}")
        # The decoder has already read the trailing byte that it names.
        return position + int(located[2]) - 1
    return len(text)
