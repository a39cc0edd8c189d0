"""The data events of one day: which requests CloudTrail records, and under which names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glue_jobs.sample.publisher import WORKING, Ints
from glue_jobs.sample.request import DENIED, OK, OPERATION, OPERATIONS
from glue_jobs.sample.scene import DAY_SECONDS, Cast
from glue_jobs.sample.traffic import Day

STORED = '{"x-amz-server-side-encryption":"AES256"}'
DELETE_BYTES = 700


@dataclass(frozen=True)
class Event:
    """One event name, and the access log's ``operation`` of the same request.

    ``more`` are request parameters besides bucket, host and key, ``response`` the response elements, both as JSON text.
    """

    name: str
    operation: str = ""
    read_only: bool = True
    has_key: bool = True
    more: str = ""
    response: str = "null"
    type: str = "AwsApiCall"


EVENTS = (
    Event("GetObject", "REST.GET.OBJECT", more=',"x-id":"GetObject"'),
    Event("HeadObject", "REST.HEAD.OBJECT"),
    Event("ListObjects", "REST.GET.BUCKET", has_key=False),
    Event("PutObject", "REST.PUT.OBJECT", False, more=',"x-id":"PutObject"', response=STORED),
    Event("CreateMultipartUpload", "REST.POST.UPLOADS", False, more=',"uploads":""', response=STORED),
    Event("UploadPart", "REST.PUT.PART", False, response=STORED),
    Event("CompleteMultipartUpload", "REST.POST.UPLOAD", False, response=STORED),
    Event("CopyObject", "REST.COPY.OBJECT", False, response=STORED),
    Event("DeleteObject", "REST.DELETE.OBJECT", False),
    Event("DeleteObjects", "REST.POST.MULTI_OBJECT_DELETE", False, has_key=False, more=',"delete":""'),
    # One per key of a DeleteObjects.
    Event("DeleteObject", "BATCH.DELETE.OBJECT", False, type="AwsServiceEvent"),
    Event("HeadBucket", has_key=False),
    Event("GetObjectAcl", more=',"acl":""'),
)
NUMBER = {event.operation or event.name: number for number, event in enumerate(EVENTS)}
"""Number of an event in the column ``event``, by the access log's operation or else by its own name."""

# Lifecycle rules are in no trail. Whether requests to website endpoints are, no source says: here they are not.
OF_OPERATION = np.array([NUMBER.get(operation.name, -1) for operation in OPERATIONS])


@dataclass(frozen=True)
class Events:
    """Data events of one day, one entry each; bytes are 0 where there are none, the rest as in ``Requests``.

    ``caller`` counts on after the readers: the caller after the last reader is an AWS service. ``source`` is the
    object that a copy was made of, ``minor`` of event version 1.minor.
    """

    time: Ints
    event: Ints
    object: Ints
    caller: Ints
    answer: Ints
    bytes_out: Ints
    bytes_in: Ints
    versioned: Ints
    part: Ints
    request: Ints
    source: Ints
    minor: Ints

    def __len__(self) -> int:
        return len(self.time)


def events_of(day: Day, days: int, cast: Cast, rng: np.random.Generator) -> Events:
    """The day's requests as events, and some that access logs lost or that services made; in no order."""
    requests = day.requests
    event = OF_OPERATION[requests.operation]
    source = np.full(int(requests.request.max(initial=-1)) + 1, -1, np.int64)
    is_source = requests.operation == OPERATION["REST.COPY.OBJECT_GET"]
    source[requests.request[is_source]] = requests.object[is_source]
    takes_bytes = np.isin(event, [NUMBER["REST.PUT.OBJECT"], NUMBER["REST.PUT.PART"]])
    received = np.where(event == NUMBER["REST.POST.MULTI_OBJECT_DELETE"], DELETE_BYTES, 0)
    columns = (
        requests.time,
        event,
        requests.object,
        requests.reader,
        requests.answer,
        np.maximum(requests.bytes_sent, 0),
        np.where(takes_bytes, requests.object_size, received),
        requests.versioned,
        requests.part,
        requests.request,
        source[requests.request],
    )
    recorded = [column[event >= 0] for column in columns]
    others = _others(day, cast, 2 + len(recorded[0]) // 500, len(source), rng)
    whole = [np.concatenate([column, other]) for column, other in zip(recorded, others, strict=True)]
    return Events(*[*whole, _minors(len(whole[0]), day.number / days, rng)])


def _others(day: Day, cast: Cast, each: int, first: int, rng: np.random.Generator) -> list[Ints]:
    """Subscribers that look whether a bucket is there, and ask for what they may not; a service that writes."""
    kind = np.repeat(np.arange(3), each)
    objects = cast.publisher.objects
    working = np.flatnonzero(objects.role == WORKING)
    read, written = rng.choice(cast.published, 3 * each), rng.choice(working, 3 * each)
    subscribers = cast.readers.pick("subscriber", 3 * each, rng)
    is_put, none = kind == 2, np.full(3 * each, -1, np.int64)
    written_object = np.where(is_put, written, read)
    return [
        day.start + rng.integers(DAY_SECONDS, size=3 * each),
        np.array([NUMBER["HeadBucket"], NUMBER["GetObjectAcl"], NUMBER["REST.PUT.OBJECT"]])[kind],
        written_object,
        np.where(is_put, len(cast.readers.all), subscribers),
        np.array([OK, DENIED, OK])[kind],
        np.array([0, 243, 0])[kind],
        np.where(is_put, objects.size[written_object], 0),
        np.zeros(3 * each, np.int64),
        none,
        first + np.arange(3 * each),
        none,
    ]


def _minors(how_many: int, progress: float, rng: np.random.Generator) -> Ints:
    """Minor versions: newer ones as time goes by, and now and then any other from 1.05 on."""
    usual = 8 if progress < 0.3 else 9 if progress < 0.6 else 11
    minors: Ints = np.where(rng.random(how_many) < 0.05, rng.integers(5, 12, how_many), usual)
    return minors
