"""Athena as a query engine: typed results, errors with Athena's reason, and no result objects left."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.request import Request, urlopen

import pyarrow as pa
import pytest
from moto.athena.models import AthenaBackend

from glue_jobs.progress import PlainReporter, SilentReporter
from glue_jobs.query import athena
from glue_jobs.query.athena import Athena, AthenaError
from glue_jobs.storage import storage_for
from tests.disturbed import failing
from tests.query.fake_athena import FakeAthena, serving

ANSWER = pa.table(
    {
        "text": ["a", None, "", "=1,\n", "e"],
        "whole": pa.array([1, None, -3, 2**31 - 1, 0], pa.int32()),
        "large": pa.array([2**62, None, 0, 1, 2]),
        "share": [0.1, None, 1e-300, float("inf"), 747.3],
        "flag": [True, None, False, True, False],
        "day": [date(2026, 3, 1), None, date(1, 1, 1), date(2026, 3, 1), date(2026, 3, 1)],
        "time": pa.array(
            [datetime(2026, 3, 1, 1, 2, 3, 456000), None, *[datetime(2026, 3, 1)] * 3], pa.timestamp("us")
        ),
    }
)


def answer(sql: str) -> pa.Table:
    if "missing" in sql:
        raise KeyError("line 1:15: Table 'missing' does not exist")
    return ANSWER.slice(0, 0) if "nothing" in sql else ANSWER


@pytest.fixture
def fake(bucket: str) -> Iterator[FakeAthena]:
    fake = FakeAthena(answer, f"{bucket}/results")
    with serving(fake):
        yield fake


def left(bucket: str) -> list[str]:
    return [entry.address for entry in storage_for(f"{bucket}/").list(f"{bucket}/")]


def engine(workgroup: str = "usage") -> Athena:
    return Athena("usage_lake", workgroup, SilentReporter())


def test_a_result_of_several_pages_has_athenas_types(fake: FakeAthena, bucket: str) -> None:
    storage_for(f"{bucket}/").put(f"{bucket}/results/of-another.csv", b"x")
    assert engine().run("SELECT 1").equals(ANSWER)
    (request,) = fake.started.values()
    assert (request["QueryString"], request["WorkGroup"]) == ("SELECT 1", "usage")
    assert request["QueryExecutionContext"] == {"Catalog": "AwsDataCatalog", "Database": "usage_lake"}
    assert left(bucket) == [f"{bucket}/results/of-another.csv"]


def test_an_empty_result_has_types(fake: FakeAthena) -> None:
    assert engine().run("SELECT nothing").equals(ANSWER.slice(0, 0))


def test_a_failed_query_is_an_error_with_athenas_reason_and_leaves_no_objects(fake: FakeAthena, bucket: str) -> None:
    with pytest.raises(
        AthenaError, match=r"query [0-9a-f-]{36} failed in Athena: GENERIC_ERROR: .*Table 'missing' does"
    ):
        engine().run("SELECT * FROM missing")
    assert not left(bucket)
    assert not fake.stopped


def test_a_refused_query_is_an_error_that_names_workgroup_and_database(fake: FakeAthena) -> None:
    message = (
        r"cannot query Athena \(workgroup unknown, database usage_lake\): InvalidRequestException: WorkGroup is not"
    )
    with pytest.raises(AthenaError, match=message):
        engine("unknown").run("SELECT 1")


def test_without_a_region_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(AthenaError, match="You must specify a region"):
        engine()


def test_only_the_result_objects_of_the_query_are_deleted(
    fake: FakeAthena, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = fake.GetQueryExecution

    def elsewhere(request: dict[str, Any]) -> dict[str, Any]:
        response = look(request)
        response["QueryExecution"]["ResultConfiguration"]["OutputLocation"] = f"{bucket}/data/of-the-lake.parquet"
        return response

    monkeypatch.setattr(fake, "GetQueryExecution", elsewhere)
    storage_for(f"{bucket}/").put(f"{bucket}/data/of-the-lake.parquet", b"x")
    assert engine().run("SELECT 1").num_rows == ANSWER.num_rows
    assert f"{bucket}/data/of-the-lake.parquet" in left(bucket)


def test_an_interrupt_cancels_the_query(fake: FakeAthena, bucket: str) -> None:
    fake.endless = True
    with failing(athena, "sleep", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        engine().run("SELECT 1")
    assert fake.stopped == list(fake.started)
    assert not left(bucket)


def test_pauses_grow_to_a_maximum(fake: FakeAthena, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        fake.endless = len(pauses) < 12

    fake.endless = True
    monkeypatch.setattr(athena, "FIRST_PAUSE_SECONDS", 0.25)
    monkeypatch.setattr("glue_jobs.query.athena.sleep", pause)
    engine().run("SELECT 1")
    assert pauses[:3] == [0.25, 0.375, 0.5625]
    assert pauses[-1] == 5.0


def test_a_result_that_cannot_be_deleted_is_reported_and_the_query_succeeds(
    fake: FakeAthena, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.StringIO()
    fake.results = "s3://no-such-bucket/results"
    monkeypatch.setattr(
        fake, "StartQueryExecution", lambda request: fake.started.update(q=request) or {"QueryExecutionId": "q"}
    )
    assert Athena("usage_lake", "usage", PlainReporter(output)).run("SELECT 1").num_rows == ANSWER.num_rows
    assert "the result of query q was not deleted: cannot delete s3://no-such-bucket/" in output.getvalue()


def test_a_result_of_motos_athena(s3_endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(athena, "FIRST_PAUSE_SECONDS", 0.001)
    start = AthenaBackend.start_query_execution

    def started(self: Any, query: str, context: Any, config: Any, *more: Any, **named: Any) -> str:
        # moto ignores the result location of a workgroup.
        return start(self, query, context, {"OutputLocation": f"{bucket}/results/"}, *more, **named)

    monkeypatch.setattr(AthenaBackend, "start_query_execution", started)
    data = [[{"VarCharValue": "account"}, {"VarCharValue": "objects"}], [{"VarCharValue": "earth"}, {}]]
    columns = [{"Name": "account", "Type": "varchar"}, {"Name": "objects", "Type": "bigint"}]
    queue = {"results": [{"rows": [{"Data": row} for row in data], "column_info": columns}]}
    request = Request(f"{s3_endpoint}/moto-api/static/athena/query-results", json.dumps(queue).encode())
    request.add_header("Content-Type", "application/json")
    urlopen(request).close()
    engine = Athena("usage_lake", "primary", SilentReporter())
    assert engine.run("SELECT 1").to_pylist() == [{"account": "earth", "objects": None}]
    assert not left(bucket)
