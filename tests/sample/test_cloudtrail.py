"""The sample's trail: in CloudTrail's layouts, with every kind of event, and counted by the truth."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from glue_jobs.sample import Truth, write_sample
from tests.sample.declared import LAST_DAY

FILE = re.compile(
    r"AWSLogs/(o-exampleorgid/)?(\d{12})/CloudTrail/(us-east-1|us-west-2)/(\d{4})/(\d\d)/(\d\d)/"
    r"\2_CloudTrail_\3_\4\5\6T(\d\d)(\d[05])Z_[A-Za-z0-9]{16}\.json\.gz"
)
DIGEST = re.compile(
    r"AWSLogs/111122223333/CloudTrail-Digest/(us-\w+-\d)/(\d{4})/(\d\d)/(\d\d)/"
    r"111122223333_CloudTrail-Digest_\1_usage-trail_us-east-1_\2\3\4T\d{6}Z\.json\.gz"
)

Event = dict[str, Any]


@pytest.fixture(scope="module")
def raw(folder: Path) -> Path:
    return folder / "raw" / "cloudtrail_s3_event"


@pytest.fixture(scope="module")
def files(raw: Path, truth: Truth) -> dict[str, list[Any]]:
    """The elements of every file's list of records; what is cut short is the text 'cut'."""
    return {row["path"]: _elements(raw / row["path"]) for row in truth.rows("cloudtrail_s3_event/files")}


@pytest.fixture(scope="module")
def rows(files: dict[str, list[Any]]) -> list[Event]:
    records = [record for elements in files.values() for record in elements if isinstance(record, dict)]
    known = {
        (record["eventID"], record["recipientAccountId"], _corrected(record)): record
        for record in records
        if _is_s3(record)
    }
    return list(known.values())


@pytest.fixture(scope="module")
def requests(rows: list[Event]) -> list[Event]:
    """Each request once: a correction in place of its event, and one of the events of two accounts."""
    corrected = {_corrected(row) for row in rows}
    kept = [row for row in rows if _corrected(row) or row["eventID"] not in corrected]
    kept.sort(key=lambda row: _corrected(row) is not None)
    return list({row.get("sharedEventID", row["eventID"]): row for row in kept}.values())


@pytest.fixture(scope="module")
def data(requests: list[Event]) -> list[Event]:
    return [row for row in requests if not row.get("managementEvent")]


def _corrected(row: Event) -> str | None:
    """The id of the event that this one corrects."""
    original: str | None = row.get("addendum", {}).get("originalEventID")
    return original


def test_files_lie_in_the_layouts_of_cloudtrail(raw: Path, truth: Truth, files: dict[str, list[Any]]) -> None:
    names = {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()}
    assert names == {*files, *(row["path"] for row in truth.rows("cloudtrail_s3_event/skipped"))}
    matches = {name: FILE.fullmatch(name) for name in files}
    assert all(matches.values())
    owners = {(match[1], match[2], match[3]) for match in matches.values() if match}
    assert owners == {
        (None, "111122223333", "us-east-1"),
        (None, "111122223333", "us-west-2"),
        ("o-exampleorgid/", "111122223333", "us-east-1"),
        ("o-exampleorgid/", "111122223333", "us-west-2"),
        ("o-exampleorgid/", "000000002222", "us-east-1"),
    }
    for name, match in matches.items():
        assert match
        delivered = datetime.fromtimestamp((raw / name).stat().st_mtime, UTC)
        assert f"{delivered:%Y%m%d%H}" == "".join(match.group(4, 5, 6, 7))
        assert 0 <= delivered.minute - int(match[8]) < 5


def test_what_is_no_list_of_raw_events_lies_in_folders_of_its_own(raw: Path, truth: Truth) -> None:
    skipped = [row["path"] for row in truth.rows("cloudtrail_s3_event/skipped")]
    kinds = [path.split("/")[2] for path in skipped]
    assert kinds == ["CloudTrail-Aggregated", "CloudTrail-Digest", "CloudTrail-Digest", "CloudTrail-Insight"]
    digests = [path for path in skipped if DIGEST.fullmatch(path)]
    assert len(digests) == 2
    assert all("Records" not in json.loads(gzip.decompress((raw / path).read_bytes())) for path in digests)


def test_a_file_is_one_line_of_gzip_without_a_time(raw: Path, files: dict[str, list[Any]]) -> None:
    for name in files:
        content = (raw / name).read_bytes()
        assert content[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
        document = _unpacked(content)
        assert document.startswith('{"Records":[') and "\n" not in document


def test_exactly_one_file_is_cut_short(raw: Path, files: dict[str, list[Any]]) -> None:
    cut = [name for name, elements in files.items() if "cut" in elements]
    assert len(cut) == 1
    with pytest.raises(EOFError):
        gzip.decompress((raw / cut[0]).read_bytes())
    assert len(files[cut[0]]) > 3
    assert sum(gzip.decompress((raw / name).read_bytes()).endswith(b"]}") for name in files if name != cut[0]) > 12


def test_every_record_is_counted_in_its_file(truth: Truth, files: dict[str, list[Any]]) -> None:
    for row in truth.rows("cloudtrail_s3_event/files"):
        is_event = [_is_s3(each) if isinstance(each, dict) else None for each in files[row["path"]]]
        counted = (len(is_event), is_event.count(None), is_event.count(False))
        assert (row["records"], row["rejected"], row["filtered"]) == counted


def test_ledger_counts_every_record(truth: Truth, files: dict[str, list[Any]], rows: list[Event]) -> None:
    is_event = [_is_s3(each) if isinstance(each, dict) else None for elements in files.values() for each in elements]
    ledger = truth.row("cloudtrail_s3_event/ledger")
    assert ledger == {
        "records": len(is_event),
        "rows": len(rows),
        "duplicates": is_event.count(True) - len(rows),
        "rejected": is_event.count(None),
        "filtered": is_event.count(False),
    }
    assert min(ledger.values()) > 5


def test_requests_are_those_of_the_access_log(folder: Path, truth: Truth, data: list[Event]) -> None:
    names = {
        "HeadObject": "REST.HEAD.OBJECT",
        "ListObjects": "REST.GET.BUCKET",
        # The lines of what they read: copies into other buckets have no others.
        "CopyObject": "REST.COPY.OBJECT_GET",
        "UploadPartCopy": "REST.COPY.PART_GET",
        "UploadPart": "REST.PUT.PART",
    }
    counted = Counter(row["eventName"] for row in data)
    operations = {row["operation"]: row["requests"] for row in truth.rows("s3_access_log/operations")}
    assert {name: counted[name] for name in names} == {name: operations[names[name]] for name in names}
    logs = (row["path"] for row in truth.rows("s3_access_log/files"))
    log = b"\n".join((folder / "raw" / "s3_access_log" / path).read_bytes() for path in logs)
    line = re.compile(rb' ([0-9A-Z]{16}) REST.GET.OBJECT .* HTTP/1.1" \d{3} \S+ (\d+|-) .* ([A-Za-z0-9+/]{75}=) ')
    logged = {match[1]: (int(match[2].replace(b"-", b"0")), match[3]) for match in line.finditer(log)}
    gets = [row for row in data if row["eventName"] == "GetObject"]
    assert len(gets) == len({row["requestID"] for row in gets})
    for row in gets:
        host_id = row["additionalEventData"]["x-amz-id-2"]
        assert logged[row["requestID"].encode()] == (_bytes_out(row), host_id.encode())


def test_copies_into_buckets_of_readers_count_for_the_object_that_they_read(truth: Truth, data: list[Event]) -> None:
    ours = {"example-tides", "example-maps"}
    copies = [row for row in data if row["eventName"] in ("CopyObject", "UploadPartCopy")]
    away = [row for row in copies if row["requestParameters"]["bucketName"] not in ours]
    assert {row["eventName"] for row in away} == {"CopyObject", "UploadPartCopy"} and len(away) < len(copies)
    for row in away:
        parameters, resources = row["requestParameters"], row["resources"]
        assert parameters["bucketName"] == f"mirror-{_account(row)}" and parameters["key"].startswith("their-mirror/")
        assert [each.get("accountId") for each in resources] == [None, _account(row), None, "111122223333"]
        source = unquote(parameters["x-amz-copy-source"])
        assert source.split("/")[0] in ours and resources[2]["ARN"] == f"arn:aws:s3:::{source}"
    read = Counter(tuple(unquote(row["requestParameters"]["x-amz-copy-source"]).split("/")[1:3]) for row in copies)
    got = Counter(
        tuple(row["requestParameters"]["key"].split("/")[:2])
        for row in data
        if row["eventName"] == "GetObject" and "errorCode" not in row
    )
    data_sets = [row for row in truth.rows("cloudtrail_s3_event/data_sets") if row["level"] == "repository"]
    assert {(row["account"], row["repository"]): row["gets"] for row in data_sets if row["gets"]} == read + got


def test_records_of_a_day_come_late_and_twice_and_by_two_trails(files: dict[str, list[Any]]) -> None:
    seen, delays = defaultdict(list), []
    for name, elements in files.items():
        delivered = datetime.strptime(name[-39:-25] + "00", "%Y%m%dT%H%MZ%S")
        for record in elements:
            if isinstance(record, dict):
                seen[record["eventID"]].append((delivered, name.split("/")[1]))
                delays.append((delivered - _time(record)).total_seconds() / 86_400)
    assert max(delays) > 3 and sorted(delays)[len(delays) // 2] < 0.2
    repeated = [sorted(each) for each in seen.values() if len(each) > 1]
    assert any((each[-1][0] - each[0][0]).days >= 3 for each in repeated)
    by_both = [each for each in repeated if {owner for _, owner in each} == {"111122223333", "o-exampleorgid"}]
    assert sum(each[1][0] - each[0][0] <= timedelta(minutes=10) for each in by_both) > 3


def test_the_trails_of_two_accounts_recorded_one_request(rows: list[Event]) -> None:
    shared = defaultdict(list)
    for row in rows:
        if not _corrected(row):
            shared[row.get("sharedEventID")].append(row)
    twice = [each for name, each in shared.items() if name and len(each) > 1]
    assert len(twice) > 20
    for each in twice:
        assert sorted(row["recipientAccountId"] for row in each) == ["000000002222", "111122223333"]
        assert len({row["requestID"] for row in each}) == 1 and len({row["eventID"] for row in each}) == 2
        # Only its own account names the caller.
        named = {row["recipientAccountId"]: "arn" in row["userIdentity"] for row in each}
        assert named == {"000000002222": True, "111122223333": False}


def test_a_correction_has_the_bytes_that_its_event_lacks_and_comes_before_or_after_it(
    files: dict[str, list[Any]],
) -> None:
    delivered: dict[tuple[str, bool], list[tuple[str, Event]]] = defaultdict(list)
    for name, elements in files.items():
        for record in elements:
            if isinstance(record, dict):
                original = _corrected(record)
                delivered[original or record["eventID"], original is not None].append((name[-39:], record))
    corrections = {name: found for (name, is_correction), found in delivered.items() if is_correction}
    orders = set()
    for name, found in corrections.items():
        first_event, event = min(delivered[name, False], key=lambda pair: pair[0])
        first_correction, correction = min(found, key=lambda pair: pair[0])
        assert correction["addendum"]["reason"] == "UPDATED_DATA" and _bytes_out(event) == 0
        orders.add(first_event < first_correction)
    assert len(corrections) > 5 and orders == {True, False}


def test_a_multi_object_delete_is_an_event_and_one_per_key(data: list[Event]) -> None:
    of_request = defaultdict(list)
    for row in data:
        of_request[row["requestID"]].append((row["eventName"], row["eventType"]))
    shared = {tuple(sorted(each)) for each in of_request.values() if len(each) > 1}
    assert shared == {(*[("DeleteObject", "AwsServiceEvent")] * 6, ("DeleteObjects", "AwsApiCall"))}


def _identity(**expected: object) -> Callable[[Event], bool]:
    return lambda row: expected.items() <= row["userIdentity"].items()


def _named(name: str) -> Callable[[Event], bool]:
    return lambda row: row["eventName"] == name


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        *(
            (name, _named(name))
            for name in ("CompleteMultipartUpload", "CreateMultipartUpload", "PutObject", "HeadBucket")
        ),
        ("anonymous", _identity(type="AWSAccount", principalId="", accountId="anonymous")),
        ("anonymous, as of old", _identity(type="AWSAccount", principalId="", accountId="ANONYMOUS_PRINCIPAL")),
        ("service", lambda row: row["userIdentity"] == {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}),
        ("service's address", lambda row: row["sourceIPAddress"] == "s3.amazonaws.com" == row["userAgent"]),
        ("through Athena", _identity(type="AssumedRole", invokedBy="athena.amazonaws.com")),
        ("own role", lambda row: row["userIdentity"].get("sessionContext", {}).get("sessionIssuer", {}).get("arn")),
        ("session", lambda row: re.fullmatch(r"AROA\w{17}:session-\d+", row["userIdentity"].get("principalId", ""))),
        ("IAM user", lambda row: re.fullmatch(r"AIDA\w{17}", row["userIdentity"].get("principalId", ""))),
        ("unnamed subscriber", _identity(accountId="000000077777")),
        ("no user agent", lambda row: row["userAgent"] == "[]"),
        ("user agent not in UTF-8", lambda row: "\N{REPLACEMENT CHARACTER}" in row["userAgent"]),
        ("presigned", lambda row: row["additionalEventData"].get("AuthenticationMethod") == "QueryString"),
        ("denied", lambda row: row.get("errorMessage") == "Access Denied"),
        ("absent", lambda row: row.get("errorCode") == "NoSuchKey"),
        ("slow down", lambda row: row.get("errorCode") == "SlowDown"),
        ("stored", lambda row: (row["responseElements"] or {}).get("x-amz-server-side-encryption") == "AES256"),
        ("bytes in", lambda row: row["additionalEventData"]["bytesTransferredIn"] > 1_000_000),
        ("0.0 bytes", lambda row: repr(row["additionalEventData"]["bytesTransferredOut"]) == "0.0"),
        ("host as a list", lambda row: isinstance(row["requestParameters"].get("host"), list)),
        ("named version", lambda row: "versionId" in row["requestParameters"]),
        ("part", lambda row: row["requestParameters"].get("partNumber") == "5"),
        ("copy", lambda row: "x-amz-copy-source" in row["requestParameters"] and len(row["resources"]) == 4),
        ("access point", lambda row: row["requestParameters"]["bucketName"].endswith(":accesspoint/sst-partners")),
        ("list", lambda row: str(row["resources"][0].get("ARNPrefix")).endswith("tides/harbor-lab/tide-gauges/")),
        ("blank in the key", lambda row: " " in row["requestParameters"].get("key", "")),
        ("percent in the key", lambda row: "%25" in row["requestParameters"].get("key", "")),
        ("shared", lambda row: row.get("sharedEventID", row["eventID"]) != row["eventID"]),
        ("VPC endpoint", lambda row: row.get("vpcEndpointAccountId", "x") == row["userIdentity"].get("accountId")),
        ("VPC endpoint, account unknown", lambda row: "vpcEndpointId" in row and "vpcEndpointAccountId" not in row),
        ("console", lambda row: row.get("sessionCredentialFromConsole") == "true"),
        ("TLS", lambda row: row.get("tlsDetails", {}).get("tlsVersion") == "TLSv1.2"),
        ("no TLS", lambda row: "tlsDetails" not in row),
        ("correction with the id of its event", lambda row: _corrected(row) == row["eventID"]),
        ("correction with another id", lambda row: _corrected(row) not in (None, row["eventID"])),
        ("CloudFront", _identity(type="AWSService", invokedBy="cloudfront.amazonaws.com")),
        ("late", lambda row: row.get("addendum", {}).get("reason") == "DELIVERY_DELAY"),
    ],
)
def test_every_promised_kind_of_event_occurs(rows: list[Event], kind: str, fits: Callable[[Event], bool]) -> None:
    assert any(fits(row) for row in rows if not row.get("managementEvent")), kind


def test_callers_of_other_accounts_have_no_name(data: list[Event]) -> None:
    at_home = ("111122223333", "000000002222", "anonymous", None)
    foreign = [row["userIdentity"] for row in data if _account(row) not in at_home]
    assert {tuple(sorted(identity)) for identity in foreign} == {("accountId", "principalId", "type")}
    assert {identity["type"] for identity in foreign} == {"AWSAccount"}


def test_the_second_account_has_management_events_and_its_own_reads(rows: list[Event]) -> None:
    of_second = [row for row in rows if row["recipientAccountId"] == "000000002222"]
    assert {row["eventName"] for row in of_second} == {"ListBuckets", "GetBucketPolicy", "GetObject"}
    assert {_account(row) for row in of_second} == {"000000002222"}


def test_fields_are_those_of_the_version(data: list[Event]) -> None:
    since = {"managementEvent": 6, "eventCategory": 7, "tlsDetails": 8, "vpcEndpointAccountId": 9, "addendum": 8}
    assert {row["eventVersion"] for row in data} == {"1.05", "1.06", "1.07", "1.08", "1.09", "1.10", "1.11"}
    for row in data:
        minor = int(row["eventVersion"].split(".")[1])
        assert all(since.get(name, 0) <= minor for name in row)
        assert all(name in row for name in ("managementEvent", "eventCategory", "tlsDetails") if since[name] <= minor)


def test_events_of_other_services_and_what_is_no_record_occur(files: dict[str, list[Any]]) -> None:
    records = [record for elements in files.values() for record in elements]
    others = [record for record in records if isinstance(record, dict) and not _is_s3(record)]
    assert {"kms.amazonaws.com", "sts.amazonaws.com"} < {record["eventSource"] for record in others}
    assert any("HIDDEN_DUE_TO_SECURITY_REASONS" in str(record) for record in others)
    assert {type(record) for record in records} > {dict, str, int, list}


def test_a_large_delivery_becomes_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.sample.scenario.delivery.RECORDS_PER_TRAIL_FILE", 40)
    truth = write_sample(tmp_path, last_day=LAST_DAY, days=2, scale=0.02)
    files = truth.rows("cloudtrail_s3_event/files")
    counted = [len(_elements(tmp_path / "raw" / "cloudtrail_s3_event" / row["path"])) for row in files]
    assert counted == [row["records"] for row in files]
    assert max(counted) in (40, 41)


def _unpacked(content: bytes) -> str:
    return zlib.decompressobj(31).decompress(content).decode("utf-8", "replace")


def _elements(path: Path) -> list[Any]:
    document = _unpacked(path.read_bytes())
    if document.endswith("]}"):
        found: list[Any] = json.loads(document)["Records"]
        return found
    return [*_complete(document), "cut"]


def _complete(document: str) -> Iterator[Any]:
    decoder, place = json.JSONDecoder(), len('{"Records":[')
    while True:
        try:
            record, place = decoder.raw_decode(document, place)
        except ValueError:
            return
        yield record
        place += 1


def _is_s3(record: Event) -> bool:
    return bool(record["eventSource"] == "s3.amazonaws.com")


def _time(record: Event) -> datetime:
    return datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ")


def _account(row: Event) -> str | None:
    account: str | None = row["userIdentity"].get("accountId")
    return "anonymous" if account == "ANONYMOUS_PRINCIPAL" else account


def _bytes_out(row: Event) -> int:
    return int(row["additionalEventData"]["bytesTransferredOut"])
