"""Assign requests and objects to an account and a repository (data set) by the rules of the configuration.

Rules are applied once to each distinct key, bucket and access point, however many rows repeat it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import ENCODED, distinct
from glue_jobs.columns.numpy_types import Ints
from glue_jobs.config import Config, CsvRule, MappingRule, Target
from glue_jobs.enrich.datasets.matchers import Matcher, asset_matchers_for, matchers_for
from glue_jobs.enrich.datasets.name_columns import Names, gathered, override, take_names


def assign_datasets(
    bucket: pa.Array, key: pa.Array, access_point: pa.Array | None, config: Config, *, host: pa.Array | None = None
) -> Names:
    """Account and repository of each row, both ``dictionary<int32, string>``, null where no rule gives one.

    The first rule of ``config.datasets`` that matches a key decides. A name in ``config.access_points`` for the row's
    access point takes precedence. ``bucket`` may be the alias of an access point; ``host``, the endpoint of the
    request, may begin with one. Arrays are strings, plain or dictionary-encoded.
    """
    account, repository = _names(bucket, key, config, matchers_for)
    if access_point is not None and config.access_points:
        hosts = pa.nulls(len(key), ENCODED) if host is None else host
        for points, target in ((bucket, _alias_target), (hosts, _alias_target), (access_point, _target)):
            names, point_rows = distinct(points, encode=True)
            targets = [target(name, config) for name in names.to_pylist()]
            account = override(account, [target.account for target in targets], point_rows)
            repository = override(repository, [target.repository for target in targets], point_rows)
    return account, repository


def assign_assets(bucket: pa.Array, key: pa.Array, config: Config) -> pa.Array:
    """The path of each row's object within its data set, ``dictionary<int32, string>``.

    Null means that no mapping in ``config.datasets`` gives a path, so the key itself is the path.
    """
    if not any(isinstance(rule, MappingRule) for rule in config.datasets):
        return pa.nulls(len(key), ENCODED)
    return _names(bucket, key, config, asset_matchers_for)[0]


# Builds the matchers of the rules for a bucket; None stands for buckets without specific rules.
MatcherBuilder = Callable[[tuple[Any, ...], str | None], tuple[Matcher, ...]]


def _names(bucket: pa.Array, key: pa.Array, config: Config, build: MatcherBuilder) -> Names:
    """The two names of each row, by the matchers that ``build`` creates from the rules."""
    keys, rows = distinct(key)
    if any(_buckets(rule) for rule in config.datasets):
        return _by_bucket(bucket, keys, rows, config, build)
    first, second = _by_rules(keys, build(config.datasets, None))
    return (first, second) if keys is key else (take_names(first, rows), take_names(second, rows))


def _by_rules(keys: pa.StringArray, matchers: tuple[Matcher, ...]) -> Names:
    """Account and repository of each key; a rule gets only the keys that no earlier rule matched."""
    count = len(keys)
    found: list[tuple[Ints, pa.DictionaryArray, pa.DictionaryArray]] = []
    left = np.arange(count)
    if keys.null_count:
        left = np.flatnonzero(keys.is_valid().to_numpy(zero_copy_only=False))
        keys = keys.drop_null()
    for matcher in matchers:
        if not len(left):
            break
        taken, accounts, repositories = matcher(keys)
        if len(left) == count and taken.all():
            return accounts, repositories
        mask = pa.array(taken)
        found.append((left[taken], accounts.filter(mask), repositories.filter(mask)))
        if taken.all():
            break
        left, keys = left[~taken], keys.filter(pa.array(~taken))
    return gathered(found, count)


def _by_bucket(bucket: pa.Array, keys: pa.StringArray, rows: Ints, config: Config, build: MatcherBuilder) -> Names:
    """Like ``_by_rules``, for rules that include some for single buckets: the rules of its bucket apply to each key."""
    special = {name for rule in config.datasets for name in _buckets(rule)}
    buckets, bucket_rows = distinct(bucket, encode=True)
    known = buckets.to_pylist()
    # All buckets without specific rules share one group.
    groups = sorted({name for name in known if name in special})
    number = {name: index for index, name in enumerate(groups)}
    group_of_row = np.array([number.get(name, -1) for name in known] + [-1])[bucket_rows]
    found: list[tuple[Ints, pa.DictionaryArray, pa.DictionaryArray]] = []
    for index, name in [*enumerate(groups), (-1, None)]:
        places = np.flatnonzero(group_of_row == index)
        places = places[rows[places] >= 0]
        used = np.zeros(len(keys), bool)
        used[rows[places]] = True
        account, repository = _by_rules(keys.filter(pa.array(used)), build(config.datasets, name))
        among_used = (np.cumsum(used) - 1)[rows[places]]
        found.append((places, take_names(account, among_used), take_names(repository, among_used)))
    return gathered(found, len(rows))


def _buckets(rule: Any) -> set[str]:
    """Buckets to which the rule, or a row of its CSV file, is restricted."""
    own = {rule.bucket} if rule.bucket is not None else set()
    return own | ({name for name in rule.csv.buckets if name is not None} if isinstance(rule, CsvRule) else set())


# An access point that is not in the configuration.
UNLISTED = Target.model_construct()


# Aliases of access points have this suffix, which is reserved in bucket names:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
ALIAS = "-s3alias"


def _alias_target(place: str | None, config: Config) -> Target:
    alias = (place or "").partition(".")[0]
    return _target(alias, config) if alias.endswith(ALIAS) else UNLISTED


def _target(point: str | None, config: Config) -> Target:
    """The target of an access point, configured by the text in the log or by the name in its ARN."""
    name = (point or "").partition(":accesspoint/")[2].partition("/")[0]
    return config.access_points.get(point or "") or config.access_points.get(name) or UNLISTED
