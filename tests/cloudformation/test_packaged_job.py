"""A job runs from the packaged template, in an environment that has only what Glue 5.1 has."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from glue_jobs.lake import Lake
from tests.cloudformation.glue_machine import glue_machine, run_job
from tests.cloudformation.rendered import Rendered
from tests.cloudformation.stacks import create, function_of
from tests.end_to_end.lakes import contents
from tests.end_to_end.sources import SOURCES, Raw, events
from tools.glue_modules import additional_modules

DAY = date(2024, 5, 7)


@pytest.fixture(scope="module")
def unpacked(template: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the artifacts of the template, decoded as in its function."""
    function = function_of(Rendered(template))
    folder = tmp_path_factory.mktemp("artifacts")
    for name in function.ARTIFACTS:
        (folder / name).write_bytes(function.content(name))
    return folder


@pytest.fixture(scope="module")
def machine(template: str, unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the additional modules of the template."""
    (job, *_) = Rendered(template).of_type("AWS::Glue::Job").values()
    requirements = unpacked / Path(job["DefaultArguments"]["--additional-python-modules"]).name
    assert job["DefaultArguments"]["--python-modules-installer-option"] == "-r"
    lines = requirements.read_text().splitlines()
    modules = {line.split(" --hash=")[0] for line in lines if not line.startswith("#")}
    return glue_machine(tmp_path_factory.mktemp("machine"), modules & {*additional_modules()})


def test_the_environment_has_no_modules_of_a_laptop(machine: Path) -> None:
    for module, there in {
        "pyspark": True,
        "pyiceberg": True,
        "duckdb": False,
        "glue_jobs": False,
        "moto": False,
    }.items():
        command = [machine / "python", "-c", f"import {module}"]
        done = subprocess.run(command, env={"PYTHONPATH": str(machine)}, cwd=machine, capture_output=True, check=False)
        assert (done.returncode == 0) is there, module


def test_a_job_runs_with_the_arguments_of_the_template(
    template: str, unpacked: Path, machine: Path, s3_endpoint: str
) -> None:
    # One job is enough: end-to-end tests cover the others.
    source = SOURCES[-1]
    job = create(template).jobs[source.pipeline.name]
    arguments = job["DefaultArguments"]
    raw = Raw(source, arguments["--raw_path"].rstrip("/"))
    raw.deliver(DAY, 0, events(DAY, range(5)), bad=1)
    script = unpacked / Path(job["Command"]["ScriptLocation"]).name
    library = unpacked / Path(arguments["--extra-py-files"]).name
    done = run_job(machine, script, library, [text for pair in arguments.items() for text in pair])
    assert done.returncode == 0, done.stderr
    assert "6 records = 5 rows + 1 rejected" in done.stdout + done.stderr
    assert len(contents(Lake(arguments["--lake_path"], arguments["--database"]), source.pipeline).rows) == 5
