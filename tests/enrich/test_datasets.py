"""Accounts and repositories are assigned by keys, buckets and access points."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.config import Config, CsvRule, LayoutRule, PrefixFile, PrefixRule, RegexRule, Target
from glue_jobs.enrich.datasets import assign_datasets, sorted_keys

Pair = tuple[str | None, str | None]
NAMES = pa.dictionary(pa.int32(), pa.string())
RADAR = "arn:aws:s3:us-east-1:111122223333:accesspoint/radar"


def pairs(config: Config, keys: list[str | None], bucket: str = "example-data", point: str | None = None) -> list[Pair]:
    count = len(keys)
    columns = [pa.array([bucket] * count), pa.array(keys, pa.string()), pa.array([point] * count, pa.string())]
    account, repository = assign_datasets(*columns, config)
    assert account.type == repository.type == NAMES
    return list(zip(account.to_pylist(), repository.to_pylist(), strict=True))


def one(config: Config, key: str | None, **where: Any) -> Pair:
    return pairs(config, [key], **where)[0]


@pytest.mark.parametrize(
    ("key", "account", "repository"),
    [
        ("acme/tiles/2024/a.tif", "acme", "tiles"),
        ("acme/tiles/", "acme", "tiles"),
        ("acme/file.txt", "acme", None),
        ("acme/", "acme", None),
        ("file.txt", None, None),
        ("", None, None),
        (None, None, None),
        ("acme//file.txt", "acme", None),
        ("/tiles/file.txt", None, "tiles"),
        ("//", None, None),
        ("übung/日本/x", "übung", "日本"),
        ("a b/c%20d/x", "a b", "c%20d"),
    ],
)
def test_the_default_layout(key: str | None, account: str | None, repository: str | None) -> None:
    assert one(Config(), key) == (account, repository)


@pytest.mark.parametrize(
    ("rule", "key", "expected"),
    [
        ({"layout": "public/{account}/*"}, "public/acme/x", ("acme", None)),
        ({"layout": "public/{account}/*"}, "private/acme/x", (None, None)),
        ({"layout": "public/{account}/*"}, "public/acme", (None, None)),
        ({"layout": "{account}/v1/{repository}/..."}, "acme/v1/tiles/x", ("acme", "tiles")),
        ({"layout": "{account}/v1/{repository}/..."}, "acme/v2/tiles/x", (None, None)),
        ({"layout": "{repository}/{account}/…"}, "tiles/acme/x", ("acme", "tiles")),
        ({"layout": "{repository}/…", "account": "acme"}, "tiles/x", ("acme", "tiles")),
        ({"layout": "{repository}/…", "account": "acme"}, "x", (None, None)),
    ],
)
def test_other_layouts(rule: dict[str, str], key: str, expected: Pair) -> None:
    assert one(Config(datasets=(LayoutRule(**rule),)), key) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("blobs/acme/tiles/x", ("acme", "tiles")),
        ("old/blobs/acme/tiles/x", (None, None)),
        ("blobs/acme", ("acme", None)),
        ("blobs//tiles", (None, "tiles")),
    ],
)
def test_groups_of_a_regex_give_names_unless_they_are_empty(key: str, expected: Pair) -> None:
    rule = RegexRule(regex="^blobs/(?P<account>[^/]*)(?:/(?P<repository>[^/]+))?")
    assert one(Config(datasets=(rule,)), key) == expected


def test_a_regex_rule_may_have_fixed_names() -> None:
    found = RegexRule(regex="(?P<repository>[a-z]+)[.]zarr", account="acme")
    fixed = RegexRule(regex="[.]tmp$", account="scratch")
    config = Config(datasets=(found, fixed))
    assert pairs(config, ["x/sea.zarr/0", "a.tmp", "b"]) == [("acme", "sea"), ("scratch", None), (None, None)]


def test_the_first_rule_that_matches_a_key_decides_even_if_it_gives_fewer_names() -> None:
    rules = (
        PrefixRule(prefix="a/b/", account="narrow"),
        PrefixRule(prefix="a/", repository="wide"),
        PrefixRule(prefix="a/c/", account="too late"),
        LayoutRule(layout="{account}/{repository}/…"),
        RegexRule(regex="^(?P<account>x)"),
    )
    expected = [("narrow", None), (None, "wide"), (None, "wide"), ("z", "y"), ("x", None)]
    assert pairs(Config(datasets=rules), ["a/b/1", "a/d", "a/c/1", "z/y/1", "x"]) == expected


def test_the_longest_prefix_of_a_csv_wins_in_any_row() -> None:
    prefixes = ("a", "a/b/c", "a/b", "ab", "a/b/c/d/e/f/g/h/i")
    config = Config(datasets=(CsvRule(csv=PrefixFile(prefixes, prefixes, ("r",) * 5, (None,) * 5)),))
    keys = ["a/b/c/d", "a/bz", "a/b/b", "ac", "abc", "a/b/c/d/e/f/g/h/i", "a/b/c/d/e/f/g/h/"]
    expected = ["a/b/c", "a/b", "a/b", "a", "ab", "a/b/c/d/e/f/g/h/i", "a/b/c"]
    assert pairs(config, [*keys, "b", "A"]) == [*((account, "r") for account in expected), (None, None), (None, None)]


def test_prefixes_may_be_longer_than_keys_and_end_within_characters() -> None:
    prefixes = ("日", "日本語/" * 300)
    config = Config(datasets=(CsvRule(csv=PrefixFile(prefixes, ("short", "long"), (None, None), (None, None))),))
    keys = ["日", "日本語/" * 299, "日本語/" * 300, "本", None]
    assert [account for account, _ in pairs(config, keys)] == ["short", "short", "long", None, None]


def test_keys_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.enrich.datasets.prefix_matcher.BLOCK_BYTES", 16)
    config = Config(datasets=(PrefixRule(prefix="key-1", account="one"), PrefixRule(prefix="", account="rest")))
    accounts = [account for account, _ in pairs(config, [f"key-{number}" for number in range(21)])]
    assert accounts == ["rest", "one", *["rest"] * 8, *["one"] * 10, "rest"]


def test_a_rule_for_a_bucket_applies_only_there() -> None:
    rules = (
        PrefixRule(prefix="", account="archive", bucket="example-archive"),
        CsvRule(csv=PrefixFile(("a/", "a/"), ("any", "mine"), (None, None), (None, "example-data"))),
        LayoutRule(layout="{account}/…"),
    )
    bucket = pa.array(["example-archive", "example-data", "example-other", None, "example-data"]).dictionary_encode()
    key = pa.array(["a/1", "a/1", "a/1", "a/1", "b/1"]).dictionary_encode()
    account, _ = assign_datasets(bucket, key, None, Config(datasets=rules))
    assert account.to_pylist() == ["archive", "mine", "any", "any", "b"]


@pytest.mark.parametrize(
    ("listed", "point", "expected"),
    [
        (RADAR, RADAR, ("weather", "tiles")),
        ("radar", RADAR, ("weather", "tiles")),
        ("radar-abc-s3alias", "radar-abc-s3alias", ("weather", "tiles")),
        ("rada", RADAR, ("acme", "tiles")),
        (RADAR, "radar", ("acme", "tiles")),
        (RADAR, None, ("acme", "tiles")),
    ],
)
def test_a_configured_access_point_has_precedence_over_the_key(listed: str, point: str | None, expected: Pair) -> None:
    config = Config(access_points={listed: Target(account="weather")})
    assert one(config, "acme/tiles/x", point=point) == expected


def test_an_alias_in_the_bucket_column_is_an_access_point_and_a_bucket_is_not() -> None:
    config = Config(access_points={"tiles-x1-s3alias": Target(account="maps"), "tiles": Target(account="wrong")})
    assert one(config, "acme/v1/x", bucket="tiles-x1-s3alias") == ("maps", "v1")
    assert one(config, "acme/v1/x", bucket="tiles") == ("acme", "v1")
    listed = Config(access_points={"tiles-x1-s3alias": Target(account="maps"), RADAR: Target(account="weather")})
    assert one(listed, "acme/v1/x", bucket="tiles-x1-s3alias", point=RADAR) == ("weather", "v1")


@pytest.mark.parametrize(
    ("host", "account"),
    [
        ("tiles-x1-s3alias.s3.us-east-1.amazonaws.com", "maps"),
        ("tiles.s3.us-east-1.amazonaws.com", "acme"),
        ("tiles-x2-s3alias.s3.us-east-1.amazonaws.com", "acme"),
        (None, "acme"),
    ],
)
def test_an_alias_in_the_host_is_an_access_point_also_where_the_log_names_the_bucket(
    host: str | None, account: str
) -> None:
    config = Config(access_points={"tiles-x1-s3alias": Target(account="maps"), "tiles": Target(account="wrong")})
    columns = [pa.array(["example-data"]), pa.array(["acme/v1/x"]), pa.array([RADAR])]
    found, _ = assign_datasets(*columns, config, host=pa.array([host], pa.string()))
    assert found.to_pylist() == [account]


def test_an_arn_has_precedence_over_the_name_in_it() -> None:
    config = Config(access_points={"radar": Target(account="name"), RADAR: Target(repository="exact")})
    assert one(config, "file", point=RADAR) == (None, "exact")


def test_without_rules_or_rows_there_are_no_names() -> None:
    assert pairs(Config(datasets=()), ["a/b/c"]) == [(None, None)]
    assert pairs(Config(), []) == []


def test_a_name_from_two_rules_is_in_the_dictionary_once() -> None:
    rules = (PrefixRule(prefix="a/", account="acme"), LayoutRule(layout="{account}/…"))
    account, _ = assign_datasets(pa.array(["b"] * 3), pa.array(["a/1", "acme/1", "/1"]), None, Config(datasets=rules))
    assert account.dictionary.to_pylist() == ["acme"]


SHORT = st.text("ab/é", max_size=6)
NAME = st.sampled_from(["x", "y", None])
BUCKET = st.sampled_from([None, "b1", "b2"])
LAYOUTS = ["{account}/{repository}/…", "a/{repository}/…", "{repository}/b/{account}/…", "{account}/…"]
REGEXES = ["^(?P<account>a+)/", "(?P<repository>b)$", "^(?:(?P<account>a)|(?P<repository>b))"]


@st.composite
def rules(draw: st.DrawFn) -> Any:
    bucket = draw(BUCKET)
    match draw(st.sampled_from(["layout", "prefix", "regex", "csv"])):
        case "layout":
            return LayoutRule(layout=draw(st.sampled_from(LAYOUTS)), bucket=bucket)
        case "regex":
            return RegexRule(regex=draw(st.sampled_from(REGEXES)), bucket=bucket)
        case "prefix":
            return PrefixRule(
                prefix=draw(SHORT).lstrip("/"),
                account=draw(st.sampled_from("xy")),
                repository=draw(NAME),
                bucket=bucket,
            )
    rows = draw(
        st.lists(st.tuples(SHORT, st.sampled_from("xyz"), NAME, BUCKET), unique_by=lambda row: (row[0], row[3]))
    )
    return CsvRule(csv=PrefixFile(*(tuple(row[column] for row in rows) for column in range(4))), bucket=bucket)


def reference(rule_list: tuple[Any, ...], bucket: str | None, key: str | None) -> Pair:
    """The documented rules, one key at a time."""
    for rule in rule_list:
        if key is None or rule.bucket not in (None, bucket):
            continue
        if isinstance(rule, PrefixRule) and key.startswith(rule.prefix):
            return rule.account, rule.repository
        if isinstance(rule, RegexRule) and (match := re.search(rule.regex, key)):
            groups = match.groupdict()
            return groups.get("account") or None, groups.get("repository") or None
        if isinstance(rule, CsvRule):
            rows = zip(rule.csv.prefixes, rule.csv.buckets, rule.csv.accounts, rule.csv.repositories, strict=True)
            fits = [row for row in rows if key.startswith(row[0]) and row[1] in (None, bucket)]
            if fits:
                return max(fits, key=lambda row: (len(row[0]), row[1] is not None))[2:]
        if isinstance(rule, LayoutRule):
            wanted = rule.layout.split("/")[:-1]
            folders: list[str | None] = [*key.split("/")[:-1], *[None] * len(wanted)]
            found = {
                part[1:-1]: folder or None for part, folder in zip(wanted, folders, strict=False) if part[0] == "{"
            }
            fixed = [folder == part for part, folder in zip(wanted, folders, strict=False) if part[0] != "{"]
            if all(fixed) and any(found.values()):
                return found.get("account"), found.get("repository")
    return None, None


@given(
    rule_list=st.lists(rules(), max_size=4).map(tuple),
    rows=st.lists(st.tuples(BUCKET, st.none() | SHORT), max_size=12),
    skip=st.integers(0, 3),
)
def test_plain_and_encoded_arrays_get_the_documented_names(
    rule_list: tuple[Any, ...], rows: list[Pair], skip: int
) -> None:
    bucket = pa.array([row[0] for row in rows], pa.string())
    key = pa.array([row[1] for row in rows], pa.string())
    config = Config(datasets=rule_list)
    expected = [reference(rule_list, *row) for row in rows[skip:]]
    for buckets in (bucket, bucket.dictionary_encode()):
        for keys in (key, key.dictionary_encode()):
            names = assign_datasets(buckets.slice(skip), keys.slice(skip), None, config)
            assert list(zip(*(column.to_pylist() for column in names), strict=True)) == expected


@given(
    keys=st.lists(st.text("ab/é\n", max_size=6), min_size=3).map(sorted),
    layout=st.sampled_from(LAYOUTS),
    step=st.integers(1, 4),
    skip=st.integers(0, 3),
)
def test_sorted_keys_get_the_same_names_as_unsorted_keys(keys: list[str], layout: str, step: int, skip: int) -> None:
    rule = LayoutRule(layout=layout)
    config = Config(datasets=(rule,))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sorted_keys, "KEYS_PER_MARK", step)
        found = assign_datasets(pa.repeat("b1", len(keys) - skip), pa.array(keys, pa.string())[skip:], None, config)
    expected = [reference((rule,), "b1", key) for key in keys[skip:]]
    assert list(zip(*(column.to_pylist() for column in found), strict=True)) == expected


def test_few_sorted_keys_represent_the_others() -> None:
    keys = pa.array([f"acme/tiles/{number:05d}" for number in range(6_400)])
    assert sorted_keys.is_sorted(keys)
    assert not sorted_keys.is_sorted(keys[::-1])
    assert not sorted_keys.is_sorted(keys[: sorted_keys.KEYS_PER_MARK]), "too few to save work"
    assert len(sorted_keys.find_representatives(keys, 2)[1]) <= 2 * 6_400 // sorted_keys.KEYS_PER_MARK


def test_keys_that_are_sorted_only_at_first_get_their_own_names() -> None:
    keys = [*(f"acme/tiles/{number:05d}" for number in range(5_000)), "zoo/pets/1", *["acme/tiles/1"] * 100]
    found = pairs(Config(datasets=(LayoutRule(layout="{account}/{repository}/…"),)), [*keys])
    assert found == [("acme", "tiles")] * 5_000 + [("zoo", "pets")] + [("acme", "tiles")] * 100
