"""The engines that run the queries of reports. A remote service runs several queries at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa

from glue_jobs.errors import UsageLakeError


@dataclass(frozen=True)
class Result:
    """The rows of a query, or a sentence that says why it failed."""

    rows: pa.Table | None
    failure: str = ""


class Engine(Protocol):
    """Runs the queries."""

    def run(self, sql: str) -> pa.Table:
        """The result of one SELECT in Athena's SQL; raises UsageLakeError."""


@runtime_checkable
class ParallelEngine(Engine, Protocol):
    """An engine that runs up to ``parallel`` queries at a time, called from several threads."""

    parallel: int

    def cancel(self) -> None:
        """Cancel the queries that other threads wait for; their results are no longer needed."""


@runtime_checkable
class SharingEngine(Engine, Protocol):
    """An engine that computes inputs shared by several statements only once."""

    def sharing(self, statements: Sequence[str]) -> AbstractContextManager[None]:
        """While open, only these statements may be given to `run`."""


def results(engine: Engine, statements: Sequence[str]) -> Iterator[Result]:
    """The result of each statement, in the order of the statements."""
    if not isinstance(engine, ParallelEngine):
        with engine.sharing(statements) if isinstance(engine, SharingEngine) else nullcontext():
            yield from (_result(engine, statement) for statement in statements)
        return
    pool = ThreadPoolExecutor(engine.parallel)
    try:
        yield from pool.map(lambda statement: _result(engine, statement), statements)
    except BaseException:
        engine.cancel()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _result(engine: Engine, statement: str) -> Result:
    try:
        return Result(engine.run(statement))
    except UsageLakeError as error:
        return Result(None, str(error))
