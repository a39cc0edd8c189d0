"""Positions of the events in a buffer and of their fragments, found by the braces alone.

The positions are guesses. They assume documents as AWS writes them: fields in a fixed order, and no blanks. Nothing is
decoded here; `fast_path` proves which guesses hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glue_jobs.columns.byte_search import BLOCK_BYTES, windows
from glue_jobs.columns.numpy_types import Bytes, Flags, Places
from glue_jobs.read.framing.json_records import HEAD
from glue_jobs.read.parsed import Positions

Slices = tuple[Places, Places]
"""The beginnings and ends of slices of the buffer, one slice per event."""

# The time and the ids have a fixed width in S3 events. A zero stands for any byte.
TIME = b',"eventTime":"00000000000000000000"'
IDS = b',"requestID":"0000000000000000","eventID":"000000000000000000000000000000000000"'

# The bytes before two of the fragments. The slices before these fragments end with them.
BEFORE_PARAMETERS = b',"requestParameters":'
BEFORE_EVENT_DATA = b',"additionalEventData":'

# A letter and the longer one; AWS writes no shorter fragment. Arrow would store a text of up to 12 bytes in its view.
# https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout
_MIN_SLICE_BYTES = 1 + len(BEFORE_EVENT_DATA)

# The last eight bytes before the brace that opens a field.
_BEFORE = {
    name: int.from_bytes(letters, "little")
    for name, letters in {"caller": b'entity":', "parameters": b'meters":', "event_data": b'ntData":'}.items()
}

_TAIL = b"}]}"
# A document may end in this many blanks and line ends.
_MAX_BLANKS = 4


@dataclass(frozen=True)
class EventBoundaries:
    """Events of a buffer: ``owners`` are the numbers of their objects, ``begins`` and ``ends`` their positions.

    ``framed`` flags the objects that consist of these events, the commas between them and the document's brackets. An
    event may contain further records at its end. ``slices`` has the slices by the names of the fragments. ``complete``
    flags the events that have all of them; the slices of other events are meaningless.
    """

    owners: Places
    begins: Places
    ends: Places
    framed: Flags
    complete: Flags
    slices: dict[str, Slices]


def find_events(data: bytes, starts: Positions) -> EventBoundaries:
    """The events of objects that begin at ``starts``; ``data`` is UTF-8 and has at least eight bytes."""
    letters: Bytes = np.frombuffer(data, np.uint8)
    braces, opening = _find_braces(letters)
    # An event begins at the brace before its caller's, because its version and its caller come first.
    events = opening["caller"] - 1
    begins = braces[events]
    parameters = _first_in_event(events, opening["parameters"])
    event_data = _first_in_event(events, opening["event_data"])
    owners = np.searchsorted(starts, begins, side="right") - 1
    ends, framed = _frames(data, letters, np.append(starts, len(data)), owners, begins)
    # Sentinels, so that every brace has a next one.
    braces = np.append(braces, [len(letters)] * 2)
    time = braces[parameters - 1] + 1
    ids = braces[event_data + 1] + 1
    slices = {
        "caller": (begins, time + 1),
        "time": (time, time + len(TIME)),
        "request": (time + len(TIME), braces[parameters]),
        "parameters": (braces[parameters] - len(BEFORE_PARAMETERS), braces[event_data]),
        "event_data": (braces[event_data], ids),
        "ids": (ids, ids + len(IDS)),
        "rest": (ids + len(IDS), ends),
    }
    complete = np.all([right - left >= _MIN_SLICE_BYTES for left, right in slices.values()], axis=0)
    return EventBoundaries(owners, begins, ends, framed, complete, slices)


def _find_braces(letters: Bytes) -> tuple[Places, dict[str, Places]]:
    """The positions of all braces, and the numbers of those that open a fragment, by its name."""
    # The eight bytes at every position, as one number.
    words = windows(letters, "<u8")
    braces: list[Places] = []
    opening: dict[str, list[Places]] = {name: [] for name in _BEFORE}
    count = 0
    # The letters around the braces of a block are read while the block is in the processor's cache.
    for start in range(0, len(letters), BLOCK_BYTES):
        block = letters[start : start + BLOCK_BYTES]
        # As signed numbers, letters outside of ASCII are negative, and only "{", "|", "}", "~" and DEL are this large.
        places = np.flatnonzero(block.view(np.int8) >= ord("{"))
        found = block[places]
        if not (found & 1).all():
            places = places[(found & 1).view(bool)]
            found = block[places]
        numbers = np.flatnonzero(found == ord("{"))
        before = words[np.maximum(places[numbers] + (start - 8), 0)]
        for name, word in _BEFORE.items():
            opening[name].append(numbers[before == word] + count)
        count += len(places)
        braces.append(places + start)
    return np.concatenate(braces), {name: np.concatenate(each) for name, each in opening.items()}


def _first_in_event(events: Places, braces: Places) -> Places:
    """For each event the number of the first of ``braces`` after its own; if there is none, 0, which precedes all."""
    return np.append(braces, 0)[np.searchsorted(braces, events)]


def _frames(data: bytes, letters: Bytes, edges: Places, owners: Places, begins: Places) -> tuple[Places, Flags]:
    """The ends of the events, and flags of the objects that their events fill; ``edges`` are the objects' limits."""
    heads = np.array([at + len(HEAD) if data.startswith(HEAD, at) else -1 for at in edges[:-1].tolist()], np.int64)
    tails = np.array([_tail(data, at) for at in edges[1:].tolist()], np.int64)
    is_first, is_last = np.diff(owners, prepend=-1) > 0, np.diff(owners, append=len(edges)) > 0
    ends = np.where(is_last, tails[owners], np.append(begins[1:], 0) - 1)
    fits = np.where(is_first, begins == heads[owners], letters[begins - 1] == ord(","))
    fits &= ends > begins
    framed = np.bincount(owners, minlength=len(heads)) > 0
    framed[owners[~fits]] = False
    return ends, framed


def _tail(data: bytes, end: int) -> int:
    """The end of the last event in the object that ends at ``end``; -1 if its document is not closed."""
    text = data[max(end - len(_TAIL) - _MAX_BLANKS, 0) : end]
    closed = text.rstrip(b"\r\n \t")
    return end - len(text) + len(closed) - 2 if closed.endswith(_TAIL) else -1
