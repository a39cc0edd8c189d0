"""Athena as a query engine: run a query, read its answer, leave nothing of it behind.

https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from time import sleep
from typing import Any

import boto3
import pyarrow as pa
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from glue_jobs.errors import StorageError, UsageLakeError
from glue_jobs.progress import Reporter
from glue_jobs.storage import storage_for

# Seconds between two looks at a query: the first, the factor, the longest. Most queries take a second or two.
FIRST_WAIT, LONGER, LONGEST_WAIT = 0.25, 1.5, 5.0

# Athena refuses requests over its quota, e.g. 20 GetQueryResults a second, and asks to come back later.
RETRIES = Config(retries={"mode": "standard", "max_attempts": 10})

# Arrow type and reading of each type of Athena that a report may have; any other is text.
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
    """Athena cannot be asked, or could not answer; the message has the reason Athena gives."""


class Athena:
    """One database as a workgroup of Athena sees it; the region and credentials are those of the environment."""

    def __init__(self, database: str, workgroup: str, reporter: Reporter, region: str | None = None) -> None:
        self._context = {"Catalog": "AwsDataCatalog", "Database": database}
        self._workgroup = workgroup
        self._reporter = reporter
        with self._explained():
            self._client: Any = boto3.client("athena", region_name=region, config=RETRIES)

    def run(self, sql: str) -> pa.Table:
        """The answer of one SELECT; raises AthenaError."""
        with self._finished(sql) as query, self._explained():
            pages = list(self._client.get_paginator("get_query_results").paginate(QueryExecutionId=query))
        columns = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        # The first row of a SELECT's first page is the header.
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]][1:]
        return _table(columns, rows)

    def execute(self, ddl: str) -> None:
        """Run a statement that has no answer; raises AthenaError."""
        with self._finished(ddl):
            pass

    @contextmanager
    def _finished(self, sql: str) -> Iterator[str]:
        """The id of the query, which has succeeded; afterwards its result objects are deleted."""
        with self._explained():
            query: str = self._client.start_query_execution(
                QueryString=sql, QueryExecutionContext=self._context, WorkGroup=self._workgroup
            )["QueryExecutionId"]
        try:
            self._wait(query)
            yield query
        except KeyboardInterrupt:
            # Nobody waits for it any more, but Athena would go on and charge for it.
            self._client.stop_query_execution(QueryExecutionId=query)
            raise
        finally:
            self._delete_result(query)

    def _wait(self, query: str) -> None:
        pause = FIRST_WAIT
        while True:
            status = self._look(query)["Status"]
            if status["State"] == "SUCCEEDED":
                return
            if status["State"] in ("FAILED", "CANCELLED"):
                reason = status.get("StateChangeReason") or "no reason given"
                raise AthenaError(f"query {query} {status['State'].lower()} in Athena: {' '.join(reason.split())}")
            sleep(pause)
            pause = min(pause * LONGER, LONGEST_WAIT)

    def _look(self, query: str) -> Any:
        with self._explained():
            return self._client.get_query_execution(QueryExecutionId=query)["QueryExecution"]

    def _delete_result(self, query: str) -> None:
        try:
            configuration = self._look(query).get("ResultConfiguration") or {}
            address = configuration.get("OutputLocation", "")
            # A workgroup with managed results names no object; only an object of this very query may go.
            if query in address.rpartition("/")[2]:
                storage_for(address).delete([address, f"{address}.metadata"])
        except (AthenaError, StorageError) as error:
            self._reporter.say(f"the result of query {query} stays where Athena wrote it: {error}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        where = f"Athena (workgroup {self._workgroup}, database {self._context['Database']})"
        try:
            yield
        except ClientError as error:
            told = error.response["Error"]
            raise AthenaError(f"cannot ask {where}: {told.get('Code')}: {told.get('Message')}") from error
        except BotoCoreError as error:
            raise AthenaError(f"cannot ask {where}: {error}") from error


def _table(columns: list[Any], rows: list[list[dict[str, str]]]) -> pa.Table:
    arrays = []
    for place, column in enumerate(columns):
        # timestamp(6) is a timestamp, timestamp with time zone is not.
        kind, read = TYPES.get(column["Type"].partition("(")[0], TEXT)
        # A null is a cell without a value.
        texts = (row[place].get("VarCharValue") for row in rows)
        arrays.append(pa.array([None if text is None else read(text) for text in texts], kind))
    return pa.Table.from_arrays(arrays, names=[column["Name"] for column in columns])
