"""Matchers of keys, built from the rules of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import flags_of
from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.config import PLACEHOLDERS, CsvRule, LayoutRule, MappingRule, PrefixRule, RegexRule
from glue_jobs.config.checks import REST
from glue_jobs.config.mapping import ANY_FOLDER, CONTENT_ID, UNDETERMINED
from glue_jobs.enrich.datasets.name_columns import constant_name, encode_names, take_names
from glue_jobs.enrich.datasets.prefix_matcher import PrefixMatcher
from glue_jobs.enrich.datasets.sorted_keys import find_representatives, is_sorted

Match = tuple[Flags, pa.DictionaryArray, pa.DictionaryArray]
"""Which keys match a rule, and account and repository of every key."""

Matcher = Callable[[pa.StringArray], Match]
"""One or more rules; none of the keys is null."""


@lru_cache(maxsize=64)
def matchers_for(rules: tuple[Any, ...], bucket: str | None) -> tuple[Matcher, ...]:
    """Matchers of the rules for the bucket, in their order; neighbouring prefix rules become one matcher."""
    return tuple(_build([rule for rule in rules if rule.bucket in (None, bucket)], bucket))


@lru_cache(maxsize=16)
def asset_matchers_for(rules: tuple[Any, ...], bucket: str | None) -> tuple[Matcher, ...]:
    """Like `matchers_for`, but with the path of the object within its data set instead of the account.

    Only mappings give paths.
    """
    matchers = matchers_for(rules, bucket)
    return tuple(each.assets if isinstance(each, ContentIdMatcher) else _without_names(each) for each in matchers)


def _without_names(matcher: Matcher) -> Matcher:
    def match(keys: pa.StringArray) -> Match:
        taken, _, _ = matcher(keys)
        none = constant_name(None, len(keys))
        return taken, none, none

    return match


def _build(rules: list[Any], bucket: str | None) -> Iterator[Matcher]:
    for kind, group in groupby(rules, type):
        if kind is PrefixRule:
            entries = [(rule.prefix, rule.account, rule.repository) for rule in group]
            yield PrefixMatcher(entries, longest_wins=False)
            continue
        for rule in group:
            match rule:
                case LayoutRule():
                    yield partial(match_layout, rule)
                case RegexRule():
                    yield partial(match_regex, rule)
                case MappingRule():
                    yield ContentIdMatcher(rule)
                case CsvRule(csv=file):
                    columns = zip(file.prefixes, file.accounts, file.repositories, file.buckets, strict=True)
                    rows = [row for row in columns if row[3] in (None, bucket)]
                    # Of two rows with the same prefix, the row for this bucket takes precedence.
                    rows.sort(key=lambda row: row[3] is None)
                    yield PrefixMatcher([row[:3] for row in rows], longest_wins=True)


def match_layout(rule: LayoutRule, keys: pa.StringArray) -> Match:
    """Match keys by a layout rule; only text before a '/' is a folder."""
    # Inventories list keys in order, so this makes their ingestion several times as fast.
    if not is_sorted(keys):
        return _match_each(rule, keys)
    represented_by, representatives = find_representatives(keys, len(rule.parts))
    taken, account, repository = _match_each(rule, keys.take(pa.array(representatives)))
    return taken[represented_by], take_names(account, represented_by), take_names(repository, represented_by)


def _match_each(rule: LayoutRule, keys: pa.StringArray) -> Match:
    split = pc.split_pattern(keys, "/", max_splits=len(rule.parts))
    offsets = split.offsets.to_numpy()
    fits = np.ones(len(keys), bool)
    columns = {name: constant_name(fixed, len(keys)) for name, fixed in _fixed(rule).items()}
    for index, part in enumerate(rule.parts):
        missing = np.diff(offsets) <= index + 1
        folder = split.values.take(pa.array(offsets[:-1] + index, mask=missing))
        if part in PLACEHOLDERS:
            columns[PLACEHOLDERS[part]] = encode_names(folder)
        else:
            fits &= flags_of(pc.equal(folder, part))
    has_names = [flags_of(columns[name].is_valid()) for name in rule.finds]
    return fits & np.logical_or.reduce(has_names), columns["account"], columns["repository"]


def match_regex(rule: RegexRule, keys: pa.StringArray) -> Match:
    """Match keys by a regex rule; a group that is not in the match, or matches empty text, gives no name."""
    groups = pc.extract_regex(keys, rule.regex)
    columns = {name: constant_name(fixed, len(keys)) for name, fixed in _fixed(rule).items()}
    columns |= {name: encode_names(pc.struct_field(groups, name)) for name in rule.finds}
    return flags_of(groups.is_valid()), columns["account"], columns["repository"]


def _fixed(rule: LayoutRule | RegexRule) -> dict[str, str | None]:
    return {"account": rule.account, "repository": rule.repository}


@dataclass(frozen=True)
class ContentIdMatcher:
    """The matcher of one rule with a mapping."""

    rule: MappingRule

    def __call__(self, keys: pa.StringArray) -> Match:
        taken, entries = self._entries(keys)
        return taken, constant_name(None, len(keys)), take_names(self._datasets, entries)

    def assets(self, keys: pa.StringArray) -> Match:
        """Like a call, but with the path of the object within its data set instead of the account, and no data set."""
        taken, entries = self._entries(keys)
        return taken, take_names(self._paths, entries), constant_name(None, len(keys))

    @cached_property
    def _datasets(self) -> pa.DictionaryArray:
        return pa.concat_arrays([self.rule.mapping.datasets, pa.array([UNDETERMINED])]).dictionary_encode()

    @cached_property
    def _paths(self) -> pa.DictionaryArray:
        return pa.concat_arrays([self.rule.mapping.paths, pa.array([UNDETERMINED])]).dictionary_encode()

    def _entries(self, keys: pa.StringArray) -> tuple[Flags, Ints]:
        """Which keys match, and the index of each key's entry in the mapping; without one, the number of entries."""
        ids = pc.coalesce(*[_content_ids(keys, pattern) for pattern in self.rule.keys])
        entries = pc.index_in(ids, self.rule.mapping.ids).fill_null(len(self.rule.mapping.ids))
        return ids.is_valid().to_numpy(zero_copy_only=False), np.asarray(entries, np.int64)


def _content_ids(keys: pa.StringArray, pattern: str) -> pa.StringArray:
    """The content id in each key; null for a key that does not fit the pattern."""
    folders = pattern.split("/")
    more = folders[-1] in REST
    count = len(folders) - more
    split = pc.split_pattern(keys, "/", max_splits=count)
    lengths = pc.list_value_length(split)
    fits = pc.greater(lengths, count) if more else pc.equal(lengths, count)
    starts = split.offsets.to_numpy()[:-1]
    absent = ~fits.to_numpy(zero_copy_only=False)
    ids = pa.nulls(len(keys), pa.string())
    for index, folder in enumerate(folders[:count]):
        texts = split.values.take(pa.array(starts + index, mask=absent))
        if folder == CONTENT_ID:
            ids = pc.if_else(pc.equal(texts, ""), None, texts)
        elif folder != ANY_FOLDER:
            fits = pc.and_(fits, pc.fill_null(pc.equal(texts, folder), False))
    return pc.if_else(fits, ids, None)
