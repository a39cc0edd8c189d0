"""State machines of the template, executed by moto's interpreter of the Amazon States Language on its AWS Glue."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.glue.exceptions import ConcurrentRunsExceededException, GlueClientError
from moto.glue.models import FakeJob, glue_backends
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations.is_operator import (
    IsTimestamp,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk as aws_sdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.states import ExecutionData
from moto.stepfunctions.parser.backend import execution_worker

from tests.cloudformation.rendered import PSEUDO, Json, Rendered

ROLE = f"arn:aws:iam::{PSEUDO['AWS::AccountId']}:role/any"
PATIENCE_SECONDS = 20.0

# Errors of a start while a run of the job is active, and of a start above AWS Glue's rate limit. Step Functions names
# them so: https://repost.aws/questions/QUVo7mhaGrRlyGUQ8A3EBpsQ
ALREADY_RUNS, THROTTLED = "ALREADY_RUNS", "AWSGlueException"


@dataclass
class Jobs:
    """The outcomes of the starts of each job, in order; without an entry, the run succeeds.

    ``started`` has the name and the arguments of each run. ``during_wait`` has functions to call during the waits of a
    state machine, one for each; the waits take no time, and ``waited`` records their seconds.
    """

    outcomes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    started: list[tuple[str, Json]] = field(default_factory=list)
    during_wait: list[Callable[[], object]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of the started jobs, in order."""
        return [name for name, _ in self.started]

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        if self.during_wait:
            self.during_wait.pop(0)()


@contextmanager
def jobs_of(rendered: Rendered) -> Iterator[Jobs]:
    """An AWS Glue that has the jobs of the template."""
    jobs = Jobs()
    original = FakeJob.start_job_run

    def start(job: FakeJob, **options: Any) -> str:
        outcomes = jobs.outcomes[job.name]
        outcome = outcomes.pop(0) if outcomes else "SUCCEEDED"
        if outcome == ALREADY_RUNS:
            raise ConcurrentRunsExceededException(f"{job.name} already runs")
        if outcome == THROTTLED:
            raise GlueClientError(THROTTLED, "Rate exceeded (Error Code: ThrottlingException)")
        run_id = original(job, **options)
        jobs.started.append((job.name, options["arguments"] or {}))
        job.job_runs[-1].status, job.job_runs[-1]._transitions = outcome, []
        # GetJobRuns returns the newest run first.
        job.job_runs.insert(0, job.job_runs.pop())
        return run_id

    with pytest.MonkeyPatch.context() as patch, mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.setenv("AWS_DEFAULT_REGION", PSEUDO["AWS::Region"])
        patch.setattr(FakeJob, "start_job_run", start)
        patch.setattr(StateTaskServiceGlue, "_get_glue_client", lambda *_, **__: _glue_with_plain_times())
        patch.setattr(WaitFunction, "_wait_interval", lambda _, env, wait_seconds: jobs.wait(wait_seconds))
        patch.setattr(aws_sdk, "boto_client_for", lambda **_: _glue_with_plain_times())
        # moto reads no fractions of seconds.
        patch.setattr(IsTimestamp, "string_to_timestamp", staticmethod(datetime.fromisoformat))
        patch.setattr(StateTaskServiceGlue, "_eval_integration_pattern", _follow_run)
        patch.setattr(execution_worker, "ExecutionData", _execution_data)
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=jobs.wait))
        for job in rendered.of_type("AWS::Glue::Job").values():
            known = ("Name", "Role", "Command", "DefaultArguments", "ExecutionProperty")
            boto3.client("glue").create_job(**{name: job[name] for name in known})
        yield jobs


def end_run(job: str) -> None:
    """The active run of the job succeeds."""
    glue_backends[PSEUDO["AWS::AccountId"]][PSEUDO["AWS::Region"]].get_job(job).job_runs[0].status = "SUCCEEDED"


def execute(rendered: Rendered, name: str) -> Json:
    """Run a state machine of the template to its end; returns the description of the execution."""
    client = boto3.client("stepfunctions")
    definition = json.dumps(rendered.of_type("AWS::StepFunctions::StateMachine")[name]["Definition"])
    machine = client.create_state_machine(name=f"{name}-{time.monotonic_ns()}", definition=definition, roleArn=ROLE)
    execution = client.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]
    until = time.monotonic() + PATIENCE_SECONDS
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until, "the execution does not end"
        time.sleep(0.01)
    return dict(found)


def _follow_run(service: StateTaskServiceGlue, env: Environment, **arguments: Any) -> None:
    """Wait for a job run. It replaces moto's function, which fails for every service without task tokens."""
    env.stack.append(service._build_sync_resolver(env=env, **arguments)())


def _glue_with_plain_times() -> Any:
    """A client whose runs have times as texts: states are JSON, and moto does not convert the client's responses."""
    client = boto3.client("glue")
    for name in ("get_job_run", "get_job_runs"):
        setattr(client, name, partial(_with_plain_times, getattr(client, name)))
    return client


def _with_plain_times(operation: Callable[..., Any], **options: Any) -> Any:
    return json.loads(json.dumps(operation(**options), default=_plain))


def _plain(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _execution_data(**values: Any) -> ExecutionData:
    return ExecutionData(**{**values, "StartTime": _plain(values["StartTime"])})
