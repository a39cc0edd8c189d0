"""Which account and repository (data set) a request belongs to, by the rules of the configuration.

Everything is decided on distinct values: a key, a bucket or an access point is looked at once, however
many rows repeat it, and rows only gather the numbers of the answers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from glue_jobs.config import Config, CsvRule, Target
from glue_jobs.enrich.datasets.names import Collected, Ints, Names, as_dictionary, distinct, gather, override
from glue_jobs.enrich.datasets.rules import Matcher, matchers_for

__all__ = ["assign", "distinct"]


def assign_datasets(
    bucket: pa.Array, key: pa.Array, access_point: pa.Array | None, config: Config
) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Account and repository of each row, both ``dictionary<int32, string>``, null where no rule names one.

    The first rule of ``config.datasets`` that takes a key decides. What ``config.access_points`` says of the row's
    access point goes before what the key says, name by name; its alias may stand where a bucket's name would. Arrays
    are strings, plain or dictionary-encoded.
    """
    keys, rows = distinct(key)
    if any(_buckets(rule) for rule in config.datasets):
        account, repository = _by_bucket(bucket, keys, rows, config)
    else:
        account, repository = _by_rules(keys, matchers_for(config.datasets, None))
        if keys is not key:
            account, repository = gather(account, rows), gather(repository, rows)
    if access_point is not None and config.access_points:
        for points, target in ((bucket, _alias_target), (access_point, _target)):
            names, point_rows = distinct(points, encode=True)
            targets = [target(name, config) for name in names.to_pylist()]
            account = override(account, [target.account for target in targets], point_rows)
            repository = override(repository, [target.repository for target in targets], point_rows)
    return as_dictionary(account), as_dictionary(repository)


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
        if len(left) == count and taken.all():
            return accounts, repositories
        account.add(left, taken, accounts)
        repository.add(left, taken, repositories)
        if taken.all():
            break
        left, keys = left[~taken], keys.filter(pa.array(~taken))
    return account.names(), repository.names()


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
        found = _by_rules(keys.filter(pa.array(used)), matchers_for(config.datasets, name))
        among_used = (np.cumsum(used) - 1)[rows[places]]
        for column, names in zip((account, repository), found, strict=True):
            column.add(places, np.ones(len(places), bool), gather(names, among_used))
    return account.names(), repository.names()


def _buckets(rule: Any) -> set[str]:
    """Buckets the rule treats apart."""
    own = {rule.bucket} if rule.bucket is not None else set()
    return own | ({name for name in rule.csv.buckets if name is not None} if isinstance(rule, CsvRule) else set())


# An access point that the configuration does not list names nothing.
UNLISTED = Target.model_construct()


# How aliases of access points end, and no bucket's name:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
ALIAS = "-s3alias"


def _alias_target(bucket: str | None, config: Config) -> Target:
    return _target(bucket, config) if bucket and bucket.endswith(ALIAS) else UNLISTED


def _target(point: str | None, config: Config) -> Target:
    """What the configuration says of an access point, listed by what the log has or by the name in its ARN."""
    name = (point or "").partition(":accesspoint/")[2].partition("/")[0]
    return config.access_points.get(point or "") or config.access_points.get(name) or UNLISTED
