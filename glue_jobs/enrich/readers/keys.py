"""The secret keys of reader ids, and the ids that they derive from addresses.

A reader id is the HMAC-SHA-256 (RFC 2104) of the canonical text of an address, truncated to 128 bits. The canonical
text is ``192.0.2.1``, or that of RFC 5952 for IPv6.
"""

from __future__ import annotations

import hmac
import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.enrich.places.locate import SERVICE_ENDINGS
from glue_jobs.enrich.readers.address import plain_address, prefix_of

ID_BYTES = 16
KEY_ID_BYTES = 4

# 32 characters of letters and digits have 190 bits.
MIN_KEY_CHARACTERS = 32

# The number of addresses whose ids a process caches for each key, about 250 bytes each.
MAX_CACHED = 200_000

FORM = 'a JSON object such as {"2006-03-14": "…"}: a day, and the key of events from that day on'


@dataclass(frozen=True)
class ReaderKey:
    """A secret key, for events from its first day (UTC) on. The secret is not part of its repr."""

    first_day: date
    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that identify the key and reveal nothing about it."""
        return hmac.digest(self.secret, b"usage-lake: id of this key", "sha256")[:KEY_ID_BYTES].hex()

    def reader_id(self, address: str) -> str:
        """The reader id of an address, 32 hexadecimal digits; text that is not an address gets one too."""
        text = plain_address(address) or address
        return hmac.digest(self.secret, text.encode("utf-8", "surrogatepass"), "sha256")[:ID_BYTES].hex()

    def reader(self, address: str | None) -> tuple[str | None, str | None]:
        """Reader id and network of an address; both None for None and for AWS services, which are not readers."""
        if address is None or address.endswith(SERVICE_ENDINGS):
            return None, None
        return self.reader_id(address), prefix_of(address)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key of reader ids is never pickled: each process reads it where it is kept")


class ReaderKeys:
    """Keys in the order of their first days. The first key also applies to all earlier days.

    The day of the event selects the key, not that of its ingestion, so a record that arrives twice has one reader id.
    """

    def __init__(self, keys: Iterable[ReaderKey]) -> None:
        self.keys = sorted(keys, key=lambda key: key.first_day)
        self._days = [key.first_day for key in self.keys]
        self._readers = [lru_cache(MAX_CACHED)(key.reader) for key in self.keys]

    @classmethod
    def read(cls, content: bytes) -> ReaderKeys:
        """The keys in a file or secret: a JSON object of first days and keys.

        Raises:
            ValueError: the content is something else; the message does not quote it.
        """
        try:
            value = json.loads(content)
            keys = [ReaderKey(date.fromisoformat(day), secret.encode()) for day, secret in value.items()]
        except (ValueError, AttributeError, TypeError):
            # Not "from" the error: its text may quote the content.
            raise ValueError(f"it is not {FORM}") from None
        if not keys:
            raise ValueError("it has no key")
        if any(len(key.secret) < MIN_KEY_CHARACTERS for key in keys):
            raise ValueError(f"a key has fewer than {MIN_KEY_CHARACTERS} characters")
        return cls(keys)

    @property
    def version(self) -> str:
        """The ids of the keys and their first days, e.g. ``1f0c22ab from 2006-03-14``."""
        return ", ".join(f"{key.id} from {key.first_day}" for key in self.keys)

    def number(self, day: date) -> int:
        """The number, from 0, of the key for events of that day."""
        return max(bisect_right(self._days, day) - 1, 0)

    def numbers(self, days: pa.Array) -> Ints:
        """The numbers of the keys for events of these days; an event without a day gets the first key."""
        if len(self.keys) == 1:
            return np.zeros(len(days), np.int64)
        firsts = np.array(self._days, "datetime64[D]").astype(np.int64)
        known = pc.fill_null(days.cast(pa.int32()), 0).to_numpy()
        numbers: Ints = np.maximum(np.searchsorted(firsts, known, side="right") - 1, 0)
        return numbers

    def readers(self, number: int, addresses: Sequence[str | None]) -> tuple[pa.StringArray, pa.StringArray]:
        """The results of :meth:`ReaderKey.reader` of the key with this number for each address, as two arrays."""
        found = [*map(self._readers[number], addresses)]
        ids, prefixes = (pa.array([each[place] for each in found], pa.string()) for place in range(2))
        return ids, prefixes
