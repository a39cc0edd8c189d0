"""Where a JSON value in a text ends, or breaks."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

# What msgspec raises for bytes that are not the JSON it was told to expect.
NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_VALUE = msgspec.json.Decoder(msgspec.Raw)

BETWEEN = re.compile(rb"(?:\s|,|\x00|\x1e|\xef\xbb\xbf)*")
"""What may stand between two documents."""

ENDS_EARLY = "the JSON document ends early: it was cut short"
_BYTE = re.compile(r"(.*) \(byte ([0-9]+)\)$")
_TRAILING = "JSON is malformed: trailing characters"


@dataclass(frozen=True)
class Break:
    """Where a JSON value is found to be broken, the end of the text when nobody knows, and why."""

    at: int
    reason: str


def value_end(text: bytes, position: int) -> int | Break:
    """Where the JSON value at ``position`` ends."""
    try:
        _VALUE.decode(memoryview(text)[position:])
    except NOT_JSON as problem:
        told = _BYTE.match(str(problem))
        if told is None:
            return Break(len(text), ENDS_EARLY if "truncated" in str(problem) else f"JSON: {problem}")
        if told[1] != _TRAILING:
            return Break(position + int(told[2]), f"the {told[1]}")
        # The decoder has taken the byte it complains of.
        return position + int(told[2]) - 1
    return len(text)
