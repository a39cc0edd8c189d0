"""Requests that change what is kept: uploads, copies, deletes, and what lifecycle rules do."""

from __future__ import annotations

import numpy as np

from glue_jobs.sample.publisher import WORKING
from glue_jobs.sample.request import EMPTY, NO_ANSWER, OPERATION, Requests, concatenate, make_requests
from glue_jobs.sample.scene import Scene

PARTS = 5
BATCH = 6
CREATED_BYTES = 404


def puts(scene: Scene, how_many: int) -> Requests:
    """Uploads in one request."""
    objects = scene.objects(WORKING, how_many)
    readers, sizes = scene.readers("own", how_many), scene.sizes(objects)
    return make_requests(scene.times(how_many), "REST.PUT.OBJECT", objects, readers, object_size=sizes)


def multipart_uploads(scene: Scene, how_many: int) -> Requests:
    """Uploads in parts: a beginning, the parts, an end."""
    uploads = max(1, how_many // (PARTS + 2))
    upload = np.repeat(np.arange(uploads), PARTS + 2)
    step = np.tile(np.arange(PARTS + 2), uploads)
    names = ("REST.POST.UPLOADS", *["REST.PUT.PART"] * PARTS, "REST.POST.UPLOAD")
    is_part = (step > 0) & (step <= PARTS)
    objects = scene.objects(WORKING, uploads)
    return make_requests(
        scene.times(uploads)[upload] + step * 3,
        np.array([OPERATION[name] for name in names])[step],
        objects[upload],
        scene.readers("own", uploads)[upload],
        bytes_sent=np.where(is_part, -1, CREATED_BYTES),
        object_size=np.where(is_part, scene.sizes(objects)[upload] // PARTS, -1),
        part=np.where(is_part, step, -1),
    )


def copies(scene: Scene, how_many: int) -> Requests:
    """Copies: one request, a line for the object written and a line for the object read."""
    pairs = max(1, how_many // 2)
    source, target = scene.read_objects(pairs), scene.objects(WORKING, pairs)
    times, readers, number = scene.times(pairs), scene.readers("own", pairs), np.arange(pairs)
    sizes = scene.sizes(source)
    written = make_requests(
        times, "REST.COPY.OBJECT", target, readers, bytes_sent=CREATED_BYTES, object_size=sizes, request=number
    )
    read = make_requests(
        times, "REST.COPY.OBJECT_GET", source, readers, answer=NO_ANSWER, object_size=sizes, request=number
    )
    return _one_request_each(written, read)


def deletes(scene: Scene, how_many: int) -> Requests:
    """Deletes of one object."""
    objects = scene.objects(WORKING, how_many)
    readers = scene.readers("own", how_many)
    return make_requests(scene.times(how_many), "REST.DELETE.OBJECT", objects, readers, answer=EMPTY)


def batch_deletes(scene: Scene, how_many: int) -> Requests:
    """Deletes of many objects: a line for the request and one for every object, all with one request id."""
    batches = max(1, how_many // (BATCH + 1))
    times, readers, number = scene.times(batches), scene.readers("own", batches), np.arange(batches)
    first = scene.objects(WORKING, batches)
    post = make_requests(times, "REST.POST.MULTI_OBJECT_DELETE", first, readers, bytes_sent=900, request=number)
    batch = np.repeat(number, BATCH)
    # The objects of a batch lie side by side in one bucket and differ: no two lines of a batch are alike.
    working = np.flatnonzero(scene.cast.publisher.objects.role == WORKING)
    working = working[np.argsort(scene.buckets(working), kind="stable")]
    place = np.searchsorted(scene.buckets(working), scene.buckets(first))
    room = np.bincount(scene.buckets(working))[scene.buckets(first)]
    within = scene.rng.integers(1_000_000, size=batches) % (room - BATCH)
    objects = working[(place + within)[batch] + np.tile(np.arange(BATCH), batches)]
    each = make_requests(times[batch], "BATCH.DELETE.OBJECT", objects, readers[batch], answer=EMPTY, request=batch)
    return _one_request_each(post, each)


def lifecycle(scene: Scene, how_many: int) -> Requests:
    """What lifecycle rules did: expiry, colder storage, delete markers."""
    names = ("S3.EXPIRE.OBJECT", "S3.TRANSITION_SIA.OBJECT", "S3.EXPIRE.OBJECT", "S3.CREATE.DELETEMARKER")
    turn = (np.arange(how_many) + scene.start // 86_400) % len(names)
    objects = scene.objects(WORKING, how_many)
    is_old_version = (turn == 2) & (scene.buckets(objects) == 0)
    return make_requests(
        scene.times(how_many),
        np.array([OPERATION[name] for name in names])[turn],
        objects,
        scene.cast.readers.groups["lifecycle"][0],
        answer=NO_ANSWER,
        object_size=scene.sizes(objects),
        versioned=is_old_version,
    )


def _one_request_each(*blocks: Requests) -> Requests:
    """The blocks together, where equal request numbers mean the same request."""
    together = concatenate(blocks)
    numbers = np.concatenate([block.request for block in blocks])
    return Requests(**{**vars(together), "request": numbers})
