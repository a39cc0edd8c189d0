"""The sources under test: how to write raw objects of each, and the rows that the lake must derive from them.

Another source is one more entry of SOURCES; every test runs for it too.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3

from glue_jobs.sources.pipeline import ListedPipeline, Pipeline
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.run_summary.table import NFAMILY
from glue_jobs.tables.model import Table
from glue_jobs.tables.uploaded import uploaded_table

# The table of the uploads under test, without the columns of their content.
UPLOADED = uploaded_table("uploaded")

OWNER = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Event:
    """One event; events with the same number and time are the same record."""

    number: int
    time: datetime


# Without equality by fields, a source can be a key.
@dataclass(frozen=True, eq=False)
class Source:
    """``object_name`` is the key of an object below the raw path, by day and number. ``content`` joins records to the
    bytes of an object. ``count`` counts the records of an object without the product's code. ``event_number`` reads
    the number of the event from a row of the table. ``row`` has the columns that the event's row must have.

    An object has ``rows_besides`` rows besides its events. The same event in two objects is one row, unless the objects
    are documents. A document is ``about`` something, which its content and the rows of its events name.
    """

    title: str
    pipeline: Pipeline
    object_name: Callable[[date, int], str]
    record: Callable[[Event], bytes]
    bad_record: bytes
    content: Callable[[Sequence[bytes]], bytes]
    count: Callable[[bytes], int]
    row: Callable[[Event], dict[str, Any]]
    event_number: Callable[[dict[str, Any]], int]
    rows_besides: int = 0
    about: Callable[[str, bytes], bytes] = lambda name, content: content

    @property
    def of_documents(self) -> bool:
        """Whether an object replaces an older version of itself, and shares no records with others."""
        return isinstance(self.pipeline, ListedPipeline)

    @property
    def table(self) -> Table:
        """The table whose rows are the events."""
        return {"run_summary": NFAMILY, "upload": UPLOADED}.get(self.pipeline.name, self.pipeline.table)


class Raw:
    """A raw path, in a folder or on S3, that receives objects of a source."""

    def __init__(self, source: Source, address: str) -> None:
        self.source = source
        self.address = address
        self.objects: dict[str, bytes] = {}

    def deliver(self, day: date, number: int, events: Iterable[Event], bad: int = 0) -> str:
        """Write the object ``number`` of a day; returns its address."""
        records = [*map(self.source.record, events), *[self.source.bad_record] * bad]
        name = self.source.object_name(day, number)
        return self.put(name, self.source.about(name, self.source.content(records)))

    def put(self, name: str, content: bytes) -> str:
        """Write any bytes below the raw path; returns the address."""
        address = f"{self.address}/{name}"
        self.objects[address] = content
        put(address, content)
        return address

    @property
    def records(self) -> int:
        """The number of records below the raw path."""
        return sum(map(self.source.count, self.objects.values()))


def put(address: str, content: bytes) -> None:
    """Write a file or an S3 object."""
    if address.startswith("s3://"):
        bucket, _, key = address.removeprefix("s3://").partition("/")
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        return
    Path(address).parent.mkdir(parents=True, exist_ok=True)
    Path(address).write_bytes(content)


def events(day: date, numbers: Iterable[int]) -> list[Event]:
    """Events of that day, one second apart."""
    start = datetime.combine(day, time(8))
    return [Event(number, start + timedelta(seconds=number % 10_000)) for number in numbers]


def _derived(event: Event) -> dict[str, Any]:
    """The columns that the rows of all events must have."""
    return {"event_time": event.time, "event_date": event.time.date(), "account": "ana", "repository": "tides"}


def _access_log_record(event: Event) -> bytes:
    key = f"ana/tides/part-{event.number % 7}.csv"
    return (
        f"{OWNER} example-data [{event.time:%d/%b/%Y:%H:%M:%S} +0000] 192.0.2.{event.number % 250} - "
        f'{event.number:016X} REST.GET.OBJECT {key} "GET /{key} HTTP/1.1" 200 - {event.number} 1024 70 12 "-" '
        f'"curl/8.5.0" - hostid= - TLS_AES_128_GCM_SHA256 - example-data.s3.us-east-1.amazonaws.com TLSv1.3 - - -'
    ).encode()


def _access_log_row(event: Event) -> dict[str, Any]:
    return {"request_id": f"{event.number:016X}", "bytes_sent": event.number, **_derived(event)}


def _lines(records: Sequence[bytes]) -> bytes:
    # Blank lines are not records; some writers add them.
    return b"\n".join([*records, b"", b""])


def _access_logs(title: str, object_name: Callable[[date, int], str]) -> Source:
    return Source(
        title=title,
        pipeline=BY_NAME["s3_access_log"],
        object_name=object_name,
        record=_access_log_record,
        bad_record=f"{OWNER} example-data [07/May/2024:08:0".encode(),
        content=_lines,
        count=lambda content: sum(1 for line in content.split(b"\n") if line.strip()),
        row=_access_log_row,
        event_number=lambda row: int(row["request_id"], 16),
    )


ACCESS_LOGS = _access_logs("access logs", lambda day, number: f"logs/{day}-09-00-00-{number:016X}")

ACCESS_LOGS_BY_DAY = _access_logs(
    "access logs in folders of days",
    lambda day, number: f"111122223333/us-east-1/example-data/{day:%Y/%m/%d}/{day}-00-00-00-{number:016X}",
)


def _cloudtrail_record(event: Event) -> bytes:
    bucket, key = "example-data", f"ana/tides/part-{event.number % 7}.csv"
    fields = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"},
        "eventTime": f"{event.time:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "us-east-1",
        "sourceIPAddress": f"192.0.2.{event.number % 250}",
        "userAgent": "[curl/8.5.0]",
        "requestParameters": {"bucketName": bucket, "Host": f"{bucket}.s3.us-east-1.amazonaws.com", "key": key},
        "responseElements": None,
        "additionalEventData": {"bytesTransferredIn": 0, "bytesTransferredOut": event.number, "x-amz-id-2": "id="},
        "requestID": f"{event.number:016X}",
        "eventID": str(UUID(int=event.number)),
        "readOnly": True,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
            {"accountId": "123456789012", "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
        ],
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": "123456789012",
        "eventCategory": "Data",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def _cloudtrail_row(event: Event) -> dict[str, Any]:
    return {
        "event_id": str(UUID(int=event.number)),
        "bytes_out": event.number,
        "subscriber_account_id": "anonymous",
        **_derived(event),
    }


def _cloudtrail_name(day: date, number: int) -> str:
    folder = f"AWSLogs/123456789012/CloudTrail/us-east-1/{day:%Y/%m/%d}"
    return f"{folder}/123456789012_CloudTrail_us-east-1_{day:%Y%m%d}T0905Z_{number:016d}.json.gz"


CLOUDTRAIL = Source(
    title="CloudTrail",
    pipeline=BY_NAME["cloudtrail_s3_event"],
    object_name=_cloudtrail_name,
    record=_cloudtrail_record,
    bad_record=b'{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventTime":"yesterday"}',
    # The same records give the same bytes at any time.
    content=lambda records: gzip.compress(b'{"Records":[' + b",".join(records) + b"]}", mtime=0),
    count=lambda content: len(json.loads(gzip.decompress(content))["Records"]),
    row=_cloudtrail_row,
    event_number=lambda row: UUID(row["event_id"]).int,
)

CLOUDFRONT_FIELDS = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status x-edge-request-id"


def _cloudfront_record(event: Event) -> bytes:
    return (
        f"{event.time:%Y-%m-%d\t%H:%M:%S}\tDFW3\t{event.number}\t192.0.2.{event.number % 250}\tGET\t"
        f"d111111abcdef8.cloudfront.net\t/ana/tides/part-{event.number % 7}.csv\t200\t{event.number:016X}=="
    ).encode()


def _cloudfront_row(event: Event) -> dict[str, Any]:
    return {"x_edge_request_id": f"{event.number:016X}==", "sc_bytes": event.number, **_derived(event)}


def _below_header(records: Sequence[bytes]) -> bytes:
    header = f"#Version: 1.0\n#Fields: {CLOUDFRONT_FIELDS}".encode()
    return gzip.compress(b"\n".join([header, *records, b""]), mtime=0)


CLOUDFRONT = Source(
    title="CloudFront",
    pipeline=BY_NAME["cloudfront_log"],
    object_name=lambda day, number: f"logs/EMLARXS9EXAMPLE.{day}-09.{number:016x}.gz",
    record=_cloudfront_record,
    bad_record=b"2024-05-07\t08:00:00\tDFW3\tmany\t192.0.2.1\tGET\thost\t/\t200\tid",
    content=_below_header,
    count=lambda content: sum(
        1 for line in gzip.decompress(content).split(b"\n") if line.strip() and not line.startswith(b"#")
    ),
    row=_cloudfront_row,
    event_number=lambda row: int(row["x_edge_request_id"].removesuffix("=="), 16),
)


def _summary_record(event: Event) -> bytes:
    return (
        f"famcvg=_;fam=Hepe{event.number};score=86;pctid=93;depth=3.2;aln={event.number};glb=4;len=8;top=N;topscore=8;"
        f"toplen=70;topname=a virus;"
    ).encode()


def _about_run(name: str, content: bytes) -> bytes:
    run = name.rpartition("/")[2].removesuffix(".summary")
    return f"readlength=100;SUMZER_COMMENT=sra={run},genome=g,version=1,date=200820-10:20;\n".encode() + content


RUN_SUMMARIES = Source(
    title="run summaries",
    pipeline=BY_NAME["run_summary"],
    object_name=lambda day, number: f"summary2/SRR{day:%y%m%d}{number:04d}.summary",
    record=_summary_record,
    bad_record=b"famcvg=_;fam=Hepe;score=many;",
    content=_lines,
    count=lambda content: sum(1 for line in content.split(b"\n") if line.strip()),
    row=lambda event: {"n_reads": event.number, "family_name": f"Hepe{event.number}"},
    event_number=lambda row: int(row["n_reads"]),
    rows_besides=1,
    about=_about_run,
)

UPLOADS = Source(
    title="uploads",
    pipeline=BY_NAME["upload"],
    object_name=lambda day, number: f"data/{UPLOADED.name}/{day}-{number}.json",
    record=lambda event: json.dumps({"number": event.number, "time": f"{event.time}"}).encode(),
    bad_record=b'{"number": ',
    content=_lines,
    count=lambda content: sum(1 for line in content.split(b"\n") if line.strip()),
    row=lambda event: {"number": event.number, "time": f"{event.time}"},
    event_number=lambda row: int(row["number"]),
)

SOURCES = (ACCESS_LOGS, CLOUDTRAIL, CLOUDFRONT)
ALL_SOURCES = (*SOURCES, RUN_SUMMARIES, UPLOADS)
"""All sources, including those whose newer objects replace older ones."""

# How objects are named: names with the day side by side, folders of days, and folders of days with such names.
LAYOUTS = (CLOUDFRONT, CLOUDTRAIL, ACCESS_LOGS_BY_DAY)
