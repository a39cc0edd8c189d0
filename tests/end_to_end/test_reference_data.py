"""Rows depend on reference data: the commit says which version of each resource they were made with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData, Resource, stored
from glue_jobs.lake import Lake
from glue_jobs.sources.s3_access_log.source import enrich_access_log
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
