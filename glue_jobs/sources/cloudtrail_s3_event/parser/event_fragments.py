"""Fragments of events as fields. Each distinct text is decoded once, however many events have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.columns.numpy_types import Flags
from glue_jobs.read.framing.json_values import NOT_JSON
from glue_jobs.sources.cloudtrail_s3_event.parser.event import (
    Event,
    InvalidRecord,
    JsonFields,
    json_fields,
    undocumented,
)
from glue_jobs.sources.cloudtrail_s3_event.parser.event_boundaries import BEFORE_EVENT_DATA, BEFORE_PARAMETERS
from glue_jobs.sources.cloudtrail_s3_event.parser.event_texts import SlicedTexts
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import by_name, listed

_CALLER = ("eventVersion", "userIdentity")
_REQUEST = ("eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage")
_PARAMETERS = ("requestParameters", "responseElements")
_NOT_IN_REST = {*_CALLER, *_REQUEST, *_PARAMETERS, "eventTime", "additionalEventData", "requestID", "eventID"}
_REST = tuple(name for name in Event.__struct_fields__ if name not in _NOT_IN_REST)


@dataclass(frozen=True)
class Fragment:
    """One fragment of many events: its distinct values by field, flags of the whole ones, and each event's index.

    ``fit`` flags the events in which the fragment begins and ends as expected. ``others`` maps the index of a distinct
    value to its further fields.
    """

    values: dict[str, tuple[Any, ...]]
    whole: list[bool]
    codes: pa.Int32Array
    fit: Flags | bool = True
    others: dict[int, JsonFields] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        texts: pa.StringArray,
        kind: type[msgspec.Struct],
        decode: Callable[[list[bytes]], list[Any]],
        fit: Flags | bool = True,
        others: dict[int, JsonFields] | None = None,
    ) -> Fragment:
        """Decode the distinct texts; ``decode`` returns values of ``kind``, and None for any other text."""
        encoded = texts.dictionary_encode()
        values = decode(listed(encoded.dictionary.cast(pa.binary())))
        whole = [value is not None for value in values]
        return cls(by_name(kind, [value or kind() for value in values]), whole, encoded.indices, fit, others or {})

    def flags(self, values: Iterable[bool]) -> Flags:
        """The flag of each event, from those of the distinct values."""
        found: Flags = np.fromiter(values, bool)[self.codes.to_numpy()]
        return found

    def proven(self) -> Flags:
        """Flags of the events whose text in this fragment is exactly what the values say."""
        return self.flags(self.whole) & self.fit


class FragmentFormat:
    """A fragment that begins with ``head`` and ends with ``tail``.

    With braces in place of its first letter and the tail, it is a JSON object with some of the ``fields`` of an event
    and no other documented ones. If ``is_open``, it may have undocumented fields.
    """

    def __init__(self, head: bytes, tail: bytes, fields: tuple[str, ...], *, is_open: bool = False) -> None:
        self._head, self._tail, self._is_open = head, tail, is_open
        known = {each.name: (each.name, each.type, each.default) for each in msgspec.structs.fields(Event)}
        self._elsewhere = known.keys() - {*fields}
        named = [known[name] for name in fields]
        self._kind = msgspec.defstruct("Fields", named, forbid_unknown_fields=True, gc=False)
        self._decoder = msgspec.json.Decoder(self._kind)

    def read(self, texts: SlicedTexts) -> Fragment:
        """The fields of fragments; the texts are changed to JSON objects."""
        fit = texts.become_objects(self._head, self._tail)
        others: dict[int, JsonFields] = {}

        def decode(distinct: list[bytes]) -> list[Any]:
            return [self._fields(text, place, others) for place, text in enumerate(distinct)]

        return Fragment.of(texts.array, self._kind, decode, fit, others)

    def _fields(self, text: bytes, place: int, others: dict[int, JsonFields]) -> Any:
        try:
            return self._decoder.decode(text)
        except NOT_JSON:
            return self._with_others(text, place, others) if self._is_open else None

    def _with_others(self, text: bytes, place: int, others: dict[int, JsonFields]) -> Any:
        try:
            fields = json_fields(text)
        except InvalidRecord:
            return None
        if not self._elsewhere.isdisjoint(fields):
            return None
        event, found = undocumented(text, fields)
        if found:
            others[place] = found
        return self._kind(*(getattr(event, name) for name in self._kind.__struct_fields__))


# No field is in two formats. With the time, the ids and additionalEventData they are the whole event.
# A head ends with the quote of a field. A comma and blanks alone would also become an object, but are not JSON.
FORMATS = {
    "caller": FragmentFormat(b'{"', b",", _CALLER),
    "request": FragmentFormat(b',"', BEFORE_PARAMETERS, _REQUEST),
    "parameters": FragmentFormat(b',"', BEFORE_EVENT_DATA, _PARAMETERS),
    # AWS appends the fields that it adds.
    "rest": FragmentFormat(b',"', b"}", _REST, is_open=True),
}
