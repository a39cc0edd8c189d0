"""The sample's access logs: the same for a seed, in S3's layouts, with every kind of line, and counted by the truth."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from glue_jobs.config import load_config
from glue_jobs.sample import Truth, write_sample
from tests.sample.declared import DAYS, LAST_DAY

FLAT = re.compile(r"logs/example-tides/\d{4}(-\d\d){5}-[0-9A-F]{16}")
PARTITIONED = re.compile(
    r"partitioned/111122223333/us-west-2/example-maps/(\d{4})/(\d\d)/(\d\d)/\1-\2-\3-00-00-00-[0-9A-F]{16}"
)
LINE = re.compile(
    rb"([0-9a-f]{64}) (\S+) \[([^]]+)\] (\S+) {1,2}(\S+?|arn:aws:iam::cloudfront:user/CloudFront [\w ]+?) "
    rb"([0-9A-F]{16}) ([A-Z0-9]+[.]\S+) (\S+) "
    rb'(-|"[A-Z]+ .*? HTTP/1\.1") (\d{3}|-) (\S+) (\d+|-) (\d+|-) (\d+|-) (\d+|-) '
    rb'(-|".*?") (-|".*") (\S+) ([A-Za-z0-9+/]{75}=)((?: \S+){5,9})'
)


README = "raw/s3_access_log/logs/example-tides/README.txt"


class Row(NamedTuple):
    """The fields of a line that the checks need; None for '-'."""

    bucket: str
    time: int
    day: date
    ip: str
    requester: str | None
    key: str | None
    status: str
    agent: str | None
    is_presigned: bool


@pytest.fixture(scope="module")
def raw(folder: Path) -> Path:
    return folder / "raw" / "s3_access_log"


@pytest.fixture(scope="module")
def contents(raw: Path, truth: Truth) -> dict[str, bytes]:
    return {row["path"]: (raw / row["path"]).read_bytes() for row in truth.rows("s3_access_log/files")}


@pytest.fixture(scope="module")
def lines(contents: dict[str, bytes]) -> list[bytes]:
    return [line for content in contents.values() for line in content.split(b"\n") if line.strip()]


@pytest.fixture(scope="module")
def rows(lines: list[bytes]) -> list[Row]:
    matches = (_parsed(line) for line in dict.fromkeys(lines))
    return [_row(match) for match in matches if match]


def test_same_arguments_give_the_same_bytes_and_times_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        write_sample(tmp_path / name, seed=seed, last_day=LAST_DAY, days=3, scale=0.02)
    one, two, other = (dict(_files(tmp_path / name)) for name in ("one", "two", "other"))
    assert one == two
    same = {name for name in set(one) & set(other) if one[name] == other[name]}
    assert {name for name in same if "/CloudTrail-" not in name} == {
        *(
            "config.yaml",
            "subscribers.csv",
            "places.mmdb",
            "meta.json",
            "ip-ranges.json",
            "cloud.json",
            "vpn.txt",
            README,
        )
    }


def test_every_line_is_counted_in_its_object(raw: Path, truth: Truth, contents: dict[str, bytes]) -> None:
    skipped = {row["path"] for row in truth.rows("s3_access_log/skipped")}
    assert {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()} == {*contents, *skipped}
    for row in truth.rows("s3_access_log/files"):
        counted = [bool(_parsed(line)) for line in contents[row["path"]].split(b"\n") if line.strip()]
        assert (row["records"], row["rejected"], row["filtered"]) == (len(counted), counted.count(False), 0)


def test_ledger_counts_every_line(truth: Truth, lines: list[bytes]) -> None:
    understood = Counter(line for line in lines if _parsed(line))
    assert truth.row("s3_access_log/ledger") == {
        "records": len(lines),
        "rows": len(understood),
        "duplicates": understood.total() - len(understood),
        "rejected": len(lines) - understood.total(),
        "filtered": 0,
    }
    assert min(len(lines) - understood.total(), understood.total() - len(understood)) > 5


def test_truth_survives_its_file(folder: Path, truth: Truth) -> None:
    assert Truth(**json.loads((folder / "truth.json").read_text(encoding="utf-8"))) == truth


def test_objects_lie_in_the_layouts_of_s3(raw: Path, contents: dict[str, bytes]) -> None:
    flat = [name for name in contents if FLAT.fullmatch(name)]
    partitioned = [name for name in contents if PARTITIONED.fullmatch(name)]
    assert len(flat) + len(partitioned) == len(contents)
    assert min(len(flat), len(partitioned)) >= 12 * DAYS
    for name in flat:
        delivered = datetime.strptime(name[-36:-17], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC).timestamp()
        assert delivered == (raw / name).stat().st_mtime
        assert all(time <= delivered for _, time in _times((raw / name).read_bytes()))
    for name in partitioned:
        day = f"{datetime.strptime(name[-36:-26], '%Y-%m-%d'):%d/%b/%Y}".encode()
        assert {text for text, _ in _times((raw / name).read_bytes())} <= {day}


def test_lines_are_as_long_as_real_ones(lines: list[bytes]) -> None:
    assert 500 < sum(map(len, lines)) / len(lines) < 650


def test_the_configuration_is_valid_and_names_the_subscribers(folder: Path) -> None:
    config = load_config(
        (folder / "config.yaml").read_text(encoding="utf-8"), "config.yaml", lambda name: (folder / name).read_bytes()
    )
    assert config.subscriber_names["000000000012"] == "Delta University, Hydrology"
    assert [target.repository for target in config.access_points.values()] == ["sea-surface-temperature"]


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("subscriber", rb" arn:aws:sts::000000000012:assumed-role/\S+ \S+ REST.GET.OBJECT "),
        ("canonical id", rb"\] \S+ [0-9a-f]{64} "),
        ("IPv6", rb"\] 2001:db8:\S+ "),
        ("robot", rb"Googlebot"),
        ("presigned", rb"X-Amz-Signature=[0-9a-f]{64} .* QueryString "),
        ("path style", rb'"GET /example-maps/'),
        ("range", rb" REST.GET.OBJECT .* 206 - \d+ "),
        ("head", rb" REST.HEAD.OBJECT "),
        ("list", rb' REST.GET.BUCKET - "GET /\?list-type=2'),
        ("named version", rb"\?versionId=(\w{32}) .* \1 "),
        ("part", rb' REST.PUT.PART \S+ "PUT \S+\?partNumber=5&uploadId='),
        ("batch delete", rb" BATCH.DELETE.OBJECT \S+\+\S+ - 204 - - - - - - - - "),
        ("expiry", rb"\] - AmazonS3 \S+ S3.EXPIRE.OBJECT \S+%2Bnew.bin - - - - \d+ - - - - "),
        ("transition", rb" S3.TRANSITION_SIA.OBJECT \S+%252Bnew.bin - - - - \d+ - - - - "),
        ("copy", rb" REST.COPY.OBJECT_GET "),
        (
            "copy of a part by a subscriber",
            rb" arn:aws:sts::000000000012:\S+ \w{16} REST.COPY.PART_GET \S+ - - - - \d+ ",
        ),
        ("website", rb" WEBSITE.GET.OBJECT .* example-tides.s3-website-us-east-1.amazonaws.com "),
        ("refused", rb" 403 AccessDenied "),
        ("absent", rb" 404 NoSuchKey "),
        ("unchanged", rb" 304 - - \d+ "),
        ("slow down", rb" 503 SlowDown "),
        ("access point", rb" arn:aws:s3:us-west-2:111122223333:accesspoint/"),
        ("own role", rb" arn:aws:sts::111122223333:assumed-role/publisher-ingest/"),
        ("own principal", rb" arn:aws:iam::123456789012:user/publisher-contractor "),
        ("own address", rb"\] 203.0.113.24\d - "),
        ("blank in the key", rb"%2520"),
        ("percent in the key", rb"%252525"),
        ("quote in the user agent", rb'"Mozilla/5.0 "quoted" tool/1.0"'),
        ("quote in the request line", rb' %2522 "GET /" HTTP/1.1" 404 '),
        ("blank in the request line", rb'"GET /x y HTTP/1.1"'),
        ("blank in the referer", rb'"https://example.com/search\?q=sea surface temperature"'),
        ("forged fields", rb'forged HTTP/1.1" 404 '),
        ("no user agent", rb' "-" "-" '),
        ("bare headers", rb' HTTP/1.1" 200 - \d+ \d+ \d+ \d+ - - '),
        ("two blanks", rb"\] \S+  arn:"),
        ("origin access control", rb" svc:cloudfront.amazonaws.com .* SigV4 "),
        ("origin access identity", rb"user/CloudFront Origin Access Identity E\w+ \w{16} REST.GET.OBJECT "),
        ("CloudFront without an identity", rb'\] \S+ - .* "Amazon CloudFront" '),
        ("not UTF-8", rb"\xff"),
        ("no bytes sent", rb" REST.GET.OBJECT .* 200 - - \d+ "),
    ],
)
def test_every_promised_kind_of_line_occurs(lines: list[bytes], kind: str, pattern: bytes) -> None:
    assert any(re.search(pattern, line) for line in lines), kind


def test_lines_have_every_length_aws_wrote(lines: list[bytes]) -> None:
    lengths = Counter(19 + len(match[20].split()) for line in lines if (match := _parsed(line)))
    assert set(lengths) == {24, 25, 26, 27, 28}
    assert lengths.most_common(2)[0][0] == 27
    assert lengths.most_common(2)[1][0] == 26


def test_one_request_may_be_many_lines(lines: list[bytes]) -> None:
    of_request = defaultdict(list)
    for line in dict.fromkeys(lines):
        if match := _parsed(line):
            of_request[match[6], match[3]].append(match[7])
    shared = {tuple(sorted(operations)) for operations in of_request.values() if len(operations) > 1}
    assert shared == {
        (*[b"BATCH.DELETE.OBJECT"] * 6, b"REST.POST.MULTI_OBJECT_DELETE"),
        (b"REST.COPY.OBJECT", b"REST.COPY.OBJECT_GET"),
    }


def test_deliveries_are_late_twice_empty_and_without_a_last_line_end(raw: Path, contents: dict[str, bytes]) -> None:
    times = {name: [time for _, time in _times(content)] for name, content in contents.items()}
    delay = max((raw / name).stat().st_mtime - min(seen) for name, seen in times.items() if seen)
    assert 3 * 86_400 < delay < 10 * 86_400
    full = [content.strip() for content in contents.values() if content.count(b"\n") > 2]
    repeated = [content for content, count in Counter(full).items() if count == 2]
    assert len(repeated) == 2
    twice = [line for line, count in Counter(b"\n".join(contents.values()).split(b"\n")).items() if line and count == 2]
    assert any(not any(line in content for content in repeated) for line in twice)
    assert b"" in contents.values()
    assert any(content.endswith(b"\n\n") for content in contents.values())
    assert any(content and not content.endswith(b"\n") for content in contents.values())


def test_events_are_of_the_days_asked_for(rows: list[Row]) -> None:
    assert {row.day for row in rows} == {date.fromordinal(LAST_DAY.toordinal() - back) for back in range(DAYS)}


def test_some_reads_go_on_after_midnight(rows: list[Row]) -> None:
    reads = defaultdict(list)
    for row in rows:
        if row.status == "206":
            reads[_reader(row), row.bucket, row.key].append(row)
    ends = [reading for reading in _readings(reads.values()) if reading[0].time % 86_400 == 86_399]
    assert any(reading[-1].day > reading[0].day for reading in ends)


@pytest.mark.parametrize("source", ["s3_access_log", "cloudtrail_s3_event", "cloudfront_log", "s3_inventory_object"])
def test_a_folder_with_raw_files_is_not_written_again(tmp_path: Path, source: str) -> None:
    (tmp_path / "raw" / source / "something").mkdir(parents=True)
    with pytest.raises(FileExistsError, match=f"{source} already has files"):
        write_sample(tmp_path, last_day=LAST_DAY, days=1, scale=0.01)


@pytest.mark.parametrize(("days", "scale"), [(0, 1.0), (3, 0.0)])
def test_a_sample_of_nothing_is_refused(tmp_path: Path, days: int, scale: float) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        write_sample(tmp_path, last_day=LAST_DAY, days=days, scale=scale)


def _parsed(line: bytes) -> re.Match[bytes] | None:
    """The fields of a line; none if it is damaged, or if a client typed a quote and all fields after it."""
    return None if b'" 200 - 999999999 ' in line else LINE.fullmatch(line)


def _files(folder: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    for path in folder.rglob("*"):
        if path.is_file():
            is_raw = "raw" in path.relative_to(folder).parts
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield path.relative_to(folder).as_posix(), (digest, path.stat().st_mtime_ns if is_raw else 0)


def _times(content: bytes) -> Iterator[tuple[bytes, int]]:
    for match in re.finditer(rb"^[0-9a-f]{64} \S+ \[(\S+) \+0000\]", content, re.MULTILINE):
        yield match[1][:11], _seconds(match[1].decode())


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, "%d/%b/%Y:%H:%M:%S").replace(tzinfo=UTC).timestamp())


def _row(match: re.Match[bytes]) -> Row:
    field = [None if text in (b"-", b'"-"') else text.decode("utf-8", "replace") for text in match.groups()]
    time = _seconds(str(field[2])[:20])
    day = datetime.fromtimestamp(time, UTC).date()
    agent = field[16] and field[16][1:-1]
    is_presigned = str(field[19]).split()[2] == "QueryString"
    return Row(str(field[1]), time, day, field[3] or "", field[4], field[7], str(field[9]), agent, is_presigned)


def _reader(row: Row) -> str:
    """Who reads; empty where CloudFront asks for somebody."""
    if row.agent == "Amazon CloudFront":
        return ""
    return (not row.is_presigned and row.requester) or f"{row.ip} {row.agent or ''}"


def _readings(reads: Iterable[list[Row]]) -> Iterator[list[Row]]:
    for served in reads:
        served.sort(key=lambda row: row.time)
        reading = [served[0]]
        for row in served[1:]:
            if row.time - reading[-1].time > 30 * 60:
                yield reading
                reading = []
            reading.append(row)
        yield reading
