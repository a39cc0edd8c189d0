"""What a key makes of addresses, remembered: each address is hashed once in a process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.enrich.places.locate import SERVICE_ENDINGS
from glue_jobs.enrich.readers.address import prefix_of

# About 250 bytes each; when there are more, all are forgotten.
MAX_REMEMBERED = 200_000

NONE = pa.array([], pa.string())


class RememberedReaders:
    """Looks up the reader ids and networks of addresses; ``reader_id`` makes the id of one."""

    def __init__(self, reader_id: Callable[[str], str]) -> None:
        self._reader_id = reader_id
        self._rows: dict[str | None, int] = {}
        self._ids, self._prefixes = NONE, NONE

    def look_up(self, addresses: Sequence[str | None]) -> tuple[pa.StringArray, pa.StringArray]:
        """The id and the network of each; null for null and for names of AWS services, which are no readers."""
        if len(self._rows) > MAX_REMEMBERED:
            self._rows.clear()
            self._ids, self._prefixes = NONE, NONE
        rows = self._find(addresses)
        if (rows < 0).any():
            self._add([address for address, row in zip(addresses, rows, strict=True) if row < 0])
            rows = self._find(addresses)
        places = pa.array(rows)
        return self._ids.take(places), self._prefixes.take(places)

    def _find(self, addresses: Sequence[str | None]) -> npt.NDArray[np.int64]:
        """The place of each in the arrays, -1 for what is new."""
        return np.fromiter(map(self._rows.get, addresses, repeat(-1)), np.int64, len(addresses))

    def _add(self, addresses: list[str | None]) -> None:
        self._rows.update(zip(addresses, range(len(self._ids), len(self._ids) + len(addresses)), strict=True))
        people = [address if is_person(address) else None for address in addresses]
        ids = [None if person is None else self._reader_id(person) for person in people]
        prefixes = [None if person is None else prefix_of(person) for person in people]
        self._ids = pa.concat_arrays([self._ids, pa.array(ids, pa.string())])
        self._prefixes = pa.concat_arrays([self._prefixes, pa.array(prefixes, pa.string())])


def is_person(address: str | None) -> bool:
    """Whether it is no name of an AWS service, and not null."""
    return address is not None and not address.endswith(SERVICE_ENDINGS)
