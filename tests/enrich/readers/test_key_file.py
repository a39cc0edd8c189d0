"""Where keys are kept: a file that only its owner can use, or a secret of AWS."""

from __future__ import annotations

import json
import os
from pathlib import Path

import boto3
import pytest

from glue_jobs.enrich.readers.key_file import default_key_file, key_bytes, make_key_file
from glue_jobs.enrich.readers.keys import ReaderKeys
from glue_jobs.enrich.readers.resource import reader_key_resource
from glue_jobs.errors import StorageError

SECRET = "s" * 32


def test_the_first_run_makes_a_file_for_its_owner_alone_and_later_ones_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "new"))
    path = Path(default_key_file())
    assert path == tmp_path / "new" / "usage-lake" / "reader-keys.json"
    assert make_key_file(str(path))
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    before = path.read_bytes()
    assert not make_key_file(str(path))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert len(ReaderKeys.read(before).keys[0].secret) == 64


def test_the_key_is_on_the_disk_before_its_file_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced = tmp_path / "keys.json", list[tuple[int, bool]]()
    monkeypatch.setattr("os.fsync", lambda file: synced.append((os.fstat(file).st_size, path.exists())))
    make_key_file(str(path))
    assert synced == [(path.stat().st_size, False)]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"2006-03-14": SECRET}))
    path.chmod(mode)
    with pytest.raises(StorageError, match=f"others than its owner may use it; run chmod 600 {path}$"):
        key_bytes(str(path))


def test_a_file_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"File exists; name a file with --reader-keys, or set privacy\.addresses"):
        make_key_file(str(tmp_path / "file" / "keys.json"))


def test_a_file_without_keys_is_named_and_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(SECRET)
    path.chmod(0o600)
    with pytest.raises(StorageError) as error:
        reader_key_resource(str(path))
    assert str(error.value).startswith(f"{path} does not have the keys of reader ids: it is not a JSON object such as")
    assert SECRET not in str(error.value)


def test_a_secret_is_read_by_its_arn(s3_endpoint: str) -> None:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn = client.create_secret(Name="keys", SecretString=json.dumps({"2006-03-14": SECRET}))["ARN"]
    resource = reader_key_resource(arn)
    assert resource.version == ReaderKeys.read(key_bytes(arn)).version
    assert SECRET not in repr(resource)
    with pytest.raises(StorageError, match=r"cannot read the keys of reader ids in arn:.*gone"):
        key_bytes(arn.replace(":keys", ":gone"))
    with pytest.raises(StorageError, match="is not the ARN of a secret"):
        key_bytes("arn:aws:s3:::bucket/keys")
