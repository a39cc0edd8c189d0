"""Rows depend on reference data: the commit says which version of each resource they were made with."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.places.credit import place_sources
from glue_jobs.enrich.reference_data import ReferenceData, Resource, stored
from glue_jobs.errors import StorageError
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.s3_access_log.source import enrich_access_log
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from tests.end_to_end.lakes import run
from tests.end_to_end.sources import ACCESS_LOGS, Raw, events

DAY = date(2024, 5, 20)


def switch_resources(address: str, config: Config) -> tuple[Resource, ...]:
    return (stored("switch", address, bytes),)


def enrich_by_list(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """Every reader is its own robot if the list says so."""
    rows = enrich_access_log(rows, config, reference)
    listed = pa.repeat(reference["switch"] == b"on", rows.num_rows)
    return rows.set_column(rows.schema.get_field_index("is_robot"), "is_robot", listed)


def test_a_commit_records_the_version_of_every_resource_and_workers_load_it(tmp_path: Path) -> None:
    switch = tmp_path / "switch.txt"
    switch.write_bytes(b"on")
    resources = (*ACCESS_LOGS.pipeline.resources, partial(switch_resources, str(switch)))
    pipeline = replace(ACCESS_LOGS.pipeline, enrich=enrich_by_list, resources=resources)
    raw = Raw(replace(ACCESS_LOGS, pipeline=pipeline), str(tmp_path / "raw"))
    raw.deliver(DAY, 1, events(DAY, range(3)))
    run(raw, str(tmp_path / "lake"))
    rows = Lake(str(tmp_path / "lake"), "usage_lake").load(pipeline.table)
    assert rows.rows(("is_robot",))["is_robot"].to_pylist() == [True] * 3
    properties = next(iter(rows.summaries()))
    assert properties["usage-lake.crawler-user-agents"].startswith("crawler-user-agents 1.")
    assert properties["usage-lake.switch"].startswith("switch.txt sha256:")


def test_what_told_places_is_known_after_runs_with_other_databases(tmp_path: Path) -> None:
    raw, lake = Raw(ACCESS_LOGS, str(tmp_path / "raw")), Lake(str(tmp_path / "lake"), "usage_lake")
    for number, places in enumerate(([], ["builtin"], [])):
        raw.deliver(DAY, number, events(DAY, range(number * 3, number * 3 + 3)))
        (tmp_path / "networks.txt").write_text("192.0.2.0/24")
        networks = [] if places else [{"label": "VPN", "file": str(tmp_path / "networks.txt")}]
        config = Config.model_validate({"places": {"addresses": places, "networks": networks}})
        ingest(IngestRequest(ACCESS_LOGS.pipeline, raw.address, lake, config), SilentReporter())
    told = place_sources(lake, (S3_ACCESS_LOG, CLOUDTRAIL_S3_EVENT))
    assert [each.split(" ")[0] for each in told] == ["iptocc", "networks.txt"]
    rows = lake.load(S3_ACCESS_LOG).rows(("place",))["place"].to_pylist()
    assert Counter(rows) == {"VPN": 6, "bogon": 3}


def test_a_database_that_is_missing_stops_the_run_before_there_is_a_lake(tmp_path: Path) -> None:
    raw, lake = Raw(ACCESS_LOGS, str(tmp_path / "raw")), Lake(str(tmp_path / "lake"), "usage_lake")
    raw.deliver(DAY, 1, events(DAY, range(3)))
    config = Config.model_validate({"places": {"addresses": [str(tmp_path / "no.mmdb")]}})
    with pytest.raises(StorageError, match=r"no\.mmdb"):
        ingest(IngestRequest(ACCESS_LOGS.pipeline, raw.address, lake, config), SilentReporter())
    assert not (tmp_path / "lake").exists()
