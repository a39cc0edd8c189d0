"""What runs the queries of the reports: several at a time where that is another service."""

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
    """The rows that a query returned, or the sentence why it failed."""

    rows: pa.Table | None
    failure: str = ""


class Engine(Protocol):
    """Runs the queries."""

    def run(self, sql: str) -> pa.Table:
        """The result of one SELECT in Athena's SQL; raises UsageLakeError."""


@runtime_checkable
class ParallelEngine(Engine, Protocol):
    """Runs up to ``parallel`` queries at a time, called from several threads."""

    parallel: int

    def cancel(self) -> None:
        """End the queries that other threads wait for: nobody wants their results any more."""


@runtime_checkable
class SharingEngine(Engine, Protocol):
    """Computes once what several statements read."""

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
