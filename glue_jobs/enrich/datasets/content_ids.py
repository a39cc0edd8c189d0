"""Rules with a mapping: they find the content id in a key, and its data set and path in the mapping."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.config import MappingRule
from glue_jobs.config.checks import REST
from glue_jobs.config.mapping import ANY_FOLDER, CONTENT_ID, UNDETERMINED
from glue_jobs.enrich.datasets.name_columns import NameColumn, constant_name


@dataclass(frozen=True)
class ContentIdMatcher:
    """The matcher of one rule with a mapping."""

    rule: MappingRule

    def __call__(self, keys: pa.StringArray) -> tuple[Flags, NameColumn, NameColumn]:
        taken, entries = self._entries(keys)
        return taken, constant_name(None, len(keys)), NameColumn(entries, self._datasets)

    def assets(self, keys: pa.StringArray) -> tuple[Flags, NameColumn, NameColumn]:
        """Like a call, but with the path of the object within its data set instead of the account, and no data set."""
        taken, entries = self._entries(keys)
        paths = pa.concat_arrays([self.rule.mapping.paths, pa.array([UNDETERMINED])])
        return taken, NameColumn(entries, paths), constant_name(None, len(keys))

    @cached_property
    def _datasets(self) -> pa.StringArray:
        return pa.concat_arrays([self.rule.mapping.datasets, pa.array([UNDETERMINED])])

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
