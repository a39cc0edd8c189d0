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

from glue_jobs.byte_search import WORD, Flags, Places, Words, find, word
from glue_jobs.raw.json_documents import HEAD
from glue_jobs.sources.cloudtrail_parser.pieces import Span

_EVENT_BEGINS = b'{"eventVersion":'
_TIME = b',"eventTime":"'
_REQUESTED = b'","event'
_PARAMETERS = b',"requestParameters":'
_RESPONSE = b',"responseElements":'
_FACTS = b',"additionalEventData":'
_REQUEST = b',"requestID":"'
_EVENT = b'","eventID":"'
_RESOURCES = b',"resources":['

TIME_LENGTH = len("2024-05-07T08:09:10Z")
_REQUEST_ID_LENGTH = 16
_EVENT_ID_LENGTH = 36
# Object, bucket, access point; of others a few may come.
_MOST_RESOURCES = 4
# In unusual events so many may come before the caller's.
_MOST_BRACES = 8
_TAIL = b"}]}"
# Bytes behind a document that may be line ends.
_BEHIND = 4


@dataclass(frozen=True)
class Cuts:
    """Events of a buffer: numbers of their objects, where they begin and end, and their parts.

    ``framed`` tells which objects are nothing but their events, ``whole`` which events have parts; of others they mean
    nothing.
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
        # Bytes of other letters than ASCII are negative, and no other ones are greater.
        places = find(words.bytes, lambda block: block.view(np.int8) >= ord("{"))
        letters = words.bytes[places]
        # Not "|" and "~".
        if not (letters & 1).all():
            places = places[(letters & 1).view(bool)]
            letters = words.bytes[places]
        self._opening = np.flatnonzero(letters == ord("{"))
        self._before = words.at(places[self._opening] - WORD)
        self.places = np.append(places, len(words.bytes))
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

    def opened(self, mark: bytes) -> tuple[Places, Flags]:
        """Of each event the number of the brace behind the mark, and whether there is one."""
        found = self._opened(mark[-WORD:])
        number = np.append(found, len(self.places))[np.searchsorted(found, self.callers)]
        there = number < self._next
        return np.where(there, number, 0), there


def cut(data: bytes, starts: Sequence[int] | Places) -> Cuts:
    """The events in the UTF-8 text of objects that begin at ``starts``."""
    words = Words(data)
    braces = _Braces(words)
    objects = np.append(np.asarray(starts, np.int64), len(data))
    begins = braces.places[_events(words, braces)]
    owners = np.searchsorted(objects, begins, side="right") - 1
    ends, framed = _frames(data, words, objects, owners, begins)
    parts, whole = _parts(words, braces, begins, ends)
    return Cuts(owners, begins, ends, whole, framed, parts)


def _events(words: Words, braces: _Braces) -> Places:
    """The brace that opens each event: in the usual ones that before the caller's."""
    number = braces.callers - 1
    for _ in range(_MOST_BRACES):
        other = ~words.has(_EVENT_BEGINS, braces.at(number))
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
    asked, has_parameters = braces.opened(_PARAMETERS)
    time = places[asked - 1] + 1
    parameters = places[asked] - len(_PARAMETERS)
    response = places[asked + 1] + 1
    said, has_facts = braces.opened(_FACTS)
    # Old events have none; then they have answered nothing, or else they are no usual ones.
    request = np.where(has_facts, places[said + 1] + 1, response + len(_RESPONSE) + len("null"))
    facts = np.where(has_facts, places[said] - len(_FACTS), request)
    event = request + len(_REQUEST) + _REQUEST_ID_LENGTH
    rest = event + len(_EVENT) + _EVENT_ID_LENGTH + 1
    resources, behind = _resources(words, braces, rest)
    whole = (
        has_parameters
        & words.has(_TIME, time)
        & words.has(_REQUESTED, time + len(_TIME) + TIME_LENGTH)
        & words.has(_PARAMETERS, parameters)
        & words.has(_RESPONSE, response)
        & (words.has(_FACTS, facts) | ~has_facts)
        & words.has(_REQUEST, request)
        & words.has(_EVENT, event)
        & (words.is_at(ord('"'), rest - 1))
        & (words.has(_RESOURCES, resources) | (resources == behind))
    )
    parts = {
        "caller": (begins + 1, time),
        "time": (time + len(_TIME), time + len(_TIME) + TIME_LENGTH),
        "request": (time + len(_TIME) + TIME_LENGTH + 2, parameters),
        "request_parameters": (parameters + len(_PARAMETERS), response),
        "response_elements": (response + len(_RESPONSE), facts),
        "facts": (np.minimum(facts + len(_FACTS), request), request),
        "request_id": (request + len(_REQUEST), event),
        "event_id": (event + len(_EVENT), rest - 1),
        "before_resources": (rest, resources),
        "resources": (np.minimum(resources + len(_RESOURCES) - 1, behind), behind),
        "behind_resources": (behind, ends - 1),
    }
    for place in (rest, behind):
        whole &= (words.is_at(ord(","), place)) | (place == ends - 1)
    edges = [place for span in parts.values() for place in span]
    for left, right in pairwise(edges):
        whole &= left <= right
    return parts, whole


def _resources(words: Words, braces: _Braces, rest: Places) -> tuple[Places, Places]:
    """Where the field begins and what follows it; both are the beginning of the rest where there is none."""
    number, there = braces.opened(_RESOURCES)
    begins = np.where(there, braces.places[number] - len(_RESOURCES), rest)
    last = number + 1
    for _ in range(_MOST_RESOURCES - 1):
        more = words.is_at(ord(","), braces.at(last) + 1)
        last = np.where(more, last + 2, last)
    return begins, np.where(there, braces.at(last) + 2, rest)
