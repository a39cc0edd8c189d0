"""The job script as Glue starts it: Glue's own library reads the arguments, opens the job and commits it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from awsglue.utils import GlueArgumentError, getResolvedOptions

from glue_jobs import run
from glue_jobs.jobs.arguments.declared import ARGUMENTS
from glue_jobs.jobs.arguments.glue import given_names, parse, resolve, without_abbreviations
from glue_jobs.workers.spark import session
from tests.cloudformation.rendered import Rendered
from tests.end_to_end.sources import ACCESS_LOGS, Raw, events
from tools.package import TEMPLATE

DAY = date(2024, 5, 7)
OF_GLUE = ["--enable-metrics", "true", "--job-bookmark-option", "job-bookmark-disable", "--TempDir", "s3://temp/"]


def template_arguments() -> list[list[str]]:
    jobs = Rendered(TEMPLATE.read_text()).of_type("AWS::Glue::Job").values()
    return [[text for pair in job["DefaultArguments"].items() for text in pair] for job in jobs]


@pytest.mark.parametrize("arguments", template_arguments(), ids=lambda given: given[given.index("--pipeline") + 1])
def test_glues_own_function_reads_the_arguments_of_the_template_as_the_parser_does(arguments: list[str]) -> None:
    names = given_names(arguments)
    options = getResolvedOptions(["run.py", *without_abbreviations(arguments)], names)
    assert resolve({name: options[name] for name in names}) == parse(arguments)


def test_an_option_of_glue_is_not_taken_for_an_abbreviation_of_ours() -> None:
    given = ["--conf", "spark.a=b --conf spark.c=d", "--config", "c.yaml", "--conf=x", "--TempDir", "s3://temp/"]
    assert without_abbreviations(given) == ["--config", "c.yaml", "--TempDir", "s3://temp/"]


def test_only_arguments_with_a_value_are_asked_for() -> None:
    assert given_names(["--pipeline", "report", "--since", "--until", "2024-05-07", "--config="]) == [
        "pipeline",
        "config",
        "until",
    ]
    with pytest.raises(GlueArgumentError):
        getResolvedOptions(["run.py"], [ARGUMENTS[0].name])


class GlueJvm:
    """The classes of Glue's JVM that its Python library calls, and what it called them with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def init(self, name: str, spark: Any, options: dict[str, str]) -> None:
        self.calls.append(("init", name, options["pipeline"]))

    def commit(self) -> None:
        self.calls.append(("commit",))


@pytest.fixture
def jvm(monkeypatch: pytest.MonkeyPatch) -> Iterator[GlueJvm]:
    """A Spark session whose JVM has stand-ins for the classes that exist on Glue alone."""
    classes = GlueJvm()
    view = session().sparkContext._jvm
    view.__dict__.update(GlueContext=lambda context: object(), GlueLogger=object, Job=classes)
    monkeypatch.setattr(run, "on_glue", lambda: True)
    yield classes
    for name in ("GlueContext", "GlueLogger", "Job"):
        del view.__dict__[name]


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    raw.deliver(DAY, 1, events(DAY, range(3)))
    given = {"pipeline": "s3_access_log", "raw_path": raw.address, "lake_path": str(tmp_path / "lake"), "since": ""}
    return [*OF_GLUE, *(text for name, value in given.items() for text in (f"--{name}", value))]


def test_the_job_is_begun_under_its_name_and_committed(jvm: GlueJvm, arguments: list[str]) -> None:
    assert run.main([*arguments, "--JOB_NAME", "ingest-access-logs"]) is None
    assert jvm.calls == [("init", "ingest-access-logs", "s3_access_log"), ("commit",)]


def test_a_job_that_fails_is_not_committed(jvm: GlueJvm, arguments: list[str]) -> None:
    sentence = "error: until is a day such as 2024-05-07 or 20240507, not 'yesterday'"
    assert run.main([*arguments, "--until", "yesterday"]) == sentence
    assert jvm.calls == [("init", "", "s3_access_log")]


def test_elsewhere_nothing_of_glues_library_is_needed(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    for name in ("awsglue", "awsglue.utils", "awsglue.context", "awsglue.job"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    assert run.main(arguments) is None
