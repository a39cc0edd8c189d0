"""Thirty nights of the packaged stack on an S3 and a Glue on loopback, in the order of the template's state machine.

Every night ends with reports, and with a `status` that agrees with an independent count. The jobs run in this process,
with the arguments of the template, at a simulated time.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any, ClassVar

import boto3
import pyarrow as pa
import pytest

import glue_jobs.run
from glue_jobs.cli.commands.status import STATUS
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.tables import QUERIED_TABLES
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from tests.cloudformation.rendered import Json
from tests.cloudformation.stacks import create, function_of, loaded
from tests.cloudformation.walked import Execution, JobFailedError
from tests.disturbed import appends_to, failing
from tests.end_to_end.lakes import without_spark
from tests.end_to_end.sources import ACCESS_LOGS, CLOUDTRAIL, Raw, events, put
from tests.inventories import Inventory, records
from tests.lake.maintenance import expire, rewrite
from tests.lake.test_columns import with_more_columns
from tests.query.fake_athena import FakeAthena, serving
from tools.package import artifacts, packaged

NIGHTS = 30
# Access logs are connected late, the trail later, inventories last; in many nights there is nothing new.
NEW_LOGS = {3, 6, 9, 10, 14, 16, 18, 21, 30}
NEW_EVENTS = {4, 10, 13, 16, 22, 28}
NEW_INVENTORIES = {18, 26}
# The nights when an access log is archived and restored, a run is killed, another program rewrites tables, the stack is
# updated, and the bucket of the trail is missing.
ARCHIVED, RESTORED, KILLED, REWRITTEN, UPDATED = 9, 12, 10, 14, 16
BROKEN = {18, 19, 20}
LOGS, TRAIL, INVENTORIES = "s3_access_log", "cloudtrail_s3_event", "s3_inventory_object"

# Where a job asks for the time.
CLOCKS = ("ingest.ingest", "jobs.run_job", "jobs.report_job", "jobs.outcome.metrics", "lake.table.history")


OTHERS = {table for each in PIPELINES if each.name not in (LOGS, TRAIL, INVENTORIES) for table in each.tables}


class Clock(datetime):
    """The simulated time."""

    moment: ClassVar[datetime]

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.moment.astimezone(tz) if tz else cls.moment.replace(tzinfo=None)


class KilledError(BaseException):
    """The process of a job ends here; nothing after it happens."""


@dataclass
class Truth:
    """The objects of one source with their records: those no run has taken yet, those archived, those ingested."""

    waiting: dict[str, int] = field(default_factory=dict)
    archived: dict[str, int] = field(default_factory=dict)
    ingested: dict[str, int] = field(default_factory=dict)


class Rehearsal:
    """The stack, its raw buckets, and what is true about them."""

    def __init__(self, template: str) -> None:
        self.s3 = boto3.client("s3")
        self.rendered = create(
            template,
            "trails{mark}",
            ExistingTrailBucket="trails{mark}",
            CloudFrontLogs="off",
            RunSummaries="off",
            Inventories="off",
            ReportSubjects="together",
        )
        self.trail_bucket = self.rendered.parameters["ExistingTrailBucket"]
        self.carried: dict[str, bytes] = {}
        self.loaded: set[str] = set()
        self.deploy(template, artifacts())
        self.lake = Lake(f"s3://{self.rendered.ref('LakeBucket')}", self.rendered.parameters["GlueDatabaseName"])
        self.raw: dict[str, Raw] = {}
        for source in (ACCESS_LOGS, CLOUDTRAIL):
            arguments = self.rendered.jobs[source.pipeline.name]["DefaultArguments"]
            self.raw[source.pipeline.name] = Raw(source, arguments["--raw_path"].rstrip("/"))
        bucket = self.rendered.ref("LogBucket")
        self.inventory = Inventory(f"s3://{bucket}/s3-inventory", destination=bucket)
        self.truth = {name: Truth() for name in (LOGS, TRAIL, INVENTORIES)}
        # The numbers of the requests in each object, and the objects whose rows are in the lake.
        self.requests: dict[str, set[int]] = {}
        self.stored: set[str] = set()

    def deploy(self, template: str, carried: dict[str, bytes], **changed: str) -> None:
        """Create or update the stack: the function writes the new artifacts, and deletes the old ones at last."""
        old = self.rendered.resources["Artifacts"]["Properties"] if self.carried else None
        self.rendered, self.carried = self.rendered.updated(template, **changed), carried
        function = function_of(self.rendered)
        properties = self.rendered.resources["Artifacts"]["Properties"]
        function.artifacts({"RequestType": "Update" if old else "Create", "ResourceProperties": properties})
        if old:
            assert old["Prefix"] != properties["Prefix"]
            function.artifacts({"RequestType": "Delete", "PhysicalResourceId": f"{old['Bucket']}/{old['Prefix']}"})

    def run_job(self, name: str, arguments: Json) -> None:
        """Run a job as AWS Glue does: load its files, then call the script with its arguments."""
        job = next(each for each in self.rendered.jobs.values() if each["Name"] == name)
        given = {**job["DefaultArguments"], **arguments}
        source = given["--pipeline"]
        for location in {*loaded(job)} - self.loaded:
            bucket, _, key = location.removeprefix("s3://").partition("/")
            content = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            assert content == self.carried[location.rpartition("/")[2]]
        self.loaded |= {*loaded(job)}
        try:
            problem = glue_jobs.run.main([text for pair in given.items() for text in pair])
        except KilledError:
            self.forget_engine()
            self.stored |= self.truth[source].waiting.keys()
            raise JobFailedError("the worker was lost") from None
        if problem:
            raise JobFailedError(str(problem))
        if source in self.truth and self.truth[source].waiting:
            truth = self.truth[source]
            self.forget_engine()
            self.stored |= truth.waiting.keys()
            truth.ingested |= truth.waiting
            truth.waiting = {}

    def deliver(self, source: str, day: date, number: int) -> str:
        """An object of the day with five records, one of which cannot be parsed."""
        new = range(number * 10, number * 10 + 4)
        address = self.raw[source].deliver(day, number, events(day, new), bad=1)
        self.truth[source].waiting[address] = 5
        self.requests[address] = {*new}
        return address

    def deliver_inventory(self, day: date, objects: int) -> None:
        address = self.inventory.deliver(datetime.combine(day, time(1, 30)), records(objects))
        self.truth[INVENTORIES].waiting[address] = objects

    def archive(self, source: str, address: str) -> None:
        truth, raw = self.truth[source], self.raw[source]
        truth.archived[address] = truth.waiting.pop(address)
        self.forget_engine()
        put_object(address, raw.objects[address], StorageClass="GLACIER")

    def restore(self, source: str) -> None:
        truth = self.truth[source]
        for address in truth.archived:
            put(address, self.raw[source].objects[address])
        truth.waiting |= truth.archived
        truth.archived = {}

    def remove_trail(self) -> None:
        """Somebody deletes the bucket of the trail."""
        for address in self.raw[TRAIL].objects:
            self.s3.delete_object(Bucket=self.trail_bucket, Key=address.removeprefix(f"s3://{self.trail_bucket}/"))
        self.s3.delete_bucket(Bucket=self.trail_bucket)

    def bring_back_trail(self) -> None:
        self.s3.create_bucket(Bucket=self.trail_bucket)
        for address, content in self.raw[TRAIL].objects.items():
            put(address, content)

    def rewrite_tables(self) -> None:
        """Another program rewrites tables, and keeps one snapshot of each."""
        for table in (ACCESS_LOGS.pipeline.table, CLOUDTRAIL.pipeline.table, INGESTED_OBJECT):
            rewrite(self.lake, table)
            expire(self.lake, table)

    def update_stack(self) -> None:
        """A new version of the template, whose jobs know more columns. Inventories are switched on with it."""
        carried = {**artifacts(), "run.py": artifacts()["run.py"] + b"# The next version.\n"}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tools.package.artifacts", lambda: carried)
            self.deploy(packaged(), carried, Inventories="on")
        for table in (ACCESS_LOGS.pipeline.table, INGESTED_OBJECT):
            self.lake.create(with_more_columns(table))

    @cached_property
    def engine(self) -> QueryEngine:
        """DuckDB over the lake after the last job that found something new."""
        return open_engine(self.lake)

    def forget_engine(self) -> None:
        """Read the lake again from now on; what it has read stays right in nights with nothing new."""
        if "engine" in self.__dict__:
            self.engine.__exit__(None, None, None)
            del self.engine

    def status(self) -> dict[str, tuple[int, int, int]]:
        """Of each source: objects, records and unreadable objects, as `usage-lake status` shows them."""
        rows = self.engine.run(STATUS).to_pylist()
        for row in rows:
            parts = (row[name] or 0 for name in ("rows", "rejected", "duplicates", "filtered"))
            assert (row["records"] or 0) == sum(parts), row["pipeline"]
        found = {row["pipeline"]: (row["objects"], row["records"] or 0, row["unreadable"]) for row in rows}
        return {name: found[name] for name in self.truth}

    def true_status(self) -> dict[str, tuple[int, int, int]]:
        return {
            name: (len(truth.ingested), sum(truth.ingested.values()), len(truth.archived))
            for name, truth in self.truth.items()
        }

    def published(self, name: str) -> str:
        folder = self.rendered.jobs["report"]["DefaultArguments"]["--report_path"].removeprefix("s3://")
        bucket, _, prefix = folder.partition("/")
        return self.s3.get_object(Bucket=bucket, Key=f"{prefix}{name}")["Body"].read().decode()


def put_object(address: str, content: bytes, **more: str) -> None:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content, **more)


def economize(patch: pytest.MonkeyPatch) -> None:
    """What each job loads anew in its own process is loaded once for all of them."""
    clients: dict[str, Any] = {}
    client = boto3.Session.client

    def known_client(session: boto3.Session, *given: Any, **more: Any) -> Any:
        name = f"{given} {more.get('region_name')}"
        if name not in clients:
            clients[name] = client(session, *given, **more)
        return clients[name]

    patch.setattr(boto3.Session, "client", known_client)
    patch.setattr(SavedQuery, "all", staticmethod(cache(SavedQuery.all)))


def look_after_tables(patch: pytest.MonkeyPatch, night: int) -> None:
    """In most nights, the jobs do not look whether the tables are up to date, which takes most of their requests.

    The tables of sources that are off would stay empty.
    """
    tables = [table for table in QUERIED_TABLES if table not in OTHERS]
    for module in ("ingest.create_tables", "jobs.report_job"):
        patch.setattr(f"glue_jobs.{module}.QUERIED_TABLES", tables if night in (1, 2, UPDATED) else tables[:1])


@pytest.fixture
def stack(template: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    without_spark(monkeypatch)
    economize(monkeypatch)
    for module in CLOCKS:
        monkeypatch.setattr(f"glue_jobs.{module}.datetime", Clock)
    stack = Rehearsal(template)
    bucket = stack.rendered.ref("ResultBucket")

    def answer(sql: str) -> pa.Table:
        return stack.engine.run(sql, today=Clock.moment.date())

    with serving(FakeAthena(answer, f"s3://{bucket}/athena")):
        yield stack


def happens(stack: Rehearsal, night: int, day: date) -> None:
    """What is delivered on the day before the night, and what others do to the stack."""
    yesterday = day - timedelta(days=1)
    if night in NEW_LOGS:
        address = stack.deliver(LOGS, yesterday, night)
        if night == ARCHIVED:
            stack.archive(LOGS, address)
    if night in NEW_EVENTS:
        stack.deliver(TRAIL, yesterday, night)
    if night in NEW_INVENTORIES:
        stack.deliver_inventory(day, night)
    steps = {
        RESTORED: lambda: stack.restore(LOGS),
        REWRITTEN: stack.rewrite_tables,
        UPDATED: stack.update_stack,
        min(BROKEN): stack.remove_trail,
        max(BROKEN) + 1: stack.bring_back_trail,
    }
    if night in steps:
        steps[night]()


def test_thirty_nights_end_with_reports_and_a_true_status(stack: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    for night in range(1, NIGHTS + 1):
        day = datetime.now(UTC).date() + timedelta(days=night)
        Clock.moment = datetime.combine(day, time(2), UTC)
        look_after_tables(monkeypatch, night)
        happens(stack, night, day)
        # The process of the job ends when its rows are committed and its ledger is not.
        kill = failing(LoadedTable, "append", KilledError(), when=appends_to(TRAIL), after=True)
        with kill if night == KILLED else nullcontext():
            execution = Execution(stack.run_job, f"{Clock.moment:%Y-%m-%dT%H:%M:%SZ}")
            machine = stack.rendered.of_type("AWS::StepFunctions::StateMachine")["DailyRun"]["Definition"]
            verdict, output = execution.run(machine)
        failed = [TRAIL] if night == KILLED or night in BROKEN else []
        assert verdict == ("FAILED" if failed else "SUCCEEDED"), output
        assert not failed or [each["job"] for each in output] == [stack.rendered.jobs[TRAIL]["Name"]]
        check_night(stack, day, failed)
    assert not any(truth.waiting or truth.archived for truth in stack.truth.values())


def check_night(stack: Rehearsal, day: date, failed: list[str]) -> None:
    assert stack.status() == stack.true_status()
    manifest = json.loads(stack.published(f"manifest-{day:%Y%m%d}.json"))
    assert manifest["failed"] == []
    assert [text.split()[0] for text in manifest["stale"]] == failed
    completeness = stack.published(f"together/log_completeness-{day:%Y%m%d}.csv")
    reads = [int(row["reads"]) for row in csv.DictReader(io.StringIO(completeness))]
    assert sum(reads) == len(set().union(*(stack.requests.get(address, set()) for address in stack.stored)))
