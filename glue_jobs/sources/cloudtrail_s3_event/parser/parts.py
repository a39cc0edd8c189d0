"""Parts of events: each different text is read once, however many events have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.columns.byte_search import Flags
from glue_jobs.read.json_values import NOT_JSON
from glue_jobs.sources.cloudtrail_s3_event.parser import cuts
from glue_jobs.sources.cloudtrail_s3_event.parser.event import Event
from glue_jobs.sources.cloudtrail_s3_event.parser.nested import Facts, facts_of
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import by_name, listed, spread

Decoder = msgspec.json.Decoder[Any]

_CUT_OUT = frozenset(
    {"eventTime", "requestParameters", "responseElements", "additionalEventData", "requestID", "eventID", "resources"}
)
OF_CALLER = ("eventVersion", "userIdentity")
OF_REQUEST = ("eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage")

SHARED_ID = '"sharedEventID"'

_PARAMETERS, _RESPONSE = cuts.PARAMETERS.decode(), cuts.RESPONSE.decode()
_FACTS, _RESOURCES = cuts.FACTS.decode(), cuts.RESOURCES.decode()

_VALUE = msgspec.json.Decoder(msgspec.Raw)
_NULL = msgspec.Raw(b"null")


def _decoder(names: Iterable[str]) -> Decoder:
    """Of some of the fields of an event; it knows no other ones."""
    every = {field.name: field for field in msgspec.structs.fields(Event)}
    some = [(name, every[name].type, every[name].default) for name in names]
    return msgspec.json.Decoder(msgspec.defstruct("Part", some, forbid_unknown_fields=True, gc=False))


_CALLER, _REQUEST = _decoder(OF_CALLER), _decoder(OF_REQUEST)
_REST = _decoder(set(Event.__struct_fields__) - _CUT_OUT - {*OF_CALLER, *OF_REQUEST})


@dataclass(frozen=True)
class Part:
    """What the different texts say, which of them each event has, and which events have one that proves nothing."""

    values: Sequence[Any]
    codes: pa.Int32Array
    damaged: Flags

    @classmethod
    def of(cls, texts: pa.StringArray, read: Callable[[str], Any]) -> Part:
        """What ``read`` makes of the texts: None of those that are not what they have to be."""
        encoded = texts.dictionary_encode()
        values = list(map(read, listed(encoded.dictionary)))
        damaged = np.array([value is None for value in values], dtype=bool)
        if damaged.any():
            # No row is made of those, so that anything may stand in their place.
            good = [value for value in values if value is not None]
            values = [good[0] if value is None else value for value in values] if good else []
        return cls(values, encoded.indices, damaged[encoded.indices.to_numpy()])

    def flags(self, test: Callable[[Any], bool]) -> Flags:
        """Which events have what passes the test, none of the damaged ones."""
        passed = np.fromiter(map(test, self.values), bool, len(self.values))
        return passed[self.codes.to_numpy()] & ~self.damaged if len(passed) else ~self.damaged

    def only(self, chosen: Flags) -> Part:
        """The part of the chosen events, which mostly are all."""
        # What its fields are is known by then.
        if chosen.all():
            return self
        return Part(self.values, only(self.codes, chosen), self.damaged[chosen])

    def texts(self, values: Sequence[str | None]) -> pa.DictionaryArray:
        """Of each event that of the texts which belongs to what it says; null where it is empty."""
        return spread(values, self.codes)

    @cached_property
    def fields(self) -> dict[str, tuple[Any, ...]]:
        """The values of each field, for parts that are structs."""
        return by_name(type(self.values[0]), self.values) if self.values else defaultdict(tuple)


def only(array: pa.Array, chosen: Flags) -> pa.Array:
    """The chosen rows, which mostly are all."""
    return array if chosen.all() else array.filter(pa.array(chosen))


def caller(text: str) -> Any:
    """The fields up to the time."""
    return _members(_CALLER, text)


def request(text: str) -> Any:
    """The fields between the time and the parameters, whose name ends the text."""
    return _members(_REQUEST, text[: -len(_PARAMETERS)]) if text.endswith(_PARAMETERS) else None


def parameters(text: str) -> str | None:
    """The value up to the response's name."""
    return value(text[: -len(_RESPONSE)]) if text.endswith(_RESPONSE) else None


def response(text: str) -> str | None:
    """The value up to the name of the facts, or else to a comma."""
    for end in (_FACTS, ","):
        if text.endswith(end):
            return value(text[: -len(end)])
    return None


def resources(text: str) -> str | None:
    """The value behind its name, when there is any text."""
    if not text:
        return ""
    return value(text[len(_RESOURCES) - 1 :]) if text.startswith(_RESOURCES) else None


def rest(text: str) -> Any:
    """The fields behind the event's id, each with the comma before it; a shared id may be there once."""
    # A comma alone would stand before the end of the event.
    whole = not text or (text.startswith(",") and len(text) > 1)
    return _members(_REST, text[1:]) if whole and text.count(SHARED_ID) < 2 else None


def value(text: str) -> str | None:
    """A whole JSON value as its text; empty when it is null."""
    try:
        return "" if _VALUE.decode(text) == _NULL else text if text == text.strip() else None
    except NOT_JSON:
        return None


def said(text: str) -> Facts | None:
    """What additionalEventData says, if there is any."""
    return None if text and value(text) is None else facts_of(text)


def _members(decoder: Decoder, text: str) -> Any:
    try:
        return decoder.decode(f"{{{text}}}")
    except NOT_JSON:
        return None
