"""The state machines: the daily run, and what happens when an inventory arrives."""

from __future__ import annotations

import json

import boto3

from tests.cloudformation.rendered import Rendered
from tests.cloudformation.state_machines import ALREADY_RUNS, THROTTLED, end_run, execute, jobs_of
from tools.package import TEMPLATE

ACCESS_LOGS, TRAIL, INVENTORIES = "usage-s3-access-log", "usage-cloudtrail-s3-event", "usage-s3-inventory-object"
REPORTS = "usage-report"
EDGES, SUMMARIES = "usage-cloudfront-log", "usage-run-summary"
RENDERED = Rendered(TEMPLATE)


def test_the_reports_follow_when_all_sources_have_succeeded_and_know_when_the_daily_run_began() -> None:
    with jobs_of(RENDERED) as jobs:
        ended = execute(RENDERED, "DailyRun")
    assert ended["status"] == "SUCCEEDED"
    assert set(jobs.names[:5]) == {ACCESS_LOGS, TRAIL, INVENTORIES, EDGES, SUMMARIES}
    assert jobs.names[5:] == [REPORTS]
    assert jobs.started[-1][1]["--run_started_at"].startswith(ended["startDate"].strftime("%Y-%m-%dT%H:%M"))


def test_the_reports_follow_sources_that_did_not_succeed_and_the_daily_run_names_them() -> None:
    with jobs_of(RENDERED) as jobs:
        jobs.outcomes[TRAIL], jobs.outcomes[ACCESS_LOGS] = ["TIMEOUT"], ["STOPPED"]
        boto3.client("glue").delete_job(JobName=INVENTORIES)
        ended = execute(RENDERED, "DailyRun")
    assert (ended["status"], ended["error"]) == ("FAILED", "SomeJobsFailed")
    assert [each["job"] for each in json.loads(ended["cause"])] == [ACCESS_LOGS, TRAIL, INVENTORIES]
    assert jobs.names[4:] == [REPORTS]


def test_reports_that_fail_are_named_and_sources_that_succeed_are_not() -> None:
    with jobs_of(RENDERED) as jobs:
        jobs.outcomes[TRAIL], jobs.outcomes[REPORTS] = ["FAILED"], ["FAILED"]
        ended = execute(RENDERED, "DailyRun")
    assert [each["job"] for each in json.loads(ended["cause"])] == [TRAIL, REPORTS]


def test_the_daily_run_waits_for_a_job_that_runs_already_and_skips_a_source_that_is_off() -> None:
    rendered = Rendered(TEMPLATE, CloudTrail="off")
    with jobs_of(rendered) as jobs:
        jobs.outcomes[INVENTORIES] = [ALREADY_RUNS] * 3
        assert execute(rendered, "DailyRun")["status"] == "SUCCEEDED"
    assert sorted(jobs.names) == sorted([ACCESS_LOGS, EDGES, INVENTORIES, SUMMARIES, REPORTS])
    assert jobs.waited == [300] * 3


def test_starts_that_aws_glue_throttles_are_tried_again() -> None:
    with jobs_of(RENDERED) as jobs:
        jobs.outcomes[TRAIL], jobs.outcomes[REPORTS] = [THROTTLED] * 2, [THROTTLED]
        assert execute(RENDERED, "DailyRun")["status"] == "SUCCEEDED"
        assert jobs.waited == [60, 120, 60]
        jobs.outcomes[INVENTORIES] = [THROTTLED]
        assert execute(RENDERED, "InventoryArrival")["status"] == "SUCCEEDED"


def test_an_inventory_that_arrives_starts_its_job() -> None:
    with jobs_of(RENDERED) as jobs:
        assert execute(RENDERED, "InventoryArrival")["status"] == "SUCCEEDED"
    assert (jobs.names, jobs.waited) == ([INVENTORIES], [900])


def test_an_inventory_that_arrives_during_a_run_is_ingested_by_the_next_one() -> None:
    with jobs_of(RENDERED) as jobs:
        jobs.outcomes[INVENTORIES] = ["RUNNING"]
        boto3.client("glue").start_job_run(JobName=INVENTORIES)
        jobs.during_wait = [int, int, lambda: end_run(INVENTORIES)]
        assert execute(RENDERED, "InventoryArrival")["status"] == "SUCCEEDED"
    assert (jobs.names, jobs.waited) == ([INVENTORIES, INVENTORIES], [900, 300, 300])


def test_of_two_starts_at_the_same_moment_one_waits() -> None:
    with jobs_of(RENDERED) as jobs:
        jobs.outcomes[INVENTORIES] = [ALREADY_RUNS]
        assert execute(RENDERED, "InventoryArrival")["status"] == "SUCCEEDED"
    assert (jobs.names, jobs.waited) == ([INVENTORIES], [900, 300])


def test_an_inventory_that_another_run_has_ingested_since_starts_nothing() -> None:
    with jobs_of(RENDERED) as jobs:
        jobs.during_wait = [lambda: boto3.client("glue").start_job_run(JobName=INVENTORIES)]
        assert execute(RENDERED, "InventoryArrival")["status"] == "SUCCEEDED"
    assert jobs.names == [INVENTORIES]
