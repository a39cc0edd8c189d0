"""The saved views in the Glue Data Catalog: made once, replaced when they change, no table overwritten."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from typing import Any
from uuid import uuid4

import boto3
import pytest

from glue_jobs.lake import Lake
from glue_jobs.query import glue_views
from glue_jobs.query.glue_views import keep_views, view_table
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG

VIEWS = {view.name: view for view in SavedView.all()}


@pytest.fixture
def lake(bucket: str) -> Lake:
    lake = Lake(bucket, f"lake_{uuid4().hex[:8]}")
    boto3.client("glue").create_database(DatabaseInput={"Name": lake.database})
    return lake


def stored(lake: Lake) -> dict[str, Any]:
    tables = boto3.client("glue").get_tables(DatabaseName=lake.database)["TableList"]
    return {table["Name"]: table for table in tables}


def put(lake: Lake, table: dict[str, Any]) -> None:
    boto3.client("glue").create_table(DatabaseName=lake.database, TableInput=table)


def old(name: str, lake: Lake) -> dict[str, Any]:
    return view_table(replace(VIEWS[name], select="SELECT 1"), lake.database)


def test_a_view_has_its_text_and_columns_for_athena_and_for_glue(lake: Lake) -> None:
    assert [*keep_views(lake, [])] == []
    assert stored(lake).keys() == VIEWS.keys()
    table = stored(lake)["access_by_read"]
    assert (table["TableType"], table["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
    text = table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    definition = json.loads(b64decode(text))
    assert (definition["catalog"], definition["schema"]) == ("awsdatacatalog", lake.database)
    assert definition["originalSql"] == VIEWS["access_by_read"].select
    types = {column["name"]: column["type"] for column in definition["columns"]}
    assert (types["key"], types["first_time"], types["requests"]) == ("varchar", "timestamp(6)", "bigint")
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert (types["key"], types["first_time"], types["requests"]) == ("string", "timestamp", "bigint")


def test_one_request_finds_that_nothing_has_changed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*keep_views(lake, [S3_ACCESS_LOG])] == []
    sent: list[str] = []
    client = boto3.client("glue")
    client.meta.events.register("before-call", lambda model, **_: sent.append(model.name))
    monkeypatch.setattr(boto3.Session, "client", lambda *_, **__: client)
    assert [*keep_views(lake, [S3_ACCESS_LOG])] == []
    assert sent == ["GetTables"]


def test_a_changed_view_is_replaced_by_whoever_may_change_what_it_reads(lake: Lake) -> None:
    put(lake, old("cloudfront_request", lake))
    assert [*keep_views(lake, [S3_ACCESS_LOG])] == []
    assert stored(lake)["cloudfront_request"]["ViewOriginalText"] == old("cloudfront_request", lake)["ViewOriginalText"]
    assert [*keep_views(lake, [CLOUDFRONT_LOG])] == []
    wanted = view_table(VIEWS["cloudfront_request"], lake.database)
    assert stored(lake)["cloudfront_request"]["ViewOriginalText"] == wanted["ViewOriginalText"]


def test_a_table_with_the_name_of_a_view_is_told_and_kept(lake: Lake) -> None:
    put(lake, {"Name": "cloudfront_request", "TableType": "EXTERNAL_TABLE"})
    reason = "there is a table of that name; rename or delete it"
    assert [*keep_views(lake, [CLOUDFRONT_LOG])] == [("views/cloudfront_request", reason)]
    assert stored(lake)["cloudfront_request"]["TableType"] == "EXTERNAL_TABLE"


def test_a_catalog_that_cannot_be_asked_is_told(bucket: str) -> None:
    ((name, reason),) = keep_views(Lake(bucket, "absent"), [])
    assert name == "views"
    assert "EntityNotFoundException" in reason


def test_two_jobs_may_create_a_view_at_the_same_moment(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*keep_views(lake, [])] == []
    monkeypatch.setattr(glue_views, "_stored", lambda *_: {})
    assert [*keep_views(lake, [])] == []
