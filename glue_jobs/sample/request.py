"""Requests as columns: what the publisher's clients asked and what S3 answered, whichever log records it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from glue_jobs.sample.publisher import Ints


@dataclass(frozen=True)
class Operation:
    """One operation of S3; no ``method`` means S3 acted without a request line of its own."""

    name: str
    method: str = ""
    query: str = ""
    has_key: bool = True
    encoded_once: bool = False


OPERATIONS = (
    Operation("REST.GET.OBJECT", "GET"),
    Operation("REST.HEAD.OBJECT", "HEAD"),
    Operation("WEBSITE.GET.OBJECT", "GET"),
    Operation("REST.GET.BUCKET", "GET", has_key=False),
    Operation("REST.PUT.OBJECT", "PUT"),
    Operation("REST.POST.UPLOADS", "POST", "?uploads"),
    Operation("REST.PUT.PART", "PUT"),
    Operation("REST.POST.UPLOAD", "POST"),
    Operation("REST.COPY.OBJECT", "PUT"),
    Operation("REST.COPY.OBJECT_GET"),
    Operation("REST.DELETE.OBJECT", "DELETE"),
    Operation("REST.POST.MULTI_OBJECT_DELETE", "POST", "?delete", has_key=False),
    Operation("BATCH.DELETE.OBJECT", encoded_once=True),
    Operation("S3.EXPIRE.OBJECT", encoded_once=True),
    Operation("S3.TRANSITION_SIA.OBJECT"),
    Operation("S3.CREATE.DELETEMARKER"),
)
OPERATION = {operation.name: number for number, operation in enumerate(OPERATIONS)}
"""Number of an operation in the column ``operation``."""

ANSWERS = ((200, ""), (206, ""), (204, ""), (304, ""), (403, "AccessDenied"), (404, "NoSuchKey"), (503, "SlowDown"))
OK, RANGE, EMPTY, UNCHANGED, DENIED, ABSENT, SLOW = range(len(ANSWERS))
NO_ANSWER = -1
"""Numbers in the column ``answer``: HTTP status and error code; lifecycle and the source of a copy have no answer."""

LINE_FIELDS = (27, 26, 25, 24, 28)
"""Numbers in the column ``layout``: how many fields the access log writes for the request."""


@dataclass(frozen=True)
class Requests:
    """Requests of one day, one entry per logged action. ``time`` is in seconds since 1970; -1 stands for null.

    ``request`` numbers the HTTP requests: actions with one number share the request id. ``part`` is
    the part number of an upload, ``versioned`` 1 when the version of the object was named.
    """

    time: Ints
    operation: Ints
    object: Ints
    reader: Ints
    answer: Ints
    bytes_sent: Ints
    object_size: Ints
    versioned: Ints
    part: Ints
    layout: Ints
    request: Ints

    def __len__(self) -> int:
        return len(self.time)

    def take(self, which: Ints) -> Requests:
        """The requests at these positions, in this order."""
        return Requests(*(getattr(self, field.name)[which] for field in fields(self)))


def make_requests(
    time: Ints,
    operation: str | Ints,
    objects: Ints,
    reader: int | Ints,
    *,
    answer: int | Ints = OK,
    bytes_sent: int | Ints = -1,
    object_size: int | Ints = -1,
    versioned: int | Ints = 0,
    part: int | Ints = -1,
    layout: int | Ints = 0,
    request: Ints | None = None,
) -> Requests:
    """Requests from columns and constants; every one its own HTTP request unless ``request`` says otherwise."""
    operations = OPERATION[operation] if isinstance(operation, str) else operation
    numbers = np.arange(len(time)) if request is None else request
    columns = (time, operations, objects, reader, answer, bytes_sent, object_size, versioned, part, layout, numbers)
    return Requests(*(np.broadcast_to(np.asarray(column, np.int64), time.shape) for column in columns))


def renumbered(requests: Requests) -> Requests:
    """The same requests with request numbers from 0 without gaps."""
    _, numbers = np.unique(requests.request, return_inverse=True)
    return replace(requests, request=numbers.astype(np.int64))


def concatenate(blocks: Sequence[Requests]) -> Requests:
    """All requests of the blocks; request numbers of different blocks stay different."""
    starts = np.cumsum([0, *(int(block.request.max(initial=-1)) + 1 for block in blocks)])
    columns = {f.name: np.concatenate([getattr(block, f.name) for block in blocks]) for f in fields(Requests)}
    columns["request"] = np.concatenate([block.request + start for block, start in zip(blocks, starts, strict=False)])
    return Requests(**columns)
