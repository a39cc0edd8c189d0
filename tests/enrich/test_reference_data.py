"""Reference data is loaded once per process, from where it is, in the version the run began with."""

from __future__ import annotations

import pickle
from pathlib import Path

import boto3
import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData, packaged, stored
from glue_jobs.errors import StorageError
from glue_jobs.sources.pipelines import BY_NAME


def words(content: bytes) -> list[bytes]:
    return content.split()


def test_a_file_in_a_folder_is_read_and_its_version_follows_its_content(tmp_path: Path) -> None:
    file = tmp_path / "networks.txt"
    file.write_text("192.0.2.0/24 198.51.100.0/24")
    first = stored("networks", str(file), words)
    reference = ReferenceData((first,))
    assert reference["networks"] == [b"192.0.2.0/24", b"198.51.100.0/24"]
    assert reference.versions == {"networks": first.version}
    assert first.version.startswith("networks.txt sha256:")
    file.write_text("203.0.113.0/24")
    assert stored("networks", str(file), words).version != first.version


def test_a_file_on_s3_is_read(bucket: str) -> None:
    boto3.client("s3").put_object(Bucket=bucket.removeprefix("s3://"), Key="list.txt", Body=b"a b")
    assert ReferenceData((stored("list", f"{bucket}/list.txt", words),))["list"] == [b"a", b"b"]


def test_content_is_loaded_once_per_process(tmp_path: Path) -> None:
    file = tmp_path / "once.txt"
    file.write_text("a")
    reference = ReferenceData((stored("once", str(file), words),))
    assert reference["once"] is pickle.loads(pickle.dumps(reference))["once"]


def test_a_file_that_changes_during_the_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "changing.txt"
    file.write_text("before")
    reference = ReferenceData((stored("changing", str(file), words),))
    file.write_text("after")
    with pytest.raises(StorageError, match=r"changing\.txt changed while the run was reading it"):
        reference["changing"]


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(StorageError, match="the package no-such-package, which has the list, is not installed"):
        packaged("list", "no-such-package", "nowhere", "list.json", words)


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        ReferenceData()["robots"]


@pytest.mark.parametrize("name", BY_NAME)
def test_what_travels_with_each_task_is_small(name: str) -> None:
    assert len(pickle.dumps(BY_NAME[name].reference_data(Config()))) < 1_000
