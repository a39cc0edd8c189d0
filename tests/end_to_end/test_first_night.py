"""A new stack's first night: nothing is delivered yet, every job succeeds, every question answers."""

from __future__ import annotations

from datetime import date

import boto3
import pytest

from glue_jobs import Lake
from glue_jobs.lake import Lake as StoredLake
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.pipelines import PIPELINES
from tests.cloudformation.stacks import create
from tests.end_to_end.lakes import without_spark
from tests.end_to_end.sources import SOURCES, Raw, events
from tests.job_process import main
from tools.package import TEMPLATE

DAY = date(2024, 5, 7)


@pytest.fixture(autouse=True)
def tables_of_the_source() -> None:
    """Runs make every table here."""


@pytest.fixture
def jobs(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """The arguments of the template's ingest jobs by pipeline, on empty buckets."""
    without_spark(monkeypatch)
    stack = create(TEMPLATE, "summaries{mark}", RunSummaryBucket="summaries{mark}")
    return {pipeline: job["DefaultArguments"] for pipeline, job in stack.jobs.items()}


def run(arguments: dict[str, str]) -> int:
    return main([text for pair in arguments.items() for text in pair])


def test_every_job_succeeds_on_empty_buckets_and_then_ingests_the_first_deliveries(
    jobs: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    # Uploads have a stack of their own.
    for pipeline in (each for each in PIPELINES if each.name in jobs):
        assert run(jobs[pipeline.name]) == 0
        assert {view.name for view in SavedView.all()} <= catalog(jobs[pipeline.name])
        said = capsys.readouterr().err
        assert f"nothing has been delivered below {jobs[pipeline.name]['--raw_path']} yet" in said
        assert pipeline.first_delivery in said
        assert "check the name of the bucket and the prefix" in said
    assert_every_question_has_an_answer_without_rows(jobs["s3_access_log"])
    for source in (each for each in SOURCES if each.pipeline.name in jobs):
        arguments = jobs[source.pipeline.name]
        Raw(source, arguments["--raw_path"].rstrip("/")).deliver(DAY, 1, events(DAY, range(3)))
        assert run(arguments) == 0
        lake = Lake(arguments["--lake_path"], arguments["--database"])
        assert lake.table(source.pipeline.name).to_arrow().num_rows == 3


def catalog(arguments: dict[str, str]) -> set[str]:
    tables = boto3.client("glue").get_tables(DatabaseName=arguments["--database"])["TableList"]
    return {table["Name"] for table in tables}


def assert_every_question_has_an_answer_without_rows(arguments: dict[str, str]) -> None:
    with open_engine(StoredLake(arguments["--lake_path"], arguments["--database"])) as engine:
        for query in SavedQuery.all():
            values = {each.name: each.example for each in query.metadata.parameters if each.default is None}
            assert engine.run(query.sql, query.bind(values)).num_rows == 0, query.name


def test_an_absent_folder_on_a_laptop_is_a_mistake(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--pipeline", "s3_access_log", "--raw_path", f"{tmp_path}/nowhere", "--lake_path", f"{tmp_path}/lake"]
    assert main(given) == 1
    assert "there are no objects below" in capsys.readouterr().err
