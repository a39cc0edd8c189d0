"""Athena over HTTP on loopback that runs its queries, which moto's Athena does not.

Like Athena, it returns a header row first, pages, and every value as text, and writes result objects to S3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from glue_jobs.query import athena
from glue_jobs.storage import storage_for
from tests.loopback import Handler, served

NAMES = {
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp(6)",
}
ROWS_PER_PAGE = 3


class FakeAthena:
    """Stores the started queries by id; ``answer`` runs the SQL of a query and may raise."""

    def __init__(self, answer: Callable[[str], pa.Table], results: str) -> None:
        self.answer = answer
        self.results = results
        self.started: dict[str, dict[str, Any]] = {}
        self.stopped: list[str] = []
        self.operations: set[str] = set()
        # Whether queries run until they are stopped.
        self.endless = False
        self._answers: dict[str, pa.Table | Exception] = {}
        # Clients start several queries at a time, and one engine answers them.
        self._answering = Lock()

    def StartQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["WorkGroup"] == "unknown":
            raise ValueError("WorkGroup is not found.")
        query = str(uuid4())
        self.started[query] = request
        for name in (f"{query}.csv", f"{query}.csv.metadata"):
            storage_for(self.results).put(f"{self.results}/{name}", b"result")
        return {"QueryExecutionId": query}

    def GetQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        query = request["QueryExecutionId"]
        sql = self.started[query]["QueryString"]
        if query not in self._answers:
            try:
                with self._answering:
                    self._answers[query] = self.answer(sql)
            except Exception as error:
                self._answers[query] = error
            status = {"State": "RUNNING"}
        elif isinstance(self._answers.get(query), Exception):
            status = {"State": "FAILED", "StateChangeReason": f"GENERIC_ERROR:\n  {self._answers[query]}"}
        else:
            status = {"State": "RUNNING" if self.endless else "SUCCEEDED"}
        place = {"OutputLocation": f"{self.results}/{query}.csv"}
        return {"QueryExecution": {"QueryExecutionId": query, "Status": status, "ResultConfiguration": place}}

    def GetQueryResults(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self._answers[request["QueryExecutionId"]]
        assert isinstance(table, pa.Table)
        records = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        rows = [row(table.column_names), *map(row, records)]
        start = int(request.get("NextToken", 0))
        more = {"NextToken": str(start + ROWS_PER_PAGE)} if start + ROWS_PER_PAGE < len(rows) else {}
        columns = [{"Name": each.name, "Type": NAMES.get(each.type, "varchar")} for each in table.schema]
        page = {"Rows": rows[start : start + ROWS_PER_PAGE], "ResultSetMetadata": {"ColumnInfo": columns}}
        return {"ResultSet": page, **more}

    def StopQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        self.stopped.append(request["QueryExecutionId"])
        return {}


def row(values: Any) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": text(value)} for value in values]}


def text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds")
    return f"{value:.16E}" if isinstance(value, float) else str(value)


@contextmanager
def serving(fake: FakeAthena) -> Iterator[None]:
    """In the block, the fake is this process's Athena."""

    class AthenaHandler(Handler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            fake.operations.add(operation)
            try:
                status, answer = 200, getattr(fake, operation)(json.loads(self.body()))
            except ValueError as error:
                status, answer = 400, {"__type": "InvalidRequestException", "Message": str(error)}
            self.answer(status, json.dumps(answer).encode())

    with served(AthenaHandler) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_ATHENA", address)
        patch.setattr(athena, "FIRST_PAUSE_SECONDS", 0.001)
        yield
