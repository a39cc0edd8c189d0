"""Keys that name a content id get data set and path from a mapping."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pytest

from glue_jobs.config import Config, ConfigError, load_config
from glue_jobs.config.mapping import MappingRule
from glue_jobs.enrich.datasets import assign_assets, assign_datasets

MAPPING = {"id-1": {"000011": "sub-A/a.nwb", "000012": "copy.nwb"}, "id-2": {"000012": "b.zarr"}, "id-3": {}}

RULES = """
datasets:
  - {prefix: blobs/own/, repository: own}
  - mapping: ids.json
    keys: ["blobs/*/*/{id}", "zarr/{id}/…"]
  - layout: "{account}/{repository}/…"
"""


def config(content: bytes = json.dumps(MAPPING).encode(), rules: str = RULES) -> Config:
    return load_config(rules, "config.yaml", {"ids.json": content}.__getitem__)


def assigned(keys: list[str | None], given: Config, bucket: str = "b") -> list[tuple[str | None, str | None]]:
    """Data set and path of each key."""
    buckets, array = pa.array([bucket] * len(keys)), pa.array(keys, pa.string())
    _, repository = assign_datasets(buckets, array, None, given)
    return [*zip(repository.to_pylist(), assign_assets(buckets, array, given).to_pylist(), strict=True)]


@pytest.mark.parametrize(
    ("key", "dataset", "asset"),
    [
        ("blobs/abc/def/id-1", "000011", "sub-A/a.nwb"),
        ("zarr/id-2/0/.zarray", "000012", "b.zarr"),
        ("blobs/abc/def/id-3", "undetermined", "undetermined"),
        ("blobs/abc/def/id-4", "undetermined", "undetermined"),
        # An earlier rule has taken it; later rules see what is not of the mapping's form.
        ("blobs/own/def/id-1", "own", None),
        ("blobs/abc/def/id-1/more", "abc", None),
        ("zarr/id-2", None, None),
        ("acme/tiles/a.tif", "tiles", None),
        ("blobs/abc/def/", "abc", None),
        (None, None, None),
    ],
)
def test_the_content_id_in_a_key_decides(key: str | None, dataset: str | None, asset: str | None) -> None:
    assert assigned([key], config()) == [(dataset, asset)]


def test_a_mapping_that_is_read_already_is_taken_as_it_is() -> None:
    (rule,) = (each for each in config().datasets if isinstance(each, MappingRule))
    assert MappingRule(mapping=rule.mapping, keys=rule.keys) == rule


def test_many_keys_in_any_order_are_assigned_as_single_ones() -> None:
    keys = ["zarr/id-2/0", None, "blobs/a/b/id-1", "acme/tiles/x", "zarr/id-2/0", "blobs/a/b/id-9"]
    assert assigned(keys, config()) == [pair for key in keys for pair in assigned([key], config())]


def test_a_mapping_may_be_for_one_bucket() -> None:
    given = config(rules=RULES.replace("    keys:", "    bucket: dandi\n    keys:"))
    assert assigned(["zarr/id-2/0"], given, "dandi") == [("000012", "b.zarr")]
    assert assigned(["zarr/id-2/0"], given, "other") == [("id-2", None)]


def test_a_gzipped_mapping_is_the_same() -> None:
    assert config(gzip.compress(json.dumps(MAPPING).encode())) == config()


def test_without_a_mapping_no_object_has_another_path() -> None:
    assert assign_assets(pa.array(["b"]), pa.array(["acme/tiles/x"]), Config()).to_pylist() == [None]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "ids.json: this is not JSON"),
        (b"\x1f\x8bxx", "ids.json: the gzip data is damaged."),
        (b"[]", "ids.json: a mapping is an object {content id: {data set: path}}."),
        (b'{"id-1": "000011"}', "ids.json: content id 'id-1' must have an object {data set: path}."),
        (b'{"id-1": {"000011": 3}}', "ids.json: content id 'id-1' must have an object {data set: path}."),
    ],
)
def test_a_mapping_of_another_form_is_told(content: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config(content)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("blobs/*", "a key contains {id} once"),
        ("{id}/{id}", "a key contains {id} once"),
        ("blobs/a*/{id}", "'a*' cannot be a folder of a key"),
        ("blobs//{id}", "'' cannot be a folder of a key"),
    ],
)
def test_a_form_of_keys_that_cannot_be_is_told(pattern: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config(rules=f'datasets: [{{mapping: ids.json, keys: ["{pattern}"]}}]')
    assert sentence in str(raised.value)
