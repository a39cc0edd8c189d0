"""What the requests of the logs changed in the buckets, and which objects they read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glue_jobs.sample.inventory_objects import History, Version
from glue_jobs.sample.publisher import Publisher
from glue_jobs.sample.request import ANSWERS, OPERATION, OPERATIONS, Requests
from glue_jobs.sample.traffic import Day

PUTS = ("REST.PUT.OBJECT", "REST.COPY.OBJECT", "REST.POST.UPLOAD")
DELETES = ("REST.DELETE.OBJECT", "BATCH.DELETE.OBJECT", "S3.CREATE.DELETEMARKER")
EXPIRY, COOLING = "S3.EXPIRE.OBJECT", "S3.TRANSITION_SIA.OBJECT"
CHANGES = np.array([OPERATION[name] for name in (*PUTS, *DELETES, EXPIRY, COOLING)])
READS = np.array([OPERATION[name] for name in ("REST.GET.OBJECT", "WEBSITE.GET.OBJECT")])
# 304: the reader has the object from before.
USEFUL = np.array([number for number, (status, _) in enumerate(ANSWERS) if status in (200, 206, 304)])


class Changes:
    """Follows the days in order. ``read`` says of every object whether it was read on any of them.

    What only CloudTrail saw a service write is not followed: it writes what is written anyway.
    """

    def __init__(self, publisher: Publisher, histories: tuple[History, ...], new_id: Callable[[], str]) -> None:
        self.publisher, self.histories, self.new_id = publisher, histories, new_id
        self.read = np.zeros(len(publisher.objects.key), bool)
        self._changes: list[tuple[int, str, int, int]] = []

    def add(self, day: Day) -> None:
        """Takes the next day."""
        requests = day.requests
        is_read = np.isin(requests.operation, READS) & np.isin(requests.answer, USEFUL)
        is_copied = requests.operation == OPERATION["REST.COPY.OBJECT_GET"]
        self.read[requests.object[is_read | is_copied]] = True
        found = requests.take(np.flatnonzero(np.isin(requests.operation, CHANGES)))
        self._changes += zip(
            found.time.tolist(), self._names(found), found.object.tolist(), found.object_size.tolist(), strict=True
        )

    def replay(self) -> None:
        """Does to the histories what the requests did."""
        objects = self.publisher.objects
        for time, name, number, size in self._changes:
            key, history = objects.key[number], self.histories[objects.bucket[number]]
            if name in PUTS:
                in_parts = name == PUTS[2]
                length = int(objects.size[number]) if in_parts else size
                written = Version(key, time, length, f"{key} {time}", self.new_id(), is_multipart=in_parts)
                written.replication = "COMPLETED" if history.versioned else ""
                history.put(written)
            elif name in DELETES:
                history.delete(key, time, self.new_id())
            elif name == EXPIRY:
                history.expire(key, time)
            else:
                history.cool(key, time)

    @staticmethod
    def _names(requests: Requests) -> list[str]:
        return [OPERATIONS[number].name for number in requests.operation.tolist()]
