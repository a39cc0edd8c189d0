"""Several queries run at a time where the engine can; results keep their order, failures are results."""

from __future__ import annotations

from threading import Barrier, Event

import pyarrow as pa
import pytest

from glue_jobs.errors import UsageLakeError
from glue_jobs.publish.engine import results

PATIENCE_SECONDS = 10


class Three:
    """Answers a query only when three run at the same time."""

    parallel = 3

    def __init__(self) -> None:
        self._together = Barrier(3)
        self.cancelled = Event()

    def run(self, sql: str) -> pa.Table:
        if sql == "late":
            # A thread that is free takes the next query, until it is told to stop.
            assert self.cancelled.wait(PATIENCE_SECONDS)
            return pa.table({"sql": [sql]})
        self._together.wait(PATIENCE_SECONDS)
        if sql == "bad":
            raise UsageLakeError("no memory")
        if sql == "stop":
            raise KeyboardInterrupt
        if sql == "endless":
            assert self.cancelled.wait(PATIENCE_SECONDS)
        return pa.table({"sql": [sql]})

    def cancel(self) -> None:
        self.cancelled.set()


def test_queries_run_at_the_same_time_and_keep_their_order() -> None:
    first, second, third = results(Three(), ["a", "bad", "c"])
    assert first.rows["sql"].to_pylist() == ["a"]
    assert (second.rows, second.failure) == (None, "no memory")
    assert third.rows["sql"].to_pylist() == ["c"]


def test_an_interruption_cancels_the_queries_that_still_run() -> None:
    engine = Three()
    with pytest.raises(KeyboardInterrupt):
        list(results(engine, ["stop", "endless", "endless", "late"]))
    assert engine.cancelled.is_set()
