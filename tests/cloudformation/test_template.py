"""The rendered template: moto's CloudFormation ignores most of its resource types."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.enrich.readers.key_file import FIRST_DAY
from glue_jobs.enrich.readers.keys import ReaderKeys
from glue_jobs.ingest.staging.run_folder import DEAD_AFTER
from glue_jobs.jobs.arguments.declared import ARGUMENTS, INGEST_JOB, REPORT, REPORT_JOB
from glue_jobs.jobs.arguments.glue import parse as parse_arguments
from glue_jobs.jobs.outcome import metrics
from glue_jobs.publish.report_set import report_set
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.tables import TABLES
from tests.cloudformation.acting import many
from tests.cloudformation.rendered import PSEUDO, USAGE_PIPELINES, Json, Rendered
from tools.package import TEMPLATE, ZONES
from tools.wheels import bundle_name

KEY = "arn:aws:kms:us-east-1:123456789012:key/example"
EVERYTHING = {
    "TrailBuckets": "first,second",
    "AlarmEmail": "owner@example.com",
    "WeeklyDigest": "on",
    "KmsKeyArn": KEY,
    "LakeFormation": "on",
    "ConfigurationUri": "s3://own/usage.yaml",
    "WheelsUri": f"s3://own/{bundle_name()}",
    "ReportBucket": "published",
    "ReportSubjects": "storage",
    "ExpireAfterDays": "400",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
}

# What must outlive the stack: data, names that queries are saved under, and the keys that rows were made with.
RETAINED = ("AWS::S3::Bucket", "AWS::Glue::Database", "AWS::Athena::WorkGroup", "AWS::SecretsManager::Secret")

# Arguments that Glue handles: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
OF_GLUE = {
    "--extra-py-files",
    "--additional-python-modules",
    "--python-modules-installer-option",
    "--conf",
    "--enable-auto-scaling",
    "--enable-metrics",
    "--enable-observability-metrics",
    "--custom-logGroup-prefix",
}


def test_every_source_has_a_job_in_the_template(template: str) -> None:
    found = set(Rendered(template).jobs)
    without = {*(pipeline.name for pipeline in USAGE_PIPELINES), REPORT} - found
    assert not without, f"add a job and a role for {without} to cloudformation/usage_lake.yaml"
    assert found <= {table.name for table in TABLES} | {REPORT}


def test_jobs_pass_exactly_the_declared_arguments(template: str) -> None:
    for pipeline, job in Rendered(template).jobs.items():
        kind = REPORT_JOB if pipeline == REPORT else INGEST_JOB
        declared = {f"--{argument.name}" for argument in ARGUMENTS if kind in argument.jobs and argument.on_glue}
        assert set(job["DefaultArguments"]) - OF_GLUE == declared, pipeline


def test_the_arguments_of_jobs_can_be_parsed(template: str) -> None:
    for pipeline, job in Rendered(template).jobs.items():
        values = parse_arguments([text for pair in job["DefaultArguments"].items() for text in pair])
        assert values["pipeline"] == pipeline
        assert values["lake_path"] == "s3://lake-bucket"
        assert values["database"] == "adx_metrics_curated"


def test_jobs_run_on_glue_5_1_one_at_a_time_and_shorter_than_dead_runs_are_kept(template: str) -> None:
    for job in Rendered(template).jobs.values():
        assert (job["GlueVersion"], job["Command"]["Name"], job["Command"]["PythonVersion"]) == ("5.1", "glueetl", "3")
        # The state machines wait for a run that is active; a queue would hide it from them.
        assert (job["ExecutionProperty"], "JobRunQueuingEnabled" in job) == ({"MaxConcurrentRuns": 1}, False)
        assert job["Timeout"] * 60 < DEAD_AFTER.total_seconds()
        arguments = job["DefaultArguments"]
        assert arguments["--conf"] == "spark.hadoop.fs.s3a.endpoint.region=us-east-1"
        assert arguments["--enable-observability-metrics"] == "true"


def test_ingest_jobs_scale_as_configured(template: str) -> None:
    found = Rendered(template, WorkerType="G.2X", NumberOfWorkers="20", LookBackDays="7").jobs
    for pipeline in USAGE_PIPELINES:
        job = found[pipeline.name]
        assert (job["WorkerType"], job["NumberOfWorkers"]) == ("G.2X", "20")
        assert job["DefaultArguments"]["--enable-auto-scaling"] == "true"
    assert found["s3_access_log"]["DefaultArguments"]["--look_back_days"] == "7"
    assert found["cloudtrail_s3_event"]["DefaultArguments"]["--look_back_days"] == "7"


def test_ingest_jobs_may_wait_for_spare_capacity_and_the_report_job_holds_one_worker() -> None:
    found = Rendered(TEMPLATE, ExecutionClass="FLEX").jobs
    assert {found[pipeline.name]["ExecutionClass"] for pipeline in USAGE_PIPELINES} == {"FLEX"}
    report = found[REPORT]
    assert (report["WorkerType"], report["NumberOfWorkers"], "ExecutionClass" in report) == ("G.1X", 2, False)
    assert report["DefaultArguments"]["--enable-auto-scaling"] == "true"
    sentence = "ExecutionClass FLEX has workers G.1X and G.2X only."
    assert Rendered(TEMPLATE, ExecutionClass="FLEX", WorkerType="R.1X").rules_broken() == [sentence]
    assert Rendered(TEMPLATE, ExecutionClass="FLEX", WorkerType="G.2X").rules_broken() == []


def test_every_saved_query_is_a_named_query(template: str) -> None:
    named = Rendered(template).of_type("AWS::Athena::NamedQuery").values()
    found = {query["Name"]: (query["QueryString"].rstrip("\n"), query["Description"]) for query in named}
    assert found == {
        query.name: (query.named_query.rstrip("\n"), query.metadata.description) for query in SavedQuery.all()
    }
    assert {(query["Database"], query["WorkGroup"]) for query in named} == {("adx_metrics_curated", "usage")}


def test_a_query_with_parameters_is_also_a_prepared_statement(template: str) -> None:
    statements = Rendered(template).of_type("AWS::Athena::PreparedStatement").values()
    found = {each["StatementName"]: each["QueryStatement"].rstrip("\n") for each in statements}
    asking = {
        query.name.replace("/", "_"): query.named_query.rstrip("\n")
        for query in SavedQuery.all()
        if any(parameter.default is None for parameter in query.metadata.parameters)
    }
    assert asking and found == asking
    assert all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_@:]{1,256}", name) for name in found)


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
def test_every_bucket_has_the_four_protections(path: Path) -> None:
    rendered = Rendered(path)
    tls_only = {
        policy["Bucket"]
        for policy in rendered.of_type("AWS::S3::BucketPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and statement["Resource"] == [f"arn:aws:s3:::{policy['Bucket']}", f"arn:aws:s3:::{policy['Bucket']}/*"]
    }
    buckets = rendered.of_type("AWS::S3::Bucket")
    assert len(buckets) >= 3
    for name, bucket in buckets.items():
        assert rendered.ref(name) in tls_only
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
def test_data_is_retained_when_the_stack_is_deleted(path: Path) -> None:
    kept = {
        name
        for name, resource in Rendered(path).raw["Resources"].items()
        if resource["Type"] in RETAINED
        and resource.get("DeletionPolicy") == "RetainExceptOnCreate"
        and resource["UpdateReplacePolicy"] == "Retain"
    }
    if path == TEMPLATE:
        assert kept == {"LogBucket", "LakeBucket", "ResultBucket", "GlueDatabase", "WorkGroup", "ReaderKeys"}
    else:
        assert kept == {"RawBucket", "ProcessedBucket", "CuratedBucket", "Database"}


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
def test_parameters_are_described_and_grouped(path: Path) -> None:
    raw = Rendered(path).raw
    interface = raw["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(raw["Parameters"]) == sorted(interface["ParameterLabels"])
    for name, parameter in raw["Parameters"].items():
        assert "Default" in parameter and parameter["Description"].endswith("."), name
        if "AllowedValues" not in parameter:
            assert parameter["ConstraintDescription"].endswith("."), name
        if parameter["Type"] == "String" and "AllowedValues" not in parameter:
            assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"]), name
    for name, output in raw["Outputs"].items():
        assert output["Description"].endswith("."), name


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("CloudTrailName", "-trail"),
        ("CloudTrailName", "my--trail"),
        ("CloudTrailName", "my-_trail"),
        ("TrailBuckets", "s3://first"),
        ("ExistingTrailPrefix", "logs"),
        ("AccessLogPrefix", "logs"),
        ("InventoryPrefix", "lists"),
        ("GlueDatabaseName", "Usage"),
        ("ConfigurationUri", "usage.yaml"),
        ("GlueScriptLocation", "s3://bucket/run.zip"),
        ("WheelsUri", "s3://bucket/other.zip"),
        ("AlarmEmail", "nobody"),
        ("KmsKeyArn", "alias/mine"),
        ("PermissionsBoundary", "boundary"),
        ("PermissionsBoundary", "arn:aws:iam::123456789012:role/boundary"),
        ("ReportPrefix", "athena/reports/"),
        ("ReportPrefix", "tier=public/"),
        ("ReportPrefix", "/reports/"),
        ("ReportPrefix", "reports//"),
        ("ReportSubjects", "stored"),
        ("ReportSubjects", "storage,"),
        ("ReportSubjects", "run"),
    ],
)
def test_wrong_values_are_refused(name: str, wrong: str) -> None:
    assert not re.fullmatch(Rendered(TEMPLATE).raw["Parameters"][name]["AllowedPattern"], wrong)


def test_every_subject_of_reports_can_be_chosen() -> None:
    subjects = ",".join({report.subject for report in report_set()})
    assert re.fullmatch(Rendered(TEMPLATE).raw["Parameters"]["ReportSubjects"]["AllowedPattern"], subjects)


@pytest.mark.parametrize("name", [name for name in Rendered(TEMPLATE).raw["Parameters"] if name.endswith("Prefix")])
def test_logs_may_be_in_folders_with_names_as_partitions_have(name: str) -> None:
    pattern = Rendered(TEMPLATE).raw["Parameters"][name]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, "source=logs/day=1/")) == (name != "ReportPrefix")
    assert re.fullmatch(pattern, "first/second/")


def test_rules_refuse_a_stack_that_would_do_nothing() -> None:
    nothing = "Switch on at least one of CloudTrail, access logs, inventories, CloudFront logs and run summaries."
    unheard = "The new trail would log nothing: log access points, or name buckets."
    off = dict.fromkeys(("CloudTrail", "AccessLogs", "Inventories", "CloudFrontLogs", "RunSummaries"), "off")
    assert Rendered(TEMPLATE).rules_broken() == []
    assert Rendered(TEMPLATE, **off).rules_broken() == [nothing]
    assert Rendered(TEMPLATE, RunSummaryBucket="").rules_broken() == ["RunSummaries need RunSummaryBucket."]
    assert Rendered(TEMPLATE, TrailAccessPoints="off").rules_broken() == [unheard]
    assert Rendered(TEMPLATE, TrailAccessPoints="off", TrailBuckets="first").rules_broken() == []
    assert Rendered(TEMPLATE, TrailAccessPoints="off", ExistingTrailBucket="mine").rules_broken() == []


def test_trails_of_two_regions_have_two_names_and_only_one_needs_to_log_all_regions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def trail(**parameters: str) -> Json:
        return Rendered(TEMPLATE, **parameters).of_type("AWS::CloudTrail::Trail")["Trail"]

    assert (trail()["TrailName"], trail()["IsMultiRegionTrail"]) == ("usage-lake-us-east-1", True)
    monkeypatch.setitem(PSEUDO, "AWS::Region", "eu-west-1")
    second = trail(TrailRegions="one")
    assert (second["TrailName"], second["IsMultiRegionTrail"]) == ("usage-lake-eu-west-1", False)


@pytest.mark.parametrize(
    ("parameters", "owner", "everybody"),
    [
        ({}, "result-bucket/reports/", "result-bucket/tier=public/"),
        ({"ReportSubjects": "storage"}, "result-bucket/reports/", "result-bucket/tier=public/"),
        ({"ReportBucket": "open", "ReportPrefix": "use/"}, "result-bucket/use/", "open/use/"),
        ({"ReportBucket": "open", "ReportSubjects": "storage"}, "open/reports/", "result-bucket/tier=public/"),
    ],
)
def test_a_bucket_of_somebody_gets_the_public_tier_unless_subjects_of_the_owners_are_chosen(
    parameters: dict[str, str], owner: str, everybody: str
) -> None:
    rendered = Rendered(TEMPLATE, **parameters)
    arguments = rendered.jobs[REPORT]["DefaultArguments"]
    assert (arguments["--report_path"], arguments["--public_path"]) == (f"s3://{owner}", f"s3://{everybody}")
    statements = rendered.statements("ReportJobRole")
    assert statements["PublishReports"]["Resource"] == f"arn:aws:s3:::{owner}*"
    assert statements["PublishPublicTier"]["Resource"] == f"arn:aws:s3:::{everybody}*"
    found = statements.get("FindPublicMonths")
    assert (found is not None) == everybody.startswith("open/")
    assert found is None or found["Condition"] == {"StringLike": {"s3:prefix": "use/*"}}


def test_the_trail_logs_reads_and_copies_of_access_points_and_of_named_buckets() -> None:
    def selected(**parameters: str) -> list[dict[str, Any]]:
        trail = Rendered(TEMPLATE, **parameters).of_type("AWS::CloudTrail::Trail")["Trail"]
        assert trail["IsMultiRegionTrail"] and trail["IsLogging"] and trail["EnableLogFileValidation"]
        return [
            {
                field["Field"]: next(iter(value for key, value in field.items() if key != "Field"))
                for field in selector["FieldSelectors"]
            }
            for selector in trail["AdvancedEventSelectors"]
        ]

    # Server-side copies out of a bucket are write events.
    kinds = ({"readOnly": ["true"]}, {"eventName": ["CopyObject", "UploadPartCopy"]})
    points = [{"eventCategory": ["Data"], "resources.type": ["AWS::S3::AccessPoint"], **kind} for kind in kinds]
    arns = ["arn:aws:s3:::first/", "arn:aws:s3:::second/"]
    objects = [
        {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"], "resources.ARN": arns, **kind}
        for kind in kinds
    ]
    assert selected() == points
    assert selected(TrailBuckets="first,second") == [*points, *objects]
    assert selected(TrailBuckets="first,second", TrailAccessPoints="off") == objects


def test_grants_that_lake_formation_refuses_at_the_same_time_are_ordered() -> None:
    resources = Rendered(TEMPLATE).raw["Resources"]

    def grants_in_order(role: str) -> list[str]:
        """The grants of a role, the one that is made first at the beginning."""
        names = [name for name in resources if name.startswith(f"{role}GrantOn")]
        after = {resources[name].get("DependsOn"): name for name in names}
        (first,) = set(after) - set(names)
        found = [after[first]]
        while found[-1] in after:
            found.append(after[found[-1]])
        assert sorted(found) == sorted(names)
        assert first == (None if role == "Report" else "ReportGrantOnDefault")
        return [name.removeprefix(f"{role}GrantOn") for name in found]

    by_step = zip(*(grants_in_order(role) for role in ("AccessLog", "Trail", "Inventory")), strict=True)
    assert all(len(set(step)) == 3 for step in by_step)
    assert len(grants_in_order("Report")) == 3
    # There are three resources, so the fourth source waits for the last grant of each of the others.
    first = resources[f"CloudFrontGrantOn{grants_in_order('CloudFront')[0]}"]["Properties"]["Principal"]
    awaited = [f"{role}GrantOn{grants_in_order(role)[-1]}" for role in ("AccessLog", "Trail", "Inventory")]
    assert [each["Fn::If"][1] for each in first["DataLakePrincipalIdentifier"]["Fn::Select"][1][:3]] == [
        {"Ref": name} for name in awaited
    ]
    # So does the fifth source, and for the fourth.
    next_one = resources[f"RunSummaryGrantOn{grants_in_order('RunSummary')[0]}"]["Properties"]["Principal"]
    awaited.append(f"CloudFrontGrantOn{grants_in_order('CloudFront')[-1]}")
    assert [each["Fn::If"][1] for each in next_one["DataLakePrincipalIdentifier"]["Fn::Select"][1][:4]] == [
        {"Ref": name} for name in awaited
    ]


def test_only_services_acting_for_this_account_may_deliver() -> None:
    statements = Rendered(TEMPLATE).of_type("AWS::S3::BucketPolicy")["LogBucketPolicy"]["PolicyDocument"]["Statement"]
    services = {each["Principal"]["Service"]: each for each in statements if each["Effect"] == "Allow"}
    assert set(services) == {
        "cloudtrail.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "logging.s3.amazonaws.com",
        "s3.amazonaws.com",
    }
    cloudfront = services["delivery.logs.amazonaws.com"]["Condition"]
    assert cloudfront["StringEquals"]["aws:SourceAccount"] == "123456789012"
    assert cloudfront["ArnLike"] == {"aws:SourceArn": "arn:aws:logs:*:123456789012:delivery-source:*"}
    trail = "arn:aws:cloudtrail:us-east-1:123456789012:trail/usage-lake-us-east-1"
    assert services["cloudtrail.amazonaws.com"]["Condition"]["StringEquals"]["aws:SourceArn"] == trail
    for service in ("logging.s3.amazonaws.com", "s3.amazonaws.com"):
        assert services[service]["Condition"]["StringEquals"]["aws:SourceAccount"] == "123456789012"
        assert services[service]["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:s3:::*"}
        assert not services[service]["Resource"].endswith("bucket/*")


def test_named_buckets_have_their_access_logs_delivered_below_the_prefix_of_the_access_logs() -> None:
    assert not Rendered(TEMPLATE).of_type("AWS::Logs::Delivery")
    rendered = Rendered(TEMPLATE, VendedLogBuckets="first,second")
    sources = rendered.of_type("AWS::Logs::DeliverySource")
    assert {each["ResourceArn"] for each in sources.values()} == {"arn:aws:s3:::first", "arn:aws:s3:::second"}
    assert {each["LogType"] for each in sources.values()} == {"S3_SERVER_ACCESS_LOGS"}
    delivered = [each["DeliverySourceName"] for each in rendered.of_type("AWS::Logs::Delivery").values()]
    assert sorted(delivered) == sorted(each["Name"] for each in sources.values())
    (destination,) = rendered.of_type("AWS::Logs::DeliveryDestination").values()
    raw = rendered.jobs["s3_access_log"]["DefaultArguments"]["--raw_path"]
    assert destination["DestinationResourceArn"] == raw.replace("s3://", "arn:aws:s3:::") + "vended"
    policy = rendered.of_type("AWS::S3::BucketPolicy")["LogBucketPolicy"]["PolicyDocument"]["Statement"]
    (allowed,) = (each for each in policy if each["Sid"] == "LogDeliveryWritesAccessLogs")
    assert allowed["Resource"] == destination["DestinationResourceArn"] + "/*"
    assert len(Rendered(TEMPLATE, VendedLogBuckets="a-1,a-2,a-3,a-4,a-5").of_type("AWS::Logs::Delivery")) == 5


def test_a_sixth_bucket_for_vended_logs_is_refused_and_not_left_out() -> None:
    parameter = Rendered(TEMPLATE).raw["Parameters"]["VendedLogBuckets"]
    # The pattern of a list would apply to each of its names.
    assert parameter["Type"] == "String"
    accepted = ("", "first", "first,second", "a-1,a-2,a-3,a-4,a-5")
    assert all(re.fullmatch(parameter["AllowedPattern"], text) for text in accepted)
    refused = ("a-1,a-2,a-3,a-4,a-5,a-6", "first, second", "first,", ",first", "s3://first")
    assert not any(re.fullmatch(parameter["AllowedPattern"], text) for text in refused)


def test_vended_logs_go_to_the_log_bucket_of_the_stack_only() -> None:
    sentence = (
        "VendedLogBuckets deliver to the stack's log bucket: switch AccessLogs on, without ExistingAccessLogBucket."
    )
    assert Rendered(TEMPLATE, VendedLogBuckets="first").rules_broken() == []
    assert Rendered(TEMPLATE, VendedLogBuckets="first", ExistingAccessLogBucket="mine").rules_broken() == [sentence]
    assert Rendered(TEMPLATE, VendedLogBuckets="first", AccessLogs="off").rules_broken() == [sentence]


def test_raw_paths_match_the_delivery_policies() -> None:
    rendered = Rendered(TEMPLATE)
    policy = rendered.of_type("AWS::S3::BucketPolicy")["LogBucketPolicy"]["PolicyDocument"]["Statement"]
    delivered = [statement["Resource"] for statement in policy if statement["Action"] == "s3:PutObject"]
    for pipeline, job in rendered.jobs.items():
        # No service delivers run summaries.
        if pipeline not in (REPORT, "run_summary"):
            raw = job["DefaultArguments"]["--raw_path"].replace("s3://", "arn:aws:s3:::")
            assert len([each for each in delivered if each.startswith(raw)]) == 1


def test_existing_buckets_are_read_instead_of_the_log_bucket() -> None:
    rendered = Rendered(
        TEMPLATE,
        ExistingTrailBucket="trails",
        ExistingTrailPrefix="audit/",
        ExistingAccessLogBucket="logs",
        AccessLogPrefix="web/",
        ExistingInventoryBucket="lists",
        ExistingCloudFrontBucket="edges",
    )
    found = {pipeline: job["DefaultArguments"].get("--raw_path") for pipeline, job in rendered.jobs.items()}
    assert found == {
        "cloudtrail_s3_event": "s3://trails/audit/",
        "s3_access_log": "s3://logs/web/",
        "s3_inventory_object": "s3://lists/s3-inventory/",
        "cloudfront_log": "s3://edges/cloudfront/",
        "run_summary": "s3://summaries/",
        REPORT: None,
    }
    assert "Trail" not in rendered.resources
    rule = rendered.of_type("AWS::Events::Rule")["InventoryRule"]
    assert rule["EventPattern"]["detail"]["bucket"] == {"name": ["lists"]}


@pytest.mark.parametrize("off", ["CloudTrail", "AccessLogs", "Inventories", "CloudFrontLogs", "RunSummaries"])
def test_each_source_is_optional(off: str) -> None:
    rendered = Rendered(TEMPLATE, **{**EVERYTHING, off: "off"})
    assert len(rendered.jobs) == len(USAGE_PIPELINES)
    assert len(rendered.jobs[REPORT]["DefaultArguments"]["--sources"].split(",")) == len(USAGE_PIPELINES) - 1
    assert rendered.outputs


@pytest.mark.parametrize(
    ("partition", "region", "console"),
    [
        ("aws", "us-east-1", "us-east-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_links_use_the_console_of_the_partition(
    partition: str, region: str, console: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PSEUDO, "AWS::Partition", partition)
    monkeypatch.setitem(PSEUDO, "AWS::Region", region)
    links = [str(each["Value"]) for each in Rendered(TEMPLATE).outputs.values() if "https://" in str(each["Value"])]
    assert len(links) == 5
    assert all(link.startswith(f"https://{console}/") for link in links)


def test_the_daily_run_is_scheduled_and_starts_with_the_stack() -> None:
    rendered = Rendered(TEMPLATE, GlueJobScheduledHour="5")
    schedule = rendered.of_type("AWS::Scheduler::Schedule")["DailySchedule"]
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == ("cron(0 5 * * ? *)", "UTC")
    assert schedule["Target"]["Arn"] == rendered.resources["FirstRun"]["Properties"]["StateMachine"]
    assert schedule["Target"]["Arn"] == rendered.ref("DailyRun")


def test_an_execution_of_the_daily_run_ends_before_the_next_one_begins() -> None:
    rendered = Rendered(TEMPLATE)
    seconds = rendered.of_type("AWS::StepFunctions::StateMachine")["DailyRun"]["Definition"]["TimeoutSeconds"]
    (*_, longest), report = sorted(job["Timeout"] for job in rendered.jobs.values()), rendered.jobs[REPORT]["Timeout"]
    assert (longest + report) * 60 < seconds < 24 * 60 * 60


def test_an_inventory_is_ingested_when_its_checksum_arrives() -> None:
    rendered = Rendered(TEMPLATE)
    rule = rendered.of_type("AWS::Events::Rule")["InventoryRule"]
    pattern = rule["EventPattern"]["detail"]["object"]["key"][0]["wildcard"].replace("*", ".*")
    assert re.fullmatch(pattern, "s3-inventory/data/usage-lake/2024-05-07T01-00Z/manifest.checksum")
    assert not re.fullmatch(pattern, "s3-inventory/data/usage-lake/2024-05-07T01-00Z/manifest.json")
    assert rule["Targets"][0]["Arn"] == rendered.ref("InventoryArrival")
    log_bucket = rendered.of_type("AWS::S3::Bucket")["LogBucket"]
    assert log_bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"]


@pytest.mark.parametrize("elsewhere", [{"Inventories": "off"}, {"ExistingInventoryBucket": "lists"}])
def test_the_log_bucket_sends_no_events_which_cost_money_where_no_inventory_arrives(elsewhere: Json) -> None:
    assert "NotificationConfiguration" not in Rendered(TEMPLATE, **elsewhere).of_type("AWS::S3::Bucket")["LogBucket"]


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
def test_services_assume_roles_only_for_resources_of_this_account(path: Path) -> None:
    for name, role in Rendered(path).of_type("AWS::IAM::Role").items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"]["Service"] == "lambda.amazonaws.com":
            continue
        texts = [text for values in statement["Condition"].values() for text in values.values()]
        assert PSEUDO["AWS::AccountId"] in texts, name
        (source,) = (text for text in texts if text != PSEUDO["AWS::AccountId"])
        assert source.startswith("arn:aws:") and f":{PSEUDO['AWS::AccountId']}:" in source, name


@pytest.mark.parametrize(
    ("policy", "parameters", "bucket", "prefix"),
    [
        ("OwnerReportPolicy", {}, None, "reports/*"),
        ("OwnerReportPolicy", {"ReportBucket": "mine", "ReportSubjects": "storage"}, "mine", "reports/*"),
        ("PublicReportPolicy", {}, None, "tier=public/*"),
        ("PublicReportPolicy", {"ReportBucket": "mine"}, "mine", "reports/*"),
    ],
)
def test_who_reads_one_tier_reads_no_other(policy: str, parameters: Json, bucket: str | None, prefix: str) -> None:
    rendered = Rendered(TEMPLATE, **parameters)
    find, read = rendered.of_type("AWS::IAM::ManagedPolicy")[policy]["PolicyDocument"]["Statement"]
    arn = f"arn:aws:s3:::{bucket or rendered.ref('ResultBucket')}"
    assert (find["Action"], find["Resource"]) == ("s3:ListBucket", arn)
    assert find["Condition"] == {"StringLike": {"s3:prefix": prefix}}
    assert (read["Action"], read["Resource"]) == ("s3:GetObject", f"{arn}/{prefix}")


def test_the_digest_of_the_week_goes_to_the_topic_of_the_alarms_if_it_is_on() -> None:
    for choice, topic in (("off", ""), ("on", Rendered(TEMPLATE).ref("AlarmTopic"))):
        rendered = Rendered(TEMPLATE, WeeklyDigest=choice)
        assert rendered.jobs[REPORT]["DefaultArguments"]["--digest_topic"] == topic
        sent = [each for each in rendered.statements("ReportJobRole").values() if each["Action"] == "sns:Publish"]
        assert [each["Resource"] for each in sent] == [topic] * (choice == "on")


def test_alarms_exist_without_an_address_which_only_subscribes() -> None:
    def topic(**parameters: str) -> Json:
        return Rendered(TEMPLATE, **parameters).of_type("AWS::SNS::Topic")["AlarmTopic"]

    assert "Subscription" not in topic()
    assert topic(AlarmEmail="owner@example.com")["Subscription"] == [
        {"Protocol": "email", "Endpoint": "owner@example.com"}
    ]
    rendered = Rendered(TEMPLATE)
    watched = rendered.of_type("AWS::Events::Rule")["FailureRule"]["EventPattern"]["detail"]
    assert set(watched["jobName"]) == {job["Name"] for job in rendered.jobs.values()}
    assert set(watched["state"]) == {"FAILED", "TIMEOUT", "ERROR"}
    for alarm in rendered.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [rendered.ref("AlarmTopic")]
        assert alarm["EvaluationPeriods"] * alarm.get("Period", 3600) <= 604_800


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.stem)
def test_functions_run_on_the_processor_that_every_region_has(path: Path) -> None:
    """Most have arm64: https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html"""
    functions = Rendered(path).of_type("AWS::Lambda::Function").values()
    assert [each.get("Architectures") for each in functions] == [None]


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.stem)
def test_a_rule_may_publish_without_a_condition_because_eventbridge_says_nothing_of_itself(path: Path) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions"""
    (policy,) = Rendered(path).of_type("AWS::SNS::TopicPolicy").values()
    services = {each["Principal"]["Service"]: "Condition" in each for each in policy["PolicyDocument"]["Statement"]}
    assert services == {"events.amazonaws.com": False, "cloudwatch.amazonaws.com": True}


def test_every_job_has_an_alarm_on_success_and_every_source_two_more() -> None:
    rendered = Rendered(TEMPLATE, RejectedPercent="5", SilentDays="4", SilentInventoryDays="9")
    found = {}
    for alarm in rendered.of_type("AWS::CloudWatch::Alarm").values():
        if "MetricName" in alarm:
            dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
            assert (alarm["Namespace"], dimensions["Stack"]) == (metrics.NAMESPACE, "usage")
            found[dimensions["Job"], alarm["MetricName"]] = alarm
    sources = [pipeline.name for pipeline in USAGE_PIPELINES]
    names = [name for name, _ in (metrics.SUCCESSFUL_RUNS, metrics.REJECTED_PERCENT, metrics.DAYS_WITHOUT_DELIVERY)]
    assert found.keys() == {(REPORT, names[0]), *((source, name) for source in sources for name in names)}
    success = found[REPORT, names[0]]
    assert (success["Statistic"], success["Threshold"], success["TreatMissingData"]) == ("SampleCount", 1, "breaching")
    assert success["EvaluationPeriods"] == success["DatapointsToAlarm"] == 26
    assert found["s3_access_log", "RejectedPercent"]["Threshold"] == "5"
    assert found["s3_access_log", "DaysWithoutDelivery"]["Threshold"] == "4"
    assert found["s3_inventory_object", "DaysWithoutDelivery"]["Threshold"] == "9"
    started = rendered.resources["FirstRun"]["Properties"]
    assert (started["Stack"], set(started["Jobs"])) == ("usage", {REPORT, *sources})


def test_another_hour_of_the_daily_run_gives_the_alarms_another_26_hours() -> None:
    """From eleven to nine, 46 hours pass between two runs. The function, called for a change, sends a datum."""
    eleven, nine = (Rendered(TEMPLATE, GlueJobScheduledHour=hour).resources["FirstRun"] for hour in ("11", "9"))
    assert eleven["Properties"] != nine["Properties"]


@pytest.mark.parametrize("key", ["", KEY], ids=["own", "kms"])
def test_the_logs_of_the_jobs_are_the_stacks_own_and_expire(key: str) -> None:
    """With a security configuration that encrypts logs, Glue 5 writes to log groups of other names, which never expire.

    https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html#monitor-security-config-logging
    """
    rendered = Rendered(TEMPLATE, LogDays="30", KmsKeyArn=key)
    groups = [each for each in rendered.of_type("AWS::Logs::LogGroup").values() if "LogGroupName" in each]
    (prefix,) = {job["DefaultArguments"]["--custom-logGroup-prefix"] for job in rendered.jobs.values()}
    assert [(each["LogGroupName"], each["RetentionInDays"], each.get("KmsKeyId", "")) for each in groups] == [
        (f"{prefix}/{name}", "30", key) for name in ("error", "output")
    ]
    (security,) = rendered.of_type("AWS::Glue::SecurityConfiguration").values()
    assert security["EncryptionConfiguration"]["CloudWatchEncryption"] == {"CloudWatchEncryptionMode": "DISABLED"}


def test_another_key_makes_another_security_configuration_because_glue_changes_none() -> None:
    """CloudFormation makes the new one first, which fails under the name of the old one."""

    def name(**parameters: str) -> str:
        (found,) = Rendered(TEMPLATE, **parameters).of_type("AWS::Glue::SecurityConfiguration").values()
        return str(found["Name"])

    assert len({name(), name(KmsKeyArn=KEY), name(KmsKeyArn=KEY.replace("key/", "key/other-"))}) == 3


def test_the_first_run_finds_its_log_groups_and_somebody_to_tell() -> None:
    """A job makes a log group that is missing, and CloudFormation then cannot make the stack's own."""
    before = Rendered(TEMPLATE).resources["FirstRun"]["DependsOn"]
    assert {"JobErrorLogGroup", "JobOutputLogGroup", "FailureRule", "AlarmTopicPolicy"} <= {*before}


def test_raw_logs_move_to_glacier_after_90_days_and_expire_if_configured() -> None:
    def lifecycle(**parameters: str) -> dict[str, Json]:
        bucket = Rendered(TEMPLATE, **parameters).of_type("AWS::S3::Bucket")["LogBucket"]
        return {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}

    kept, expiring = lifecycle(), lifecycle(GlacierAfterDays="0", ExpireAfterDays="400")
    assert kept["to-glacier"]["Transitions"] == [{"StorageClass": "GLACIER_IR", "TransitionInDays": "90"}]
    assert (set(kept), set(expiring)) == ({"tidy", "to-glacier"}, {"tidy", "expire"})
    # What has expired is deleted after a day.
    assert [int(rules["tidy"]["NoncurrentVersionExpiration"]["NoncurrentDays"]) for rules in (kept, expiring)] == [
        30,
        1,
    ]


def test_nothing_is_delivered_to_the_log_bucket_that_no_job_reads_there() -> None:
    existing = [f"Existing{kind}Bucket" for kind in ("Trail", "AccessLog", "Inventory", "CloudFront")]
    rendered = Rendered(TEMPLATE, AccessLogPrefix="", InventoryPrefix="", **dict.fromkeys(existing, "their-logs"))
    policy = rendered.of_type("AWS::S3::BucketPolicy")["LogBucketPolicy"]["PolicyDocument"]
    assert [each["Sid"] for each in policy["Statement"]] == ["OnlyTls"]


def test_existing_logs_need_no_prefix() -> None:
    own = {"AccessLogPrefix": "", "InventoryPrefix": ""}
    theirs = {"ExistingAccessLogBucket": "their-logs", "ExistingInventoryBucket": "their-lists"}
    watched = {"TrailAccessPoints": "on"}
    assert Rendered(TEMPLATE, **watched, **own).rules_broken() == [
        "In the stack's own bucket access logs need a prefix.",
        "In the stack's own bucket inventories need a prefix.",
    ]
    rendered = Rendered(TEMPLATE, **watched, **own, **theirs)
    assert not rendered.rules_broken()
    paths = {job["DefaultArguments"].get("--raw_path") for job in rendered.jobs.values()}
    assert {"s3://their-logs/", "s3://their-lists/"} <= paths


def test_every_job_gets_the_configuration_and_may_read_it() -> None:
    rendered = Rendered(TEMPLATE, ConfigurationUri="s3://settings/usage.yaml")
    jobs = rendered.jobs.values()
    assert {job["DefaultArguments"]["--config"] for job in jobs} == {"s3://settings/usage.yaml"}
    statements = rendered.of_type("AWS::IAM::ManagedPolicy")["JobPolicy"]["PolicyDocument"]["Statement"]
    (read,) = (statement for statement in statements if statement["Sid"] == "ReadConfiguration")
    names = ["usage.yaml", "*.csv", "*.json", "*.json.gz"]
    assert read["Resource"] == [f"arn:aws:s3:::settings/{name}" for name in names]


def test_the_key_encrypts_everything_but_the_log_bucket() -> None:
    rendered = Rendered(TEMPLATE, KmsKeyArn=KEY)
    for name, bucket in rendered.of_type("AWS::S3::Bucket").items():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        wanted = "AES256" if name == "LogBucket" else "aws:kms"
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == wanted, name
    assert rendered.of_type("AWS::CloudTrail::Trail")["Trail"]["KMSKeyId"] == KEY
    results = rendered.of_type("AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]["ResultConfiguration"]
    assert results["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": KEY}


def test_the_workgroup_enforces_its_settings() -> None:
    group = Rendered(TEMPLATE, ScanLimitGigabytes="50").of_type("AWS::Athena::WorkGroup")["WorkGroup"]
    settings = group["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert int(settings["BytesScannedCutoffPerQuery"]) == 50_000_000_000
    assert settings["ResultConfiguration"]["OutputLocation"] == "s3://result-bucket/athena/"
    # Deleting the stack must not delete what people saved in the workgroup.
    assert "RecursiveDeleteOption" not in group


def test_lake_formation_grants_each_role_its_tables_and_the_default_database() -> None:
    assert not Rendered(TEMPLATE).of_type("AWS::LakeFormation::PrincipalPermissions")
    rendered = Rendered(TEMPLATE, LakeFormation="on")
    grants = rendered.of_type("AWS::LakeFormation::PrincipalPermissions").values()
    found = {
        (
            grant["Principal"]["DataLakePrincipalIdentifier"],
            grant["Resource"].get("Database", {}).get("Name") or grant["Resource"]["Table"]["DatabaseName"],
            *grant["Permissions"],
        )
        for grant in grants
    }
    assert found == {
        (job["Role"], *rest)
        for job in rendered.jobs.values()
        for rest in (
            ("adx_metrics_curated", "CREATE_TABLE", "DESCRIBE"),
            ("adx_metrics_curated", "ALL"),
            ("default", "DESCRIBE"),
        )
    }
    assert len(rendered.resources["FirstRun"]["Properties"]["After"]) == 6
    (database,) = rendered.of_type("AWS::Glue::Database").values()
    assert database["DatabaseInput"]["CreateTableDefaultPermissions"] == []


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
def test_statements_are_named_and_use_no_wildcard_actions_or_resources(path: Path) -> None:
    rendered = Rendered(path, **(EVERYTHING if path == TEMPLATE else {}))
    everywhere = []
    for policy in policies(rendered):
        for statement in policy["Statement"]:
            assert re.fullmatch("[A-Z][A-Za-z0-9]+", statement["Sid"])
            resources = statement.get("Resource", [])
            if statement["Effect"] == "Allow" and "*" in (resources if isinstance(resources, list) else [resources]):
                everywhere.append(statement["Action"])
            if statement["Effect"] == "Allow":
                assert "*" not in str(statement["Action"])
    without_resources = ["cloudwatch:PutMetricData"] * 2 + [["athena:ListDataCatalogs", "athena:ListWorkGroups"]]
    assert everywhere == (without_resources if path == TEMPLATE else without_resources[:1])


def test_roles_that_run_no_job_have_exactly_these_rights() -> None:
    actions = {
        name: {sid: statement["Action"] for sid, statement in rendered.statements(name).items()}
        for rendered in (Rendered(ZONES), Rendered(TEMPLATE))
        for name in rendered.of_type("AWS::IAM::Role")
        if not name.endswith("JobRole")
    }
    assert actions == {
        "StackFunctionRole": {
            "KeepArtifacts": ["s3:PutObject", "s3:DeleteObject"],
            "StartTheFirstRun": "states:StartExecution",
            "BeginTheAlarms": "cloudwatch:PutMetricData",
            "WriteItsLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
        },
        # https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
        "DailyRunRole": {
            "RunJobs": ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
        },
        "ScheduleRole": {"StartTheDailyRun": "states:StartExecution"},
        "InventoryArrivalRole": {"StartTheInventoryJob": ["glue:StartJobRun", "glue:GetJobRuns"]},
        "InventoryRuleRole": {"StartTheArrival": "states:StartExecution"},
        "UploadArrivalRole": {"StartTheProcessor": ["glue:StartJobRun", "glue:GetJobRuns"]},
        "UploadRuleRole": {"StartTheArrival": "states:StartExecution"},
        # https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html
        "CrawlerRole": {
            "ListCuratedData": ["s3:ListBucket", "s3:GetBucketLocation"],
            "ReadCuratedData": "s3:GetObject",
            "KeepTables": [
                *("glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:CreateTable", "glue:GetDatabase"),
                *("glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"),
                *("glue:UpdatePartition", "glue:UpdateTable"),
            ],
            "WriteLogs": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        },
    }


@pytest.mark.parametrize("path", [TEMPLATE, ZONES], ids=lambda path: path.name)
@pytest.mark.parametrize("boundary", ["", "123456789012:policy/teams/data+lake@one", "aws:policy/PowerUserAccess"])
def test_every_role_has_the_boundary_that_an_organisation_demands(path: Path, boundary: str) -> None:
    arn = boundary and f"arn:aws:iam::{boundary}"
    rendered = Rendered(path, PermissionsBoundary=arn)
    assert re.fullmatch(rendered.raw["Parameters"]["PermissionsBoundary"]["AllowedPattern"], arn)
    roles = rendered.of_type("AWS::IAM::Role").values()
    assert len(roles) >= 5
    assert [role.get("PermissionsBoundary", "") for role in roles] == [arn] * len(roles)


def test_no_ingest_role_may_change_tables_of_another_source() -> None:
    rendered = Rendered(TEMPLATE)
    database, lake = rendered.parameters["GlueDatabaseName"], f"arn:aws:s3:::{rendered.ref('LakeBucket')}"
    shared = rendered.of_type("AWS::IAM::ManagedPolicy")["LakeWriterPolicy"]["PolicyDocument"]["Statement"]

    def changeable(job: Json, *targets: str) -> bool:
        return any(
            fnmatchcase(target, resource)
            for statement in rendered.statements_of(job).values()
            if {"s3:PutObject", "s3:DeleteObject", "glue:UpdateTable"} & {*many(statement["Action"])}
            for resource in many(statement["Resource"])
            for target in targets
        )

    of_sources = {table.name for pipeline in PIPELINES for table in pipeline.tables}
    written = {
        resource.split("/")[-2]
        for each in shared
        if each["Sid"] == "WriteSharedTables"
        for resource in each["Resource"]
    }
    assert written == {table.name for table in TABLES} - of_sources
    for pipeline, job in rendered.jobs.items():
        for other in USAGE_PIPELINES if pipeline != REPORT else ():
            for table in other.tables:
                folder, name = f"{lake}/{database}/{table.name}", f":table/{database}/{table.name}"
                glue = "arn:aws:glue:us-east-1:123456789012"
                targets = (
                    f"{folder}/data/a.parquet",
                    f"{folder}/metadata/00001-a.metadata.json",
                    f"{glue}{name}",
                )
                assert changeable(job, *targets) is (other.name == pipeline), (pipeline, table.name)


def policies(rendered: Rendered) -> list[Json]:
    """All policy documents of a template."""
    found = []
    for resource in rendered.resources.values():
        properties = resource.get("Properties", {})
        found += [properties[key] for key in ("PolicyDocument", "AssumeRolePolicyDocument") if key in properties]
        found += [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    return found


def test_jobs_get_the_arn_of_the_keys_of_reader_ids_and_no_stack_without_readers_has_keys(template: str) -> None:
    rendered = Rendered(template)
    ingest_jobs = {name: job["DefaultArguments"] for name, job in rendered.jobs.items() if name != REPORT}
    arn = rendered.ref("ReaderKeys")
    assert {name: each["--reader_keys"] for name, each in ingest_jobs.items()} == {
        pipeline.name: arn if pipeline.table.address else "" for pipeline in USAGE_PIPELINES
    }
    off = dict.fromkeys(("CloudTrail", "AccessLogs", "CloudFrontLogs"), "off")
    assert "ReaderKeys" not in Rendered(template, **off).resources


def test_a_new_secret_is_a_key_for_all_events(template: str) -> None:
    asked = Rendered(template).of_type("AWS::SecretsManager::Secret")["ReaderKeys"]["GenerateSecretString"]
    value = json.loads(asked["SecretStringTemplate"]) | {asked["GenerateStringKey"]: "x" * asked["PasswordLength"]}
    (key,) = ReaderKeys.read(json.dumps(value).encode()).keys
    assert str(key.first_day) == FIRST_DAY
