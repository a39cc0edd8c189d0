"""Saved queries count readers alike whether addresses are kept or keyed, and count rows of older lakes too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.readers.columns import with_readers
from glue_jobs.enrich.readers.key_file import make_key_file
from glue_jobs.enrich.readers.resource import reader_key_resource
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import READER
from tests.query.engines import engine_on

TODAY = date(2026, 3, 15)
WITH_ADDRESSES = [table for table in TABLES if table.address]
QUERIES = [
    query for query in SavedQuery.all() if {table.name for table in WITH_ADDRESSES} & base_tables(query.metadata.reads)
]

Row = dict[str, Any]
DATA_SET = {"account": "university", "repository": "rainfall", "key": "university/rainfall/2025.nc"}
# Addresses of examples are no private ones.
PRIVATE = ".".join(("10", "0", "0", "5"))
ADDRESSES = ["192.0.2.1", "192.0.2.1", "192.0.2.2", PRIVATE, "2001:db8::1", None]


def requests() -> list[Row]:
    """Requests on three days by readers with several addresses, user agents and names."""
    return [
        {
            **DATA_SET,
            "event_time": datetime.combine(TODAY - timedelta(days=1 + number % 3 * 20), time(number % 24)),
            "event_date": TODAY - timedelta(days=1 + number % 3 * 20),
            "user_agent": ["curl/8.5.0", None][number % 2],
            "address": ADDRESSES[number % len(ADDRESSES)],
            "bytes": 100 + number,
            "country": "US",
            "place": "US",
            "network": "other",
        }
        for number in range(42)
    ]


def access_log(row: Row, number: int) -> Row:
    signed = {"requester": "arn:aws:iam::111122223333:user/a", "authentication_type": "QueryString"}
    return {
        "bucket": "open-data",
        "operation": "REST.GET.OBJECT",
        "http_status": 200 if number % 5 else 403,
        "error_code": None if number % 5 else "AccessDenied",
        "object_size": 100,
        "bytes_sent": row["bytes"],
        "host_header": "open-data.s3.us-east-1.amazonaws.com",
        "source_region": None if number % 4 else "us-east-1",
        "remote_ip": row["address"],
        **(signed if number % 3 == 0 else {}),
    }


def event(row: Row, number: int) -> Row:
    return {
        "bucket": "open-data",
        "event_name": "GetObject",
        "event_id": str(number),
        "aws_region": "us-east-1",
        "subscriber_account_id": ["anonymous", "111122223333"][number % 2],
        "bytes_out": row["bytes"],
        "source_ip_address": row["address"] or "cloudfront.amazonaws.com",
    }


def viewer(row: Row, number: int) -> Row:
    return {
        "cs_method": "GET",
        "sc_status": 200,
        "sc_bytes": row["bytes"],
        "x_edge_result_type": "Hit",
        "cs_user_agent": row["user_agent"],
        "c_ip": row["address"],
    }


MADE = {"s3_access_log": access_log, "cloudtrail_s3_event": event, "cloudfront_log": viewer}


def lake(setting: str, reference: ReferenceData) -> dict[str, pa.Table]:
    config = Config.model_validate({"privacy": {"addresses": setting}})
    tables = {}
    for table in WITH_ADDRESSES:
        names = [name for name in table.arrow_schema.names if name not in READER]
        schema = pa.schema([table.arrow_schema.field(name) for name in names])
        rows = [
            {name: value for name, value in {**row, **MADE[table.name](row, number)}.items() if name in names}
            for number, row in enumerate(requests())
        ]
        given = pa.Table.from_pylist(rows, schema=schema)
        tables[table.name] = with_readers(table, given, config, reference).select(table.arrow_schema.names)
    return tables


def answers(tables: dict[str, pa.Table], queries: Iterable[SavedQuery]) -> dict[str, list[Row]]:
    with engine_on(tables) as engine:
        return {
            query.name: engine.run(
                query.sql, query.bind({each.name: each.example for each in query.metadata.parameters}), TODAY
            ).to_pylist()
            for query in queries
        }


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> ReferenceData:
    path: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    make_key_file(str(path))
    return ReferenceData((reader_key_resource(str(path)),))


@pytest.fixture(scope="module")
def kept(reference: ReferenceData) -> dict[str, list[Row]]:
    return answers(lake("keep", reference), QUERIES)


def test_keyed_addresses_give_the_numbers_of_kept_ones_in_every_query(
    reference: ReferenceData, kept: dict[str, list[Row]]
) -> None:
    keyed = answers(lake("keyed", reference), QUERIES)
    for name, rows in keyed.items():
        assert rows == kept[name], name
    assert sum(map(bool, kept.values())) > len(QUERIES) / 2


def test_rows_of_a_lake_without_reader_ids_count_by_their_address(
    reference: ReferenceData, kept: dict[str, list[Row]]
) -> None:
    older = {
        name: pa.table(
            [pa.nulls(len(rows), pa.string()) if each in READER else rows[each] for each in rows.column_names],
            rows.column_names,
        )
        for name, rows in lake("keep", reference).items()
    }
    queries = [SavedQuery.load(name) for name in ("access/unique_requesters", "cloudfront/downloads_by_month")]
    for name, rows in answers(older, queries).items():
        assert rows == kept[name], name


def test_readers_of_dropped_addresses_are_counted_by_place_and_user_agent(reference: ReferenceData) -> None:
    query = SavedQuery.load("cloudfront/downloads_by_month")
    (dropped,) = {row["unique_requesters"] for row in answers(lake("drop", reference), [query])[query.name][:1]}
    assert dropped == 2
