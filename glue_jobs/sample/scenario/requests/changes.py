"""Requests that change objects: uploads, copies, deletes, lifecycle rules; and events that only a trail records."""

from __future__ import annotations

import numpy as np

from glue_jobs.sample.scenario.operations import NUMBER
from glue_jobs.sample.scenario.publisher import ARCHIVE, REPOSITORIES, TIDES, WORKING, WORKING_PER_REPOSITORY
from glue_jobs.sample.scenario.requests.traffic import Block, Traffic

UPLOAD_PARTS, KEYS_PER_BATCH = 5, 6
CREATED_BYTES, DENIED_BYTES, BATCH_ANSWER_BYTES = 404, 243, 900


def puts(traffic: Traffic, count: int) -> Block:
    """Uploads in one request."""
    objects, requesters = traffic.objects_of(WORKING, count), traffic.pick("own", count)
    size = traffic.objects.size[objects]
    return traffic.block(traffic.times(count), "REST.PUT.OBJECT", objects, requesters, object_size=size)


def multipart_uploads(traffic: Traffic, count: int) -> Block:
    """Multipart uploads: create, parts, complete."""
    uploads = max(1, count // (UPLOAD_PARTS + 2))
    upload = np.repeat(np.arange(uploads), UPLOAD_PARTS + 2)
    step = np.tile(np.arange(UPLOAD_PARTS + 2), uploads)
    names = ("REST.POST.UPLOADS", *["REST.PUT.PART"] * UPLOAD_PARTS, "REST.POST.UPLOAD")
    is_part = (step > 0) & (step <= UPLOAD_PARTS)
    objects = traffic.objects_of(WORKING, uploads)[upload]
    return traffic.block(
        traffic.times(uploads)[upload] + step * 3,
        np.array([NUMBER[name] for name in names])[step],
        objects,
        traffic.pick("own", uploads)[upload],
        bytes_sent=np.where(is_part, -1, CREATED_BYTES),
        object_size=np.where(is_part, traffic.objects.size[objects] // UPLOAD_PARTS, -1),
        part=np.where(is_part, step, -1),
    )


def copies(traffic: Traffic, count: int) -> Block:
    """Copies: one request with a line for the object written and a line for the object read."""
    copied = max(1, count // 2)
    request, is_source = np.repeat(np.arange(copied), 2), np.tile([False, True], copied)
    source, target = traffic.read_objects(copied)[request], traffic.objects_of(WORKING, copied)[request]
    return traffic.block(
        traffic.times(copied)[request],
        np.where(is_source, NUMBER["REST.COPY.OBJECT_GET"], NUMBER["REST.COPY.OBJECT"]),
        np.where(is_source, source, target),
        traffic.pick("own", copied)[request],
        status=np.where(is_source, 0, 200),
        bytes_sent=np.where(is_source, -1, CREATED_BYTES),
        object_size=traffic.objects.size[source],
        copy_of=np.where(is_source, -1, source),
        request=request,
    )


def copies_away(traffic: Traffic, count: int) -> Block:
    """Copies by subscribers into their own buckets: a line for the object read and an event for the request."""
    copied = max(1, count // 2)
    request, is_event = np.repeat(np.arange(copied), 2), np.tile([False, True], copied)
    is_part = request % 2 == 1
    source = traffic.read_objects(copied)[request]
    line = np.where(is_part, NUMBER["REST.COPY.PART_GET"], NUMBER["REST.COPY.OBJECT_GET"])
    event = np.where(is_part, NUMBER["UploadPartCopy"], NUMBER["CopyObject"])
    return traffic.block(
        traffic.times(copied)[request],
        np.where(is_event, event, line),
        source,
        traffic.pick("subscriber", copied)[request],
        status=np.where(is_event, 200, 0),
        bytes_sent=np.where(is_event, CREATED_BYTES, -1),
        object_size=traffic.objects.size[source],
        part=np.where(is_event & is_part, 1, -1),
        copy_of=np.where(is_event, source, -1),
        request=request,
        in_access_log=~is_event,
    )


def deletes(traffic: Traffic, count: int) -> Block:
    """Deletes of one object."""
    objects, requesters = traffic.objects_of(WORKING, count), traffic.pick("own", count)
    return traffic.block(traffic.times(count), "REST.DELETE.OBJECT", objects, requesters, status=204)


def batch_deletes(traffic: Traffic, count: int) -> Block:
    """Deletes of many objects: a line for the request and one for every object, all with one request id."""
    batches = max(1, count // (KEYS_PER_BATCH + 1))
    request = np.repeat(np.arange(batches), KEYS_PER_BATCH + 1)
    step = np.tile(np.arange(KEYS_PER_BATCH + 1), batches)
    # A batch deletes adjacent objects of one data set, so it names no object twice.
    data_set = traffic.rng.integers(len(REPOSITORIES), size=batches)
    first = traffic.rng.integers(WORKING_PER_REPOSITORY - KEYS_PER_BATCH, size=batches)
    working = np.flatnonzero(traffic.objects.role == WORKING)
    return traffic.block(
        traffic.times(batches)[request],
        np.where(step == 0, NUMBER["REST.POST.MULTI_OBJECT_DELETE"], NUMBER["BATCH.DELETE.OBJECT"]),
        working[(data_set * WORKING_PER_REPOSITORY + first)[request] + step],
        traffic.pick("own", batches)[request],
        status=np.where(step == 0, 200, 204),
        bytes_sent=np.where(step == 0, BATCH_ANSWER_BYTES, -1),
        request=request,
    )


def lifecycle(traffic: Traffic, count: int) -> Block:
    """Actions of lifecycle rules: expiry, transition to a colder storage class, delete markers."""
    names = ("S3.EXPIRE.OBJECT", "S3.TRANSITION_SIA.OBJECT", "S3.EXPIRE.OBJECT", "S3.CREATE.DELETEMARKER")
    turn = np.arange(count) % len(names)
    objects = traffic.objects_of(WORKING, count)
    return traffic.block(
        traffic.times(count),
        np.array([NUMBER[name] for name in names])[turn],
        objects,
        traffic.groups["lifecycle"][0],
        status=0,
        object_size=traffic.objects.size[objects],
        names_version=(turn == 2) & (traffic.objects.bucket[objects] == TIDES),
    )


TRAIL_ONLY = (
    ("HeadBucket", "subscriber", 200),
    ("GetObjectAcl", "subscriber", 403),
    ("REST.PUT.OBJECT", "inventory", 200),
    ("PutBucketLogging", "console", 200),
    ("GetBucketAcl", "trail", 200),
    ("ListBuckets", "audit", 200),
    ("GetBucketPolicy", "audit", 403),
    ("AssumeRole", "trail", 200),
    ("Decrypt", "etl", 200),
    ("ConsoleLogin", "login", 200),
)
"""Operation, group of requesters and status of events that access logs do not record."""


def trail_only(traffic: Traffic, count: int) -> Block:
    """Data events missing in access logs, management events of two accounts, and events of other services."""
    kind = np.arange(count) % len(TRAIL_ONLY)
    names, groups, statuses = (np.array(values)[kind] for values in zip(*TRAIL_ONLY, strict=True))
    requesters = np.array([traffic.pick(group, count) for _, group, _ in TRAIL_ONLY])[kind, np.arange(count)]
    is_put = names == "REST.PUT.OBJECT"
    objects = np.where(is_put, traffic.objects_of(WORKING, count), traffic.read_objects(count))
    return traffic.block(
        traffic.times(count),
        np.array([NUMBER[name] for name in names]),
        objects,
        requesters,
        bucket=np.where(groups == "audit", ARCHIVE, traffic.objects.bucket[objects]),
        status=statuses,
        bytes_sent=np.where(names == "GetObjectAcl", DENIED_BYTES, -1),
        object_size=np.where(is_put, traffic.objects.size[objects], -1),
        in_access_log=0,
    )
