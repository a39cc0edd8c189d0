"""The role of each job has the rights that the job uses, and no others."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

import glue_jobs.ingest.create_tables
from glue_jobs.config import Privacy
from glue_jobs.errors import StorageError
from glue_jobs.jobs.arguments.declared import REPORT
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.publish.public.months import PublicMonth, file_name
from glue_jobs.publish.public.suppression import ShownMonth
from glue_jobs.publish.report_set import AS_JSON, public_report
from glue_jobs.query import athena
from glue_jobs.query.glue_views import view_table
from glue_jobs.query.saved.view import SavedView, base_tables
from glue_jobs.sample.scenario.clients.place_database import write_database
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.cloudformation.acting import Used, acting_as, enforced, many
from tests.cloudformation.rendered import USAGE_PIPELINES, Json, Rendered
from tests.cloudformation.stacks import create, loaded, run_as
from tests.end_to_end.lakes import without_spark
from tests.end_to_end.sources import SOURCES, Raw, events, put
from tests.inventories import Inventory, records
from tests.query.fake_athena import FakeAthena, serving
from tools.package import packaged
from tools.wheels import bundle_name

DAY = date(2024, 5, 7)
NIGHT = datetime(2024, 5, 7, 1)

SHARED_TABLES = (REJECTED_RECORD, INGESTED_OBJECT)

# Statements on tables of which each job uses some.
SHARED_STATEMENTS = ("WriteSharedTables", "UpdateSharedTables")

# A job goes on without them.
OPTIONAL = ("DeleteManifests",)

# Statements and rights that no request of these tests uses, and who uses them.
UNSEEN = {
    "WriteLogs": "AWS Glue writes the job's logs.",
    "WriteMetrics": "AWS Glue writes the job's metrics.",
    "s3:AbortMultipartUpload": "Clients upload large objects in parts, and abort an upload that fails.",
    "WriteSharedTables s3:DeleteObject": "A run that fails deletes the rejects and the ledger it has written.",
    "athena:StopQueryExecution": "An interrupted job stops its query.",
    # https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
    "glue:GetDatabases": "Athena asks for it when its console lists the databases.",
    # https://docs.aws.amazon.com/athena/latest/ug/example-policies-workgroup.html
    "athena:GetWorkGroup": "Athena asks for it to run queries in a workgroup.",
}


class Stack:
    """The stack's buckets on a loopback S3, its job of one pipeline, and ``used``: the rights its runs needed."""

    def __init__(self, template: str, pipeline: str) -> None:
        self.used: Used = set()
        self.rendered = create(
            template,
            "own{mark}",
            "summaries{mark}",
            ConfigurationUri="s3://own{mark}/conf/usage.yaml",
            GlueScriptLocation="s3://own{mark}/run.py",
            WheelsUri=f"s3://own{{mark}}/{bundle_name()}",
            ReportSubjects="together",
            InventoryPrefix="inv/",
            RunSummaryBucket="summaries{mark}",
        )
        own = f"s3://own{self.rendered.mark}"
        put(f"{own}/conf/usage.yaml", CONFIGURATION)
        put(f"{own}/conf/vpn.txt", b"192.0.2.0/24")
        put(f"{own}/conf/meta.json", b'{"hooks": ["192.0.2.0/24"]}')
        put(f"{own}/conf/countries.mmdb", _countries())
        put(f"{own}/conf/names.csv", b"account,name\n111122223333,Example\n")
        put(f"{own}/conf/ids.json", b"{}")
        put(f"{own}/conf/zarr.json.gz", gzip.compress(b"{}"))
        self.job = self.rendered.jobs[pipeline]
        self.arguments = self.job["DefaultArguments"]
        for location in loaded(self.job):
            put(location, b"")
        self._pipeline = pipeline
        if pipeline == REPORT:
            Lake(self.arguments["--lake_path"], self.arguments["--database"]).create(INGESTED_OBJECT)
            numbers = dict.fromkeys(("downloads", "bytes_sent", "readers"), "<10")
            shown = ShownMonth([{"breakdown": "total", **numbers}], 3, {})
            month = PublicMonth.of(date(2026, 1, 1), shown, Privacy(), ())
            put(f"{self.arguments['--public_path']}{file_name(public_report(), month, AS_JSON)}", month.text.encode())
        else:
            self._deliver = delivery(pipeline, self.arguments["--raw_path"].rstrip("/"))

    def run(self, statements: list[Json]) -> None:
        """Run the job on new raw objects with a role that has these statements; raises if a request is refused."""
        if self._pipeline != REPORT:
            self._deliver()
        # Every run creates a table of another source: one is always missing.
        foreign = next(each.table for each in USAGE_PIPELINES if each.name != self._pipeline)
        glue = boto3.client("glue")
        with suppress(glue.exceptions.EntityNotFoundException):
            glue.delete_table(DatabaseName=self.rendered.parameters["GlueDatabaseName"], Name=foreign.name)
        self._age_views()
        athena = AthenaForTheCaller(self.rendered)
        with serving(athena), pytest.MonkeyPatch.context() as patch:
            if self._pipeline != REPORT:
                # Of the tables of other sources one is enough: creating each takes time.
                tables = (*BY_NAME[self._pipeline].tables, foreign, *SHARED_TABLES)
                patch.setattr(glue_jobs.ingest.create_tables, "QUERIED_TABLES", tables)
            run_as(statements, self.used, self.job)
        self._check_views()
        self.used |= {("Ask", f"athena:{operation}") for operation in athena.operations}

    def _age_views(self) -> None:
        """Leave the views that the job may replace as an older version of the program made them, and no others."""
        glue, database = boto3.client("glue"), self.rendered.parameters["GlueDatabaseName"]
        for view in SavedView.all():
            with suppress(glue.exceptions.EntityNotFoundException):
                glue.delete_table(DatabaseName=database, Name=view.name)
        for view in self._views():
            old = replace(view, select="SELECT 1")
            glue.create_table(DatabaseName=database, TableInput=view_table(old, database))

    def _check_views(self) -> None:
        """A job goes on if it may not replace a view."""
        glue, database = boto3.client("glue"), self.rendered.parameters["GlueDatabaseName"]
        for view in self._views():
            stored = glue.get_table(DatabaseName=database, Name=view.name)["Table"]
            if stored["ViewOriginalText"] != view_table(view, database)["ViewOriginalText"]:
                raise PermissionError(f"the view {view.name} was not replaced")

    def _views(self) -> list[SavedView]:
        """The views on the tables that the job may replace."""
        own = {table.name for table in (TABLES if self._pipeline == REPORT else BY_NAME[self._pipeline].tables)}
        return [view for view in SavedView.all() if base_tables([view.name]) & own]


CONFIGURATION = """
subscribers: [{csv: names.csv}]
datasets:
  - {mapping: ids.json, keys: ["blobs/{id}"]}
  - {mapping: zarr.json.gz, keys: ["zarr/{id}/…"]}
places:
  networks: [{label: GitHub, file: meta.json}, {label: VPN, file: vpn.txt}]
  addresses: [countries.mmdb]
""".encode()


@cache
def _countries() -> bytes:
    with NamedTemporaryFile() as file:
        record = {"country": {"iso_code": "FR"}}
        write_database(Path(file.name), {"192.0.2.0/24": record}, "DBIP-Country-Lite", date(2026, 11, 1))
        return Path(file.name).read_bytes()


def delivery(pipeline: str, raw_path: str) -> Callable[[], None]:
    """A function that delivers three more records of a source at each call."""
    numbers = count()
    if pipeline == "run_summary":
        return lambda: _deliver_summaries(raw_path, f"SRR{next(numbers)}")
    source = next((source for source in SOURCES if source.pipeline.name == pipeline), None)
    if source is None:
        inventory = Inventory(raw_path, destination=raw_path.removeprefix("s3://").split("/")[0])
        first, *others = records(3)

        def deliver() -> None:
            # The second snapshot has a change and a record that is rejected.
            inventory.deliver(NIGHT + timedelta(days=next(numbers)), [first, *others])
            inventory.deliver(NIGHT + timedelta(days=next(numbers)), [*others, {**first, "Size": "much"}])

    else:
        raw = Raw(source, raw_path)

        def deliver() -> None:
            number = next(numbers)
            raw.deliver(DAY, number, events(DAY, range(number * 10, number * 10 + 3)), bad=1)

    return deliver


def _deliver_summaries(raw_path: str, run: str) -> None:
    """Summaries of all kinds with a row for each table, and a line that is rejected."""
    hit = "score=8;pctid=93;depth=3.2;"
    put(
        f"{raw_path}/summary2/{run}.summary",
        f"readlength=9;SUMZER_COMMENT=sra={run},genome=g,version=1,date=1;\n"
        f"famcvg=_;fam=A;{hit}aln=2;glb=4;len=8;top=N;topscore=8;toplen=7;topname=a;\n"
        f"seqcvg=_;seq=N;{hit}aln=2;glb=4;len=8;family=A;name=a;\nmore\n".encode(),
    )
    first = f"sra={run};SUMZER_COMMENT=sra={run},genome=g,date=1,type=protein;totalalns=3;readlength=9;truncated=no;"
    proteins = ("famcvg=_;fam=A", "gencvg=_;gen=A.B", "seqcvg=_;seq=A.B.C")
    viruses = ("phycvg=_;phy=kiti", "famcvg=_;fam=kiti.A-1", "vircvg=_;vir=kiti.A-1.a:B")
    for folder, sections, numbers in (
        ("psummary", proteins, "score=8;pctid=93;alns=2;avgcols=3;"),
        ("rsummary", viruses, f"{hit}alns=2;avgcols=3;"),
    ):
        lines = [first, *(f"sra={run};{section};{numbers}" for section in sections)]
        put(f"{raw_path}/{folder}/{run}.psummary", "\n".join(lines).encode())


class AthenaForTheCaller(FakeAthena):
    """An Athena that uses its caller's credentials as the real one does.

    https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
    https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
    """

    def __init__(self, rendered: Rendered) -> None:
        super().__init__(
            lambda _: pa.table({"answer": pa.array([], pa.int64())}), f"s3://{rendered.ref('ResultBucket')}/athena"
        )
        self._bucket, self._lake = rendered.ref("ResultBucket"), rendered.ref("LakeBucket")
        self._database = rendered.parameters["GlueDatabaseName"]

    @cached_property
    def _clients(self) -> tuple[Any, Any]:
        session = boto3.Session()
        return session.client("s3"), session.client("glue")

    def StartQueryExecution(self, request: Json) -> Json:
        s3, glue = self._clients
        try:
            s3.get_bucket_location(Bucket=self._bucket)
            s3.list_objects_v2(Bucket=self._bucket, Prefix="athena/")
            self._upload_in_parts(s3)
            with suppress(glue.exceptions.EntityNotFoundException):
                glue.get_database(Name="default")
            glue.get_database(Name=self._database)
            tables = glue.get_tables(DatabaseName=self._database)["TableList"]
            glue.get_table(DatabaseName=self._database, Name=tables[0]["Name"])
            glue.get_partitions(DatabaseName=self._database, TableName=tables[0]["Name"])
            metadata = tables[0]["Parameters"]["metadata_location"].removeprefix(f"s3://{self._lake}/")
            s3.get_bucket_location(Bucket=self._lake)
            s3.list_objects_v2(Bucket=self._lake)
            s3.get_object(Bucket=self._lake, Key=metadata)
            answer = super().StartQueryExecution(request)
            s3.get_object(Bucket=self._bucket, Key=f"athena/{answer['QueryExecutionId']}.csv")
        except (ClientError, StorageError) as error:
            raise ValueError(str(error)) from error
        return answer

    def _upload_in_parts(self, s3: Any) -> None:
        upload = {"Bucket": self._bucket, "Key": "athena/large.csv"}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        s3.list_multipart_uploads(Bucket=self._bucket)
        s3.list_parts(**upload)
        s3.abort_multipart_upload(**upload)


@cache
def stack_for(pipeline: str) -> Stack:
    """One stack for all runs of a pipeline, so that tables are created once."""
    return Stack(packaged(), pipeline)


def cases() -> Iterator[tuple[str, str]]:
    """Pipelines with each statement of their role; statements that roles share come once."""
    own = {"ConfigurationUri": "usage.yaml", "GlueScriptLocation": "run.py", "WheelsUri": bundle_name()}
    rendered = Rendered(packaged(), **{name: f"s3://own/{key}" for name, key in own.items()})
    seen = set()
    # A test of the template names a source that has no job yet; an error here would stop all tests.
    for pipeline in (name for name in (*(each.name for each in USAGE_PIPELINES), REPORT) if name in rendered.jobs):
        for sid, statement in rendered.statements_of(rendered.jobs[pipeline]).items():
            if enforced(statement) and sid not in seen and sid not in OPTIONAL:
                seen.add(sid)
                yield pipeline, sid


@pytest.fixture(autouse=True)
def _here(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_spark(monkeypatch)


def rights(statements: dict[str, Json]) -> Used:
    """All rights in the statements but those whose use is unseen."""
    found = {
        (sid, right)
        for sid, statement in statements.items()
        for right in (*many(statement["Action"]), *(many(statement["Resource"]) if enforced(statement) else ()))
    }
    return without_unseen(found)


def without_unseen(rights: Used) -> Used:
    return {(sid, right) for sid, right in rights if not {sid, right, f"{sid} {right}"} & UNSEEN.keys()}


@pytest.mark.parametrize("pipeline", [pipeline.name for pipeline in USAGE_PIPELINES])
def test_a_job_has_exactly_the_rights_it_uses(pipeline: str, capfd: pytest.CaptureFixture[str]) -> None:
    stack = stack_for(pipeline)
    statements = stack.rendered.statements_of(stack.job)
    stack.run([statement for statement in statements.values() if enforced(statement)])
    assert re.search("ingested [0-9]+ (?:object|snapshot)s?: [0-9]+ records = [0-9]+ rows", capfd.readouterr().err)
    mine = {sid: statement for sid, statement in statements.items() if sid not in SHARED_STATEMENTS}
    assert {(sid, right) for sid, right in without_unseen(stack.used) if sid in mine} == rights(mine)


@pytest.mark.parametrize("sid", SHARED_STATEMENTS)
def test_some_job_uses_each_right_on_shared_tables(sid: str) -> None:
    def general(rights: Used, stack: Stack) -> set[str]:
        names = (stack.rendered.parameters["GlueDatabaseName"], stack.rendered.ref("LakeBucket"))
        return {right.replace(names[0], "DATABASE").replace(names[1], "LAKE") for each, right in rights if each == sid}

    used, there = set[str](), set[str]()
    for stack in (stack_for(pipeline.name) for pipeline in USAGE_PIPELINES):
        statements = stack.rendered.statements_of(stack.job)
        if not stack.used:
            stack.run([statement for statement in statements.values() if enforced(statement)])
        used |= general(without_unseen(stack.used), stack)
        there |= general(rights(statements), stack)
    assert used == there


def test_the_report_job_has_exactly_the_rights_it_uses(capfd: pytest.CaptureFixture[str]) -> None:
    stack = stack_for(REPORT)
    statements = stack.rendered.statements_of(stack.job)
    stack.run([statement for statement in statements.values() if enforced(statement)])
    output = capfd.readouterr().err
    assert re.search(rf"[0-9]+ reports in [0-9]+ files are in {stack.arguments['--report_path'].rstrip('/')}", output)
    # The job deletes the result objects of Athena.
    assert "was not deleted" not in output
    assert without_unseen(stack.used) == rights(statements)


def test_an_analyst_has_exactly_the_rights_that_a_query_needs() -> None:
    stack = stack_for(REPORT)
    document = stack.rendered.of_type("AWS::IAM::ManagedPolicy")["AnalystPolicy"]["PolicyDocument"]
    statements = {statement["Sid"]: statement for statement in document["Statement"]}
    used: Used = set()
    database, workgroup = stack.arguments["--database"], stack.arguments["--workgroup"]
    served = AthenaForTheCaller(stack.rendered)
    own = [statement for statement in statements.values() if enforced(statement)]
    with acting_as(own, used), serving(served):
        assert athena.Athena(database, workgroup, SilentReporter()).run("SELECT 1 AS answer").column_names == ["answer"]
    assert without_unseen(used) == rights({statement["Sid"]: statement for statement in own})
    assert {f"athena:{operation}" for operation in served.operations} <= set(statements["Query"]["Action"])
    # Each operation of Athena on the catalog needs that of AWS Glue.
    browsing = {action.partition(":")[2] for action in statements["BrowseTablesInTheConsole"]["Action"]}
    of_glue = {"ListDatabases": "GetDatabases", "ListTableMetadata": "GetTables", "GetTableMetadata": "GetTable"}
    assert {f"glue:{of_glue.get(each, each)}" for each in browsing} <= set(statements["ReadTables"]["Action"])


@pytest.mark.parametrize(("pipeline", "left_out"), [*cases()])
def test_a_job_fails_without_any_one_statement(pipeline: str, left_out: str, capfd: pytest.CaptureFixture[str]) -> None:
    stack = stack_for(pipeline)
    statements = stack.rendered.statements_of(stack.job)
    with pytest.raises((PermissionError, ClientError)) as failure:
        stack.run([each for sid, each in statements.items() if sid != left_out and enforced(each)])
    output = f"{failure.value} {capfd.readouterr().err}"
    assert re.search("(?i)access.?denied|not authorized", output), output
