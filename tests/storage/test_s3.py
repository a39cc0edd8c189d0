"""Objects in S3, over HTTP on loopback."""

from __future__ import annotations

import json
import pickle
import re
from types import SimpleNamespace

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError
from obstore.exceptions import PermissionDeniedError

from glue_jobs.errors import StorageError, UnreadableObjectError
from glue_jobs.setup.bucket_settings import BucketSettings
from glue_jobs.storage import Entry, Storage, region, storage_for
from glue_jobs.storage.s3 import S3Storage

# Keys that URLs, shells or the Rust client treat specially; AWS allows all of them.
ODD_KEYS = [
    *("a b", "é", "a%20b", "a+b", "a~b", "a\\b", "a{b}", "a#b", "a?b", "a=b&c", "a%2Fb", 'a"b', "a'b", "a*b", "a|b"),
    *("a//b", "/a", "a/b/", "a\tb", "a\x7fb"),
]


def put(bucket: str, **objects: bytes) -> Storage:
    for key, data in objects.items():
        boto3.client("s3").put_object(Bucket=bucket.removeprefix("s3://"), Key=key, Body=data)
    return storage_for(f"{bucket}/")


def keys(entries: object, bucket: str) -> list[str]:
    return [entry.address.removeprefix(f"{bucket}/") for entry in entries]  # type: ignore[attr-defined]


def test_odd_keys_are_listed_read_written_and_deleted(bucket: str) -> None:
    storage = put(bucket, **{key: f"{key}'s".encode() for key in ODD_KEYS})
    entries = list(storage.list(f"{bucket}/"))
    assert keys(entries, bucket) == sorted(ODD_KEYS)
    for entry in entries:
        data = f"{entry.address.removeprefix(f'{bucket}/')}'s".encode()
        assert storage.read(entry) == data
        assert storage.read(entry, 1, 3) == data[1:3]
        assert storage.get(entry.address) == data
        with storage.open(entry.address) as file:
            assert file.read() == data
        storage.put(entry.address, b"new")
        assert storage.get(entry.address) == b"new"
    assert keys(storage.list(f"{bucket}/"), bucket) == sorted(ODD_KEYS)
    storage.delete([entry.address for entry in entries])
    assert list(storage.list(f"{bucket}/")) == []


@pytest.mark.parametrize("key", ["a", "a//b"])
def test_an_object_that_changed_since_it_was_listed_is_refused(bucket: str, key: str) -> None:
    storage = put(bucket, **{key: b"one"})
    (entry,) = storage.list(f"{bucket}/")
    put(bucket, **{key: b"two"})
    with pytest.raises(StorageError, match=f"{key}: it changed while it was being read"):
        storage.read(entry)


@pytest.mark.parametrize("key", ["a", "a//b"])
def test_the_error_for_a_missing_object_names_it(bucket: str, key: str) -> None:
    storage = put(bucket, **{key: b"one"})
    (entry,) = storage.list(f"{bucket}/")
    storage.delete([entry.address])
    for read in (lambda: storage.read(entry), lambda: storage.get(entry.address), lambda: storage.open(entry.address)):
        with pytest.raises(StorageError, match=f"^cannot read {entry.address}: there is no such object$"):
            read()


def test_a_missing_bucket_is_an_error_that_names_it(s3_endpoint: str) -> None:
    with pytest.raises(StorageError, match="cannot list s3://no-such-bucket/x: NoSuchBucket; check the name"):
        list(storage_for("s3://no-such-bucket/x").list("s3://no-such-bucket/x"))
    with pytest.raises(StorageError, match="cannot write s3://no-such-bucket/x"):
        storage_for("s3://no-such-bucket/x").put("s3://no-such-bucket/x", b"1")


def test_missing_credentials_are_an_error_of_one_sentence(
    s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    with pytest.raises(StorageError, match=r"cannot .* s3://some-bucket/.*: Unable to locate credentials; run aws"):
        storage_for("s3://some-bucket/").get("s3://some-bucket/x")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found"),
        ("AWS_CONFIG_FILE", __file__, f"Unable to parse config file: {__file__}"),
        ("AWS_ENDPOINT_URL", "not-a-url", "Invalid endpoint: not-a-url"),
    ],
)
def test_an_environment_that_no_client_can_be_made_with_is_an_error_of_one_sentence(
    name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    bucket = f"no-client-{name.lower().replace('_', '-')}"
    for use, action in ((storage_for, "reach"), (BucketSettings, "look at")):
        address = f"s3://{bucket}"
        with pytest.raises(StorageError, match=re.escape(f"cannot {action} {address}")) as error:
            use(address if use is storage_for else bucket)
        assert str(error.value).endswith(f": {reason}")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, b"0123456789"),
        (0, 10, b"0123456789"),
        (0, 3, b"012"),
        (2, 5, b"234"),
        (8, 99, b"89"),
        (5, 5, b""),
        (20, 30, b""),
    ],
)
def test_a_range_of_bytes_ends_with_the_object(bucket: str, start: int, end: int | None, expected: bytes) -> None:
    storage = put(bucket, x=b"0123456789")
    (entry,) = storage.list(f"{bucket}/")
    assert storage.read(entry, start, end) == expected


def test_a_listing_continues_after_a_page_and_ends_before_its_stop(bucket: str) -> None:
    put(bucket, **{f"k{number:02}": b"" for number in range(12)})
    storage = S3Storage(bucket.removeprefix("s3://"))
    storage.keys_per_page = 5
    assert keys(storage.list(f"{bucket}/k", f"{bucket}/k01", f"{bucket}/k11"), bucket) == [
        f"k{n:02}" for n in range(2, 11)
    ]
    level = storage.level(f"{bucket}/", f"{bucket}/k02")
    assert (level.objects, level.more) == (("k03", "k04", "k05", "k06", "k07"), True)


def test_a_listing_outlasts_the_seconds_in_which_s3_asks_for_fewer_requests(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = S3Storage(bucket.removeprefix("s3://"))
    put(bucket, a=b"1")
    slept: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", slept.append)
    body = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"

    def refuse(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        return AWSResponse(request.url, 503, {}, SimpleNamespace(stream=lambda: [body])) if len(slept) < 8 else None

    storage._client.meta.events.register("before-send.s3.ListObjectsV2", refuse)
    assert keys(storage.list(f"{bucket}/"), bucket) == ["a"]
    assert len(slept) == 8


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_level_shows_the_objects_and_folders_of_a_bucket(bucket: str, slash: str) -> None:
    storage = put(bucket, **{"a/b": b"", "a/c": b"", "d": b""})
    level = storage.level(bucket + slash)
    assert (level.objects, level.folders, level.more) == (("d",), ("a",), False)


def test_folder_markers_of_the_console_are_left_out(bucket: str) -> None:
    storage = put(bucket, **{"logs/": b"", "logs/x": b"1"})
    assert keys(storage.list(f"{bucket}/"), bucket) == ["logs/x"]
    assert storage.level(f"{bucket}/logs/").objects == ("x",)


def test_more_objects_than_one_request_takes_are_deleted(bucket: str) -> None:
    put(bucket, **{f"k{number}": b"" for number in range(8)})
    storage = S3Storage(bucket.removeprefix("s3://"))
    storage.keys_per_delete = 3
    storage.delete([f"{bucket}/k{number}" for number in range(9)])
    assert list(storage.list(f"{bucket}/")) == []


def test_a_key_that_s3_did_not_delete_is_an_error(bucket: str) -> None:
    storage = put(bucket, a=b"", locked=b"", z=b"")
    name = bucket.removeprefix("s3://")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{name}/locked"}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    boto3.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    with pytest.raises(StorageError, match=f"^cannot delete {bucket}/locked: access denied; check the role"):
        storage.delete([f"{bucket}/{key}" for key in ("a", "locked", "z")])
    assert keys(storage.list(f"{bucket}/"), bucket) == ["locked"]


@pytest.mark.parametrize("code", ["InternalError", "SlowDown"])
def test_a_key_that_s3_could_not_delete_at_the_moment_is_deleted_by_itself(
    code: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers with 200 and such an error for one of many keys, which boto3 does not repeat."""
    storage = S3Storage(bucket.removeprefix("s3://"))
    put(bucket, a=b"", busy=b"", z=b"")
    delete_objects = storage._client.delete_objects

    def all_but_one(Bucket: str, Delete: dict[str, list[dict[str, str]]], **_: object) -> dict[str, object]:
        others = [item for item in Delete["Objects"] if item["Key"] != "busy"]
        answer: dict[str, object] = delete_objects(Bucket=Bucket, Delete={"Objects": others})
        return answer | {"Errors": [{"Key": "busy", "Code": code, "Message": "Please try again."}]}

    monkeypatch.setattr(storage._client, "delete_objects", all_but_one)
    storage.delete([f"{bucket}/{key}" for key in ("a", "busy", "z")])
    assert keys(storage.list(f"{bucket}/"), bucket) == []


def test_parquet_is_read_in_parts(bucket: str) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": range(1000), "b": range(1000)}), sink)
    storage = storage_for(bucket)
    storage.put(f"{bucket}/x.parquet", memoryview(sink.getvalue()))  # type: ignore[arg-type]
    with storage.open(f"{bucket}/x.parquet") as file:
        assert pq.ParquetFile(file).read(["b"]).column(0).to_pylist() == list(range(1000))


def test_an_entry_has_size_etag_and_time_of_the_listing(bucket: str) -> None:
    storage = put(bucket, x=b"12345")
    (entry,) = storage.list(f"{bucket}/")
    assert entry == Entry(f"{bucket}/x", 5, "827ccb0eea8a706c4c34a16891f84e7b", entry.last_modified)
    assert entry.last_modified.tzinfo is None


def test_the_region_is_that_of_the_bucket(s3_endpoint: str, bucket: str) -> None:
    there = f"{bucket.removeprefix('s3://')}-eu"
    boto3.client("s3").create_bucket(Bucket=there, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert (region(f"{bucket}/lake"), region(f"s3://{there}/lake")) == ("us-east-1", "eu-west-1")


ERRORS = {
    "InvalidObjectState": ("the storage class", "it is archived; restore it"),
    "NoSuchKey": ("The specified key does not exist.", "there is no such object"),
    "AccessDenied": ("Access Denied", "access denied; check the role or credentials"),
    "AccessDenied ": (
        "r is not authorized to perform: kms:Decrypt on resource: k",
        "access denied; check the role or credentials: r is not authorized to perform: kms:Decrypt on resource: k",
    ),
    "KMS.DisabledException": ("k is disabled.", "access denied; check the role or credentials: k is disabled."),
    "ExpiredToken": ("The provided token has expired.", None),
    "InvalidAccessKeyId": ("No such key id.", None),
    "NoSuchBucket": ("The specified bucket does not exist", None),
}


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("key", ["a", "a//b"])
def test_errors_of_one_object_are_told_from_those_of_the_storage(
    code: str, key: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of both clients: obstore has S3's answer in the text of its errors, boto3 takes it apart."""
    storage = put(bucket, **{key: b"1"})
    (entry,) = storage.list(f"{bucket}/")
    message, reason = ERRORS[code]
    answer = f"<Error><Code>{code.strip()}</Code><Message>{message}</Message></Error>"
    obstore_error = PermissionDeniedError(f"Server returned 403 Forbidden: {answer}")
    boto_error = ClientError({"Error": {"Code": code.strip(), "Message": message}}, "GetObject")
    monkeypatch.setattr("obstore.get", lambda *_, **__: raised(obstore_error))
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda *_: raised(boto_error))
    with pytest.raises(StorageError) as caught:
        storage.read(entry)
    assert isinstance(caught.value, UnreadableObjectError) == (reason is not None)
    if isinstance(caught.value, UnreadableObjectError):
        assert (caught.value.address, caught.value.reason) == (entry.address, reason)
        assert caught.value.denied == ("denied" in caught.value.reason)
        again = pickle.loads(pickle.dumps(caught.value))
        assert (str(again), again.denied) == (str(caught.value), caught.value.denied)


def raised(error: Exception) -> None:
    raise error
