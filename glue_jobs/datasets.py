"""Which account and repository (data set) a request belongs to, by the rules of the configuration.

Everything is decided on distinct values: a key, a bucket or an access point is looked at once, however
many rows repeat it, and rows only gather the numbers of the answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.config import PLACEHOLDERS, Config, CsvRule, LayoutRule, PrefixRule, RegexRule, Target

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Keys are compared with prefixes in blocks of this many bytes, so that long prefixes do not cost memory.
BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Names:
    """A column of names: for each entry its number in ``values``, -1 for none; a null value is none too."""

    codes: Ints
    values: pa.StringArray


class Matcher(Protocol):
    """One rule, made ready: which keys it takes (keys have no nulls), and the account and repository of every key."""

    def __call__(self, keys: pa.StringArray) -> tuple[Bools, Names, Names]: ...


def assign(
    bucket: pa.Array, key: pa.Array, access_point: pa.Array | None, config: Config
) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Account and repository of each row, both ``dictionary<int32, string>``, null where no rule names one.

    The first rule of ``config.datasets`` that takes a key decides. What ``config.access_points`` says of the row's
    access point goes before what the key says, name by name. Arrays are strings, plain or dictionary-encoded.
    """
    keys, rows = distinct(key)
    if any(_buckets(rule) for rule in config.datasets):
        account, repository = _by_bucket(bucket, keys, rows, config)
    else:
        found = _by_rules(keys, _matchers(config.datasets, None))
        account, repository = _gather(found[0], rows), _gather(found[1], rows)
    if access_point is not None and config.access_points:
        points, point_rows = distinct(access_point, encode=True)
        targets = [_target(point, config) for point in points.to_pylist()]
        account = _override(account, [target.account for target in targets], point_rows)
        repository = _override(repository, [target.repository for target in targets], point_rows)
    return _dictionary(account), _dictionary(repository)


def distinct(array: pa.Array, encode: bool = False) -> tuple[pa.Array, Ints]:
    """Values to look at, and for each row the number of its value (-1: null).

    A dictionary-encoded array gives its dictionary; a plain one gives itself, or, with ``encode``, its distinct values.
    """
    if encode and not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        return array.dictionary, _codes(array.indices)
    return array, np.arange(len(array))


def _codes(indices: pa.Array) -> Ints:
    filled = indices.fill_null(-1) if indices.null_count else indices
    return np.asarray(filled, dtype=np.int64)


def _names(array: pa.Array) -> Names:
    """The names in a plain array; an empty one is none."""
    encoded = array.dictionary_encode()
    values = encoded.dictionary
    return Names(_codes(encoded.indices), pc.if_else(pc.equal(values, ""), None, values))


def _same(name: str | None, count: int) -> Names:
    return Names(np.zeros(count, np.int64), pa.array([name], pa.string()))


def _gather(names: Names, rows: Ints) -> Names:
    return Names(np.append(names.codes, -1)[rows], names.values)


def _dictionary(names: Names) -> pa.DictionaryArray:
    # Several rules may have given the same name: each stands once in the dictionary.
    unified = names.values.dictionary_encode()
    codes = np.append(_codes(unified.indices), -1)[names.codes].astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), unified.dictionary)


def _by_rules(keys: pa.StringArray, matchers: tuple[Matcher, ...]) -> tuple[Names, Names]:
    """The names of each key: every rule sees only the keys that no earlier rule took."""
    count = len(keys)
    account, repository = Collected(count), Collected(count)
    left = np.arange(count)
    if keys.null_count:
        left = np.flatnonzero(keys.is_valid().to_numpy(zero_copy_only=False))
        keys = keys.drop_null()
    for matcher in matchers:
        if not len(left):
            break
        taken, accounts, repositories = matcher(keys)
        account.add(left, taken, accounts)
        repository.add(left, taken, repositories)
        if taken.all():
            break
        left, keys = left[~taken], keys.filter(pa.array(~taken))
    return account.names(), repository.names()


class Collected:
    """The names several rules gave to ``count`` keys."""

    def __init__(self, count: int) -> None:
        self._codes: Ints = np.full(count, -1, np.int64)
        self._values: list[pa.StringArray] = []
        self._size = 0

    def add(self, places: Ints, taken: Bools, names: Names) -> None:
        """Notes the names of the taken ones among ``places``."""
        codes = names.codes[taken]
        self._codes[places[taken]] = np.where(codes < 0, -1, codes + self._size)
        self._values.append(names.values)
        self._size += len(names.values)

    def names(self) -> Names:
        """All that was noted."""
        return Names(self._codes, pa.concat_arrays(self._values) if self._values else pa.array([], pa.string()))


def _by_bucket(bucket: pa.Array, keys: pa.StringArray, rows: Ints, config: Config) -> tuple[Names, Names]:
    """As ``_by_rules``, for rules that hold in one bucket only: each bucket's own keys go through its own rules."""
    special = {name for rule in config.datasets for name in _buckets(rule)}
    buckets, bucket_rows = distinct(bucket, encode=True)
    known = buckets.to_pylist()
    # All buckets that no rule names share one group.
    groups = sorted({name for name in known if name in special})
    number = {name: index for index, name in enumerate(groups)}
    group_of_row = np.array([number.get(name, -1) for name in known] + [-1])[bucket_rows]
    account, repository = Collected(len(rows)), Collected(len(rows))
    for index, name in enumerate([*groups, None]):
        places = np.flatnonzero(group_of_row == (index if name is not None else -1))
        places = places[rows[places] >= 0]
        used = np.zeros(len(keys), bool)
        used[rows[places]] = True
        found = _by_rules(keys.filter(pa.array(used)), _matchers(config.datasets, name))
        among_used = (np.cumsum(used) - 1)[rows[places]]
        for column, names in zip((account, repository), found, strict=True):
            column.add(places, np.ones(len(places), bool), _gather(names, among_used))
    return account.names(), repository.names()


def _buckets(rule: Any) -> set[str]:
    """Buckets the rule treats apart."""
    own = {rule.bucket} if rule.bucket is not None else set()
    return own | ({name for name in rule.csv.buckets if name is not None} if isinstance(rule, CsvRule) else set())


# An access point that the configuration does not list names nothing.
UNLISTED = Target.model_construct()


def _target(point: str | None, config: Config) -> Target:
    """What the configuration says of an access point, listed by what the log has or by the name in its ARN."""
    name = (point or "").partition(":accesspoint/")[2].partition("/")[0]
    return config.access_points.get(point or "") or config.access_points.get(name) or UNLISTED


def _override(names: Names, better: list[str | None], rows: Ints) -> Names:
    values = pa.array(better, pa.string())
    codes = np.array([-1 if name is None else index for index, name in enumerate(better)] + [-1])[rows]
    return Names(np.where(codes < 0, names.codes, codes + len(names.values)), pa.concat_arrays([names.values, values]))


@lru_cache(maxsize=64)
def _matchers(rules: tuple[Any, ...], bucket: str | None) -> tuple[Matcher, ...]:
    """The rules that hold in the bucket, in order; neighbouring prefix rules become one look-up."""
    return tuple(_ready([rule for rule in rules if rule.bucket in (None, bucket)], bucket))


def _ready(rules: list[Any], bucket: str | None) -> Iterator[Matcher]:
    for kind, group in groupby(rules, type):
        if kind is PrefixRule:
            entries = [(rule.prefix, rule.account, rule.repository) for rule in group]
            yield Prefixes(entries, longest_wins=False)
            continue
        for rule in group:
            match rule:
                case LayoutRule():
                    yield Layout(rule)
                case RegexRule():
                    yield Regex(rule)
                case CsvRule(csv=file):
                    columns = zip(file.prefixes, file.accounts, file.repositories, file.buckets, strict=True)
                    rows = [row for row in columns if row[3] in (None, bucket)]
                    # Of two rows with one prefix the one that names the bucket goes first.
                    rows.sort(key=lambda row: row[3] is None)
                    yield Prefixes([row[:3] for row in rows], longest_wins=True)


@dataclass(frozen=True)
class Layout:
    """A layout rule: a folder's name counts where a '/' ends it."""

    rule: LayoutRule

    def __call__(self, keys: pa.StringArray) -> tuple[Bools, Names, Names]:
        parts = self.rule.parts
        split = pc.split_pattern(keys, "/", max_splits=len(parts))
        offsets = split.offsets.to_numpy()
        fits = np.ones(len(keys), bool)
        found = {name: _same(fixed, len(keys)) for name, fixed in _fixed(self.rule).items()}
        for index, part in enumerate(parts):
            missing = np.diff(offsets) <= index + 1
            folder = split.values.take(pa.array(offsets[:-1] + index, mask=missing))
            if part in PLACEHOLDERS:
                found[PLACEHOLDERS[part]] = _names(folder)
            else:
                fits &= pc.equal(folder, part).fill_null(False).to_numpy(zero_copy_only=False)
        named = [_is_named(found[name]) for name in self.rule.finds]
        return fits & np.logical_or.reduce(named), found["account"], found["repository"]


@dataclass(frozen=True)
class Regex:
    """A regex rule; a group that took no part, or no text, names nothing."""

    rule: RegexRule

    def __call__(self, keys: pa.StringArray) -> tuple[Bools, Names, Names]:
        groups = pc.extract_regex(keys, self.rule.regex)
        found = {name: _same(fixed, len(keys)) for name, fixed in _fixed(self.rule).items()}
        found |= {name: _names(pc.struct_field(groups, name)) for name in self.rule.finds}
        return groups.is_valid().to_numpy(zero_copy_only=False), found["account"], found["repository"]


def _fixed(rule: LayoutRule | RegexRule) -> dict[str, str | None]:
    return {"account": rule.account, "repository": rule.repository}


def _is_named(names: Names) -> Bools:
    valid = np.append(names.values.is_valid().to_numpy(zero_copy_only=False), False)
    return valid[names.codes]


class Prefixes:
    """Many prefixes as one look-up: the sorted prefix just before a key, or the nearest prefix of that one.

    Any sorted text between a prefix and a key that starts with it starts with it too. So one binary search gives the
    only candidate, and if the key does not start with it, the next candidate is the longest prefix of the candidate.
    Of the prefixes of a key the longest wins, or else the first one given.
    """

    def __init__(self, entries: list[tuple[str, str | None, str | None]], longest_wins: bool) -> None:
        first = {prefix.encode(): number for number, (prefix, _, _) in reversed([*enumerate(entries)])}
        ordered = sorted(first)
        # Whole machine words: prefixes are compared eight bytes at a time.
        self._width = -(-max([1, *map(len, ordered)]) // 8) * 8
        self._sorted = np.array(ordered, f"S{self._width}")
        self._mask = np.array([b"\xff" * len(prefix) for prefix in ordered], f"S{self._width}")
        self._parent, winner = _chains(ordered, [first[prefix] for prefix in ordered], longest_wins)
        self._accounts = pa.array([entries[number][1] for number in winner], pa.string())
        self._repositories = pa.array([entries[number][2] for number in winner], pa.string())

    def __call__(self, keys: pa.StringArray) -> tuple[Bools, Names, Names]:
        step = max(1, BLOCK_BYTES // self._width)
        blocks = [self._find(keys.slice(start, step)) for start in range(0, len(keys), step)]
        found = np.concatenate(blocks) if blocks else np.zeros(0, np.int64)
        return found >= 0, Names(found, self._accounts), Names(found, self._repositories)

    def _find(self, keys: pa.StringArray) -> Ints:
        """For each key the number of the longest prefix it starts with, -1 for none."""
        padded = _padded(keys, self._width)
        found: Ints = np.searchsorted(self._sorted, padded, side="right") - 1
        words, prefixes, mask = (_words(texts, self._width) for texts in (padded, self._sorted, self._mask))
        unsure = np.flatnonzero(found >= 0)
        while len(unsure):
            candidate = found[unsure]
            differs = ((words[unsure] ^ prefixes[candidate]) & mask[candidate]).any(axis=1)
            unsure = unsure[differs]
            found[unsure] = self._parent[found[unsure]]
            unsure = unsure[found[unsure] >= 0]
        return found


def _chains(ordered: list[bytes], number: list[int], longest_wins: bool) -> tuple[Ints, list[int]]:
    """For each sorted prefix the place of the longest other prefix it starts with (-1: none), and who wins there."""
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
    """The first ``width`` bytes of each key, filled up with NUL, which no prefix holds."""
    cut = pc.binary_slice(keys.cast(pa.binary()), 0, width)
    # A cut may halve a character; padding only counts bytes.
    as_text = pa.StringArray.from_buffers(len(cut), cut.buffers()[1], cut.buffers()[2])
    padded = pc.ascii_rpad(as_text, width, padding="\0")
    return np.frombuffer(padded.buffers()[2], f"S{width}", count=len(keys))


def _words(texts: npt.NDArray[np.bytes_], width: int) -> npt.NDArray[np.uint64]:
    return texts.view(np.uint64).reshape(len(texts), width // 8)
