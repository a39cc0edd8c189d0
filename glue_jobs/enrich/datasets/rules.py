"""The rules of the configuration, made ready to look at keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.config import PLACEHOLDERS, CsvRule, LayoutRule, PrefixRule, RegexRule
from glue_jobs.enrich.datasets.folders import by_folders, in_order
from glue_jobs.enrich.datasets.names import Bools, Names, gather, is_named, names_of, same
from glue_jobs.enrich.datasets.prefixes import Prefixes


class Matcher(Protocol):
    """One rule, made ready: which keys it takes (keys have no nulls), and the account and repository of every key."""

    def __call__(self, keys: pa.StringArray) -> tuple[Bools, Names, Names]: ...


@lru_cache(maxsize=64)
def matchers_for(rules: tuple[Any, ...], bucket: str | None) -> tuple[Matcher, ...]:
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
        # Of keys in order those of a data set stand together, and one of them speaks for all.
        if not in_order(keys):
            return self._each(keys)
        spoken_for, speakers = by_folders(keys, len(self.rule.parts))
        taken, account, repository = self._each(keys.take(pa.array(speakers)))
        return taken[spoken_for], gather(account, spoken_for), gather(repository, spoken_for)

    def _each(self, keys: pa.StringArray) -> tuple[Bools, Names, Names]:
        parts = self.rule.parts
        split = pc.split_pattern(keys, "/", max_splits=len(parts))
        offsets = split.offsets.to_numpy()
        fits = np.ones(len(keys), bool)
        found = {name: same(fixed, len(keys)) for name, fixed in _fixed(self.rule).items()}
        for index, part in enumerate(parts):
            missing = np.diff(offsets) <= index + 1
            folder = split.values.take(pa.array(offsets[:-1] + index, mask=missing))
            if part in PLACEHOLDERS:
                found[PLACEHOLDERS[part]] = names_of(folder)
            else:
                fits &= pc.equal(folder, part).fill_null(False).to_numpy(zero_copy_only=False)
        named = [is_named(found[name]) for name in self.rule.finds]
        return fits & np.logical_or.reduce(named), found["account"], found["repository"]


@dataclass(frozen=True)
class Regex:
    """A regex rule; a group that took no part, or no text, names nothing."""

    rule: RegexRule

    def __call__(self, keys: pa.StringArray) -> tuple[Bools, Names, Names]:
        groups = pc.extract_regex(keys, self.rule.regex)
        found = {name: same(fixed, len(keys)) for name, fixed in _fixed(self.rule).items()}
        found |= {name: names_of(pc.struct_field(groups, name)) for name in self.rule.finds}
        return groups.is_valid().to_numpy(zero_copy_only=False), found["account"], found["repository"]


def _fixed(rule: LayoutRule | RegexRule) -> dict[str, str | None]:
    return {"account": rule.account, "repository": rule.repository}
