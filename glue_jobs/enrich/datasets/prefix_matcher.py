"""Rules with many prefixes as a single look-up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.enrich.datasets.name_columns import take_names

# Keys are compared in blocks of this size, to bound the memory for long prefixes.
BLOCK_BYTES = 8 << 20


class PrefixMatcher:
    """Matches keys with ``(prefix, account, repository)`` entries by binary search.

    The first candidate is the last sorted prefix that is not greater than the key. If the key does not start with it,
    the next candidate is the longest other prefix of the candidate: every text that sorts between a prefix and a key
    with that prefix has the prefix too. If several prefixes match, the longest wins with ``longest_wins``, else the
    first entry.
    """

    def __init__(self, entries: list[tuple[str, str | None, str | None]], longest_wins: bool) -> None:
        first = {prefix.encode(): number for number, (prefix, _, _) in reversed([*enumerate(entries)])}
        ordered = sorted(first)
        # A multiple of a machine word, because prefixes are compared eight bytes at a time.
        self._width = -(-max([1, *map(len, ordered)]) // 8) * 8
        self._sorted = np.array(ordered, f"S{self._width}")
        self._mask = np.array([b"\xff" * len(prefix) for prefix in ordered], f"S{self._width}")
        self._parent, winner = _chains(ordered, [first[prefix] for prefix in ordered], longest_wins)
        self._accounts = pa.array([entries[number][1] for number in winner], pa.string()).dictionary_encode()
        self._repositories = pa.array([entries[number][2] for number in winner], pa.string()).dictionary_encode()

    def __call__(self, keys: pa.StringArray) -> tuple[Flags, pa.DictionaryArray, pa.DictionaryArray]:
        step = max(1, BLOCK_BYTES // self._width)
        blocks = [self._find(keys.slice(start, step)) for start in range(0, len(keys), step)]
        matches = np.concatenate(blocks) if blocks else np.zeros(0, np.int64)
        return matches >= 0, take_names(self._accounts, matches), take_names(self._repositories, matches)

    def _find(self, keys: pa.StringArray) -> Ints:
        """The index of the longest sorted prefix that each key starts with, -1 for none."""
        padded = _padded(keys, self._width)
        matches: Ints = np.searchsorted(self._sorted, padded, side="right") - 1
        words, prefixes, mask = (_words(texts, self._width) for texts in (padded, self._sorted, self._mask))
        unsure = np.flatnonzero(matches >= 0)
        while len(unsure):
            candidate = matches[unsure]
            differs = ((words[unsure] ^ prefixes[candidate]) & mask[candidate]).any(axis=1)
            unsure = unsure[differs]
            matches[unsure] = self._parent[matches[unsure]]
            unsure = unsure[matches[unsure] >= 0]
        return matches


def _chains(ordered: list[bytes], number: list[int], longest_wins: bool) -> tuple[Ints, list[int]]:
    """For each sorted prefix, the index of the longest other prefix that it starts with (-1: none), and the winner."""
    parent: list[int] = []
    winner: list[int] = []
    open_places: list[int] = []
    for place, prefix in enumerate(ordered):
        while open_places and not prefix.startswith(ordered[open_places[-1]]):
            open_places.pop()
        above = open_places[-1] if open_places else -1
        parent.append(above)
        winner.append(number[place] if longest_wins or above < 0 else min(number[place], winner[above]))
        open_places.append(place)
    return np.array(parent, np.int64), winner


def _padded(keys: pa.StringArray, width: int) -> npt.NDArray[np.bytes_]:
    """The first ``width`` bytes of each key, padded with NUL, which no prefix contains."""
    cut = pc.binary_slice(keys.cast(pa.binary()), 0, width)
    # The slice may end within a character, which is harmless because padding counts bytes.
    as_text = pa.StringArray.from_buffers(len(cut), cut.buffers()[1], cut.buffers()[2])
    padded = pc.ascii_rpad(as_text, width, padding="\0")
    return np.frombuffer(padded.buffers()[2], f"S{width}", count=len(keys))


def _words(texts: npt.NDArray[np.bytes_], width: int) -> npt.NDArray[np.uint64]:
    return texts.view(np.uint64).reshape(len(texts), width // 8)
