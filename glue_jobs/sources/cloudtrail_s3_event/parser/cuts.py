"""Where events and their parts are, in documents as AWS writes those of S3; found by their braces, nothing is decoded.

``{"eventVersion":…,"userIdentity":{…},"eventTime":…,…,"requestParameters":{…},"responseElements":…,
"additionalEventData":{…},"requestID":…,"eventID":…,…,"resources":[{…}],…}``. What is found here is a guess: it holds
for the events whose parts prove to be whole JSON fields. Then the commas between them are those of the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from glue_jobs.columns.byte_search import WORD, Flags, Places, Words, find_in_block, word
from glue_jobs.read.json_documents import HEAD
from glue_jobs.sources.cloudtrail_s3_event.parser.fixed import IDS_LENGTH, REQUEST, TIME_LENGTH
from glue_jobs.sources.cloudtrail_s3_event.parser.pieces import Span

PARAMETERS = b',"requestParameters":'
RESPONSE = b',"responseElements":'
FACTS = b',"additionalEventData":'
RESOURCES = b',"resources":['
"""What stands before a part, or at its beginning."""
# Object, bucket, access point; of others a few may come.
_MOST_RESOURCES = 4
# In unusual events so many may come before the caller's.
_MOST_BRACES = 8
_TAIL = b"}]}"
# Bytes looked at at a time, which a processor's own cache holds together with a flag for each.
_BLOCK = 1 << 19
# Bytes behind a document that may be line ends.
_BEHIND = 4


@dataclass(frozen=True)
class Cuts:
    """Events of a buffer: numbers of their objects, where they begin and end, and their parts.

    ``framed`` tells which objects are nothing but their events, ``whole`` which events have parts; of others they mean
    nothing. A part takes in the name of the one that follows, so that who reads the part sees whether it does.
    """

    owners: Places
    starts: Places
    ends: Places
    whole: Flags
    framed: Flags
    parts: dict[str, Span]


class _Braces:
    """All braces of a buffer, and which of them open what an event has once."""

    def __init__(self, words: Words) -> None:
        # What is before a brace is looked at while the processor's cache has it.
        blocks = [_braces(words, start) for start in range(0, max(len(words.bytes), 1), _BLOCK)]
        places, opens, before = map(np.concatenate, zip(*blocks, strict=True))
        self._opening = np.flatnonzero(opens)
        self._before = before
        self.places = np.append(places, len(words.bytes))
        self._opens = np.append(opens, False)
        self.callers = self._opened(b'entity":')
        self.callers = self.callers[self.callers > 0]
        self._next = np.append(self.callers[1:], len(places))

    def _opened(self, mark: bytes) -> Places:
        found: Places = self._opening[self._before == word(mark)]
        return found

    def at(self, numbers: Places) -> Places:
        """Where the numbered braces are, the end of the buffer for what is no number of one."""
        found: Places = self.places[np.minimum(numbers, len(self.places) - 1)]
        return found

    def are_open(self, numbers: Places) -> Flags:
        """Which of the numbered braces open something; none that is no number of one."""
        found: Flags = self._opens[np.minimum(numbers, len(self.places) - 1)]
        return found

    def elements(self) -> Flags:
        """Which braces open an element of a list."""
        letters = self._before.astype("<u8", copy=False).view(np.uint8)[WORD - 1 :: WORD]
        found = np.zeros(len(self.places), dtype=bool)
        found[self._opening[(letters == ord(",")) | (letters == ord("["))]] = True
        return found

    def opened(self, mark: bytes) -> tuple[Places, Flags]:
        """Of each event the number of the brace behind the mark, and whether there is one."""
        found = self._opened(mark[-WORD:])
        number = np.append(found, len(self.places))[np.searchsorted(found, self.callers)]
        there = number < self._next
        return np.where(there, number, 0), there


def _braces(words: Words, start: int) -> tuple[Places, Flags, npt.NDArray[np.uint64]]:
    """Where braces are in a block, which of them open, and the eight bytes before each of those."""
    # Bytes of other letters than ASCII are negative, and no other ones are greater.
    places = find_in_block(words.bytes[start : start + _BLOCK].view(np.int8) >= ord("{"), start)
    letters = words.bytes[places]
    # Not "|" and "~".
    if not (letters & 1).all():
        places = places[(letters & 1).view(bool)]
        letters = words.bytes[places]
    opening = letters == ord("{")
    return places, opening, words.at(places[opening] - WORD)


def cut(data: bytes, starts: Sequence[int] | Places) -> Cuts:
    """The events in the UTF-8 text of objects that begin at ``starts``."""
    words = Words(data)
    braces = _Braces(words)
    objects = np.append(np.asarray(starts, np.int64), len(data))
    begins = braces.places[_events(braces)]
    owners = np.searchsorted(objects, begins, side="right") - 1
    ends, framed = _frames(data, words, objects, owners, begins)
    parts, whole = _parts(words, braces, begins, ends)
    return Cuts(owners, begins, ends, whole, framed, parts)


def _events(braces: _Braces) -> Places:
    """The brace that opens each event: in the usual ones that before the caller's."""
    number, elements = braces.callers - 1, braces.elements()
    for _ in range(_MOST_BRACES):
        other = ~elements[number]
        if not other.any():
            break
        number = np.maximum(number - other, 0)
    return number


def _frames(data: bytes, words: Words, objects: Places, owners: Places, begins: Places) -> tuple[Places, Flags]:
    """Where the events end when they fill their objects, and which objects they fill."""
    last = np.diff(owners, append=len(objects)) > 0
    first = np.diff(owners, prepend=-1) > 0
    heads = np.array([at + len(HEAD) if data.startswith(HEAD, at) else -1 for at in objects[:-1].tolist()], np.int64)
    tails = np.array([_tail(data, at) for at in objects[1:].tolist()], np.int64)
    ends = np.where(last, tails[owners], np.append(begins[1:], 0) - 1)
    fits = np.where(first, begins == heads[owners], words.bytes[begins - 1] == ord(","))
    fits &= (ends > begins) & (words.bytes[begins] == ord("{")) & (words.bytes[ends - 1] == ord("}"))
    framed = np.bincount(owners, minlength=len(heads)) > 0
    framed[owners[~fits]] = False
    return ends, framed


def _tail(data: bytes, end: int) -> int:
    """Where the last event of an object ends that ends itself before ``end``; -1 when there is none."""
    text = data[max(end - len(_TAIL) - _BEHIND, 0) : end]
    closed = text.rstrip(b"\r\n \t")
    return end - len(text) + len(closed) - 2 if closed.endswith(_TAIL) else -1


def _parts(words: Words, braces: _Braces, begins: Places, ends: Places) -> tuple[dict[str, Span], Flags]:
    places = braces.places
    asked, has_parameters = braces.opened(PARAMETERS)
    time = places[asked - 1] + 1
    parameters = places[asked]
    response = places[asked + 1] + 1 + len(RESPONSE)
    said, has_facts = braces.opened(FACTS)
    # Old events have none; then they have answered nothing, or else they are no usual ones.
    ids = np.where(has_facts, places[said + 1] + 1, response + len("null"))
    facts = np.where(has_facts, places[said], ids)
    rest = ids + IDS_LENGTH
    resources, behind = _resources(braces, rest)
    whole = has_parameters & (words.is_at(ord(","), behind) | (behind == ends - 1))
    edges = (begins + 1, time, time + TIME_LENGTH, parameters, response, facts, ids, rest, resources, behind, ends - 1)
    for left, right in pairwise(edges):
        whole &= left <= right
    parts = {
        "caller": (begins + 1, time),
        "time": (time, time + TIME_LENGTH),
        "request": (time + REQUEST, parameters),
        "request_parameters": (parameters, response),
        # Up to a comma where there are no facts.
        "response_elements": (response, np.where(has_facts, facts, ids + 1)),
        "facts": (facts, ids),
        "ids": (ids, rest),
        "before_resources": (rest, resources),
        "resources": (resources, behind),
        "behind_resources": (behind, ends - 1),
    }
    return parts, whole


def _resources(braces: _Braces, rest: Places) -> tuple[Places, Places]:
    """Where the field begins and what follows it; both are the beginning of the rest where there is none."""
    number, there = braces.opened(RESOURCES)
    begins = np.where(there, braces.places[number] - len(RESOURCES), rest)
    last = number + 1
    for _ in range(_MOST_RESOURCES - 1):
        # To look whether it is a comma that is between the two would be a wait for memory.
        more = braces.are_open(last + 1) & (braces.at(last + 1) == braces.at(last) + 2)
        if not more.any():
            break
        last = np.where(more, last + 2, last)
    return begins, np.where(there, braces.at(last) + 2, rest)
