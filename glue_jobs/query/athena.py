"""Athena as a query engine: run a query, read its result, delete its result objects.

https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from threading import Event
from time import sleep
from typing import Any

import boto3
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from glue_jobs.errors import StorageError, UsageLakeError
from glue_jobs.progress import Reporter
from glue_jobs.storage import storage_for
from glue_jobs.storage.retries import RETRIES

# Pauses between polls of a running query grow from the first to the maximum. Most queries take a second or two.
FIRST_PAUSE_SECONDS, PAUSE_FACTOR, MAX_PAUSE_SECONDS = 0.25, 1.5, 5.0

# The Arrow type and the text parser of each Athena type; values of any other type stay text.
TYPES: dict[str, tuple[pa.DataType, Callable[[str], Any]]] = {
    "tinyint": (pa.int32(), int),
    "smallint": (pa.int32(), int),
    "integer": (pa.int32(), int),
    "bigint": (pa.int64(), int),
    "float": (pa.float64(), float),
    "double": (pa.float64(), float),
    "boolean": (pa.bool_(), lambda text: text == "true"),
    "date": (pa.date32(), date.fromisoformat),
    "timestamp": (pa.timestamp("us"), datetime.fromisoformat),
}
TEXT: tuple[pa.DataType, Callable[[str], Any]] = (pa.string(), str)


class AthenaError(UsageLakeError):
    """Athena refused or failed a query; the message includes Athena's reason."""


class Athena:
    """Queries over one database in one workgroup; without ``region``, the environment's Region is used."""

    # Below the quota of concurrent queries per account in every Region.
    # https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
    parallel = 5

    def __init__(self, database: str, workgroup: str, reporter: Reporter, region: str | None = None) -> None:
        self._context = {"Catalog": "AwsDataCatalog", "Database": database}
        self._workgroup = workgroup
        self._reporter = reporter
        self._is_cancelled = Event()
        with self._explained():
            self._client: Any = boto3.client("athena", region_name=region, config=RETRIES)

    def run(self, sql: str) -> pa.Table:
        """The result of one SELECT; raises AthenaError."""
        with self._finished(sql) as query, self._explained():
            pages = list(self._client.get_paginator("get_query_results").paginate(QueryExecutionId=query))
        columns = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        # The first row of the first page is the header.
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]][1:]
        return _table(columns, rows)

    def cancel(self) -> None:
        """Cancel the queries that other threads wait for."""
        self._is_cancelled.set()

    @contextmanager
    def _finished(self, sql: str) -> Iterator[str]:
        """Run the query; yields its id once it has succeeded, and deletes its result objects afterwards."""
        with self._explained():
            query: str = self._client.start_query_execution(
                QueryString=sql, QueryExecutionContext=self._context, WorkGroup=self._workgroup
            )["QueryExecutionId"]
        try:
            self._wait(query)
            yield query
        except KeyboardInterrupt:
            # Otherwise Athena would finish the query and charge for it.
            self._client.stop_query_execution(QueryExecutionId=query)
            raise
        finally:
            self._delete_result(query)

    def _wait(self, query: str) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            status = self._execution(query)["Status"]
            if status["State"] == "SUCCEEDED":
                return
            if status["State"] in ("FAILED", "CANCELLED"):
                reason = status.get("StateChangeReason") or "no reason given"
                raise AthenaError(f"query {query} {status['State'].lower()} in Athena: {' '.join(reason.split())}")
            sleep(pause)
            if self._is_cancelled.is_set():
                raise KeyboardInterrupt
            pause = min(pause * PAUSE_FACTOR, MAX_PAUSE_SECONDS)

    def _execution(self, query: str) -> Any:
        with self._explained():
            return self._client.get_query_execution(QueryExecutionId=query)["QueryExecution"]

    def _delete_result(self, query: str) -> None:
        try:
            configuration = self._execution(query).get("ResultConfiguration") or {}
            address = configuration.get("OutputLocation", "")
            # Workgroups with managed results give no address. Only objects of this query are deleted.
            if query in address.rpartition("/")[2]:
                storage_for(address).delete([address, f"{address}.metadata"])
        except (AthenaError, StorageError) as error:
            self._reporter.say(f"the result of query {query} was not deleted: {error}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        where = f"Athena (workgroup {self._workgroup}, database {self._context['Database']})"
        try:
            yield
        except ClientError as error:
            details = error.response["Error"]
            raise AthenaError(f"cannot query {where}: {details.get('Code')}: {details.get('Message')}") from error
        except BotoCoreError as error:
            raise AthenaError(f"cannot query {where}: {error}") from error


def _table(columns: list[Any], rows: list[list[dict[str, str]]]) -> pa.Table:
    arrays = []
    for index, column in enumerate(columns):
        # "timestamp(6)" is a timestamp; "timestamp with time zone" stays text.
        kind, read = TYPES.get(column["Type"].partition("(")[0], TEXT)
        # A null is a cell without a value.
        texts = (row[index].get("VarCharValue") for row in rows)
        arrays.append(pa.array([None if text is None else read(text) for text in texts], kind))
    return pa.Table.from_arrays(arrays, names=[column["Name"] for column in columns])
