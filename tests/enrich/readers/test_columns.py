"""What is stored of addresses by each setting."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.readers.columns import comparable, with_readers, without_addresses
from glue_jobs.enrich.readers.keys import ReaderKeys
from glue_jobs.enrich.readers.resource import reader_key_resource
from glue_jobs.enrich.reference_data import ReferenceData, content_of
from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.tables.model import READER, Table

MAY, JUNE = date(2024, 5, 7), date(2024, 6, 7)
ADDRESS, OTHER = "192.0.2.7", "198.51.100.8"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> ReferenceData:
    path: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(json.dumps({"2006-03-14": "a" * 32, "2024-06-01": "b" * 32}))
    path.chmod(0o600)
    return ReferenceData((reader_key_resource(str(path)),))


@pytest.fixture
def keys(reference: ReferenceData) -> ReaderKeys:
    found: ReaderKeys = content_of(reference.resources[0])
    return found


def stored(reference: ReferenceData, setting: str, table: Table, *rows: dict[str, Any]) -> pa.Table:
    """The rows as they are stored; texts have dictionaries, as parsers make them."""
    names = [*table.record, "event_date"]
    schema = pa.schema([table.arrow_schema.field(name) for name in names])
    given = pa.Table.from_pylist([{"event_date": MAY, **row} for row in rows], schema=schema)
    encoded = [each.dictionary_encode() if pa.types.is_string(each.type) else each for each in given.columns]
    config = Config.model_validate({"privacy": {"addresses": setting}})
    return with_readers(table, pa.table(encoded, names=names), config, reference)


def readers(rows: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows.select([*names, *READER]).to_pylist()]


def test_each_setting_stores_what_it_says(reference: ReferenceData, keys: ReaderKeys) -> None:
    given = ({"remote_ip": ADDRESS}, {"remote_ip": None}, {"remote_ip": ADDRESS}, {"remote_ip": "garbled"})
    reader, garbled = keys.keys[0].reader_id(ADDRESS), keys.keys[0].reader_id("garbled")
    known = [(reader, "192.0.2.0/24", keys.keys[0].id), (None, None, None), (garbled, None, keys.keys[0].id)]
    known = [known[0], known[1], known[0], known[2]]
    found = {setting: readers(stored(reference, setting, S3_ACCESS_LOG, *given), "remote_ip") for setting in SETTINGS}
    assert found["keep"] == [(row["remote_ip"], *each) for row, each in zip(given, known, strict=True)]
    assert found["keyed"] == [(None, *each) for each in known]
    assert found["drop"] == [(None, None, None, None)] * 4


SETTINGS = ("keep", "keyed", "drop")


def test_a_row_has_the_key_of_its_day(reference: ReferenceData, keys: ReaderKeys) -> None:
    days = [{"c_ip": ADDRESS, "event_date": day} for day in (MAY, JUNE, MAY)]
    rows = stored(reference, "keyed", CLOUDFRONT_LOG, *days, {"c_ip": OTHER, "event_date": JUNE})
    may, june = (key.reader_id(ADDRESS) for key in keys.keys)
    assert rows["reader_id"].to_pylist() == [may, june, may, keys.keys[1].reader_id(OTHER)]
    first, second = (key.id for key in keys.keys)
    assert rows["reader_key"].to_pylist() == [first, second, first, second]


def test_names_of_services_are_no_addresses(reference: ReferenceData) -> None:
    names = ["cloudfront.amazonaws.com", "AWS Internal"]
    rows = stored(reference, "keyed", CLOUDTRAIL_S3_EVENT, *({"source_ip_address": name} for name in names))
    assert readers(rows, "source_ip_address") == [(name, None, None, None) for name in names]


def test_texts_that_repeat_addresses_follow_the_setting(reference: ReferenceData, keys: ReaderKeys) -> None:
    row = {
        "source_ip_address": "athena.amazonaws.com",
        "request_parameters": json.dumps({"ip": ADDRESS, "key": "a/b"}),
        "additional_event_data": json.dumps({"from": [ADDRESS, OTHER]}),
        "tls_details": json.dumps({"tlsVersion": "TLSv1.3"}),
        "user_agent": f"mine/{ADDRESS}",
    }
    (keyed,) = stored(reference, "keyed", CLOUDTRAIL_S3_EVENT, row).to_pylist()
    one, other = keys.keys[0].reader_id(ADDRESS), keys.keys[0].reader_id(OTHER)
    assert keyed["request_parameters"] == json.dumps({"ip": one, "key": "a/b"})
    assert keyed["additional_event_data"] == json.dumps({"from": [one, other]})
    assert (keyed["tls_details"], keyed["user_agent"]) == (row["tls_details"], row["user_agent"])
    (dropped,) = stored(reference, "drop", CLOUDTRAIL_S3_EVENT, row).to_pylist()
    assert dropped["additional_event_data"] == json.dumps({"from": ["-", "-"]})
    (kept,) = stored(reference, "keep", CLOUDTRAIL_S3_EVENT, row).to_pylist()
    assert {name: kept[name] for name in row} == row


def test_in_what_the_client_wrote_its_own_address_alone_is_replaced(reference: ReferenceData, keys: ReaderKeys) -> None:
    mine = {"c_ip": ADDRESS, "cs_uri_query": f"ip={ADDRESS}&version=203.0.113.6", "x_forwarded_for": OTHER}
    other = {"c_ip": OTHER, "cs_uri_query": f"ip={ADDRESS}", "extra_fields": ["n=1", f"via={ADDRESS}"]}
    rows = stored(reference, "keyed", CLOUDFRONT_LOG, mine, {**mine, "event_date": JUNE}, other, {"c_ip": None})
    (may, june), (other_may, other_june) = ([key.reader_id(each) for key in keys.keys] for each in (ADDRESS, OTHER))
    queries = [f"ip={may}&version=203.0.113.6", f"ip={june}&version=203.0.113.6", f"ip={ADDRESS}", None]
    assert rows["cs_uri_query"].to_pylist() == queries
    assert rows["x_forwarded_for"].to_pylist() == [other_may, other_june, None, None]
    assert rows["extra_fields"].to_pylist() == [None, None, ["n=1", f"via={may}"], None]


def test_the_own_address_is_replaced_in_every_spelling_that_a_url_has(
    reference: ReferenceData, keys: ReaderKeys
) -> None:
    uris = ["/k?ip={}", "/k?u=https%3A%2F%2Fexample.com%3Fip%3D{}%26other%3D2001%3ADB8%3A%3A9"]
    for address, spelling in (("2001:db8::7", "2001%3ADB8%3A%3A7"), (ADDRESS, ADDRESS)):
        rows = [{"remote_ip": address, "request_uri": uri.format(spelling)} for uri in uris]
        found = stored(reference, "keyed", S3_ACCESS_LOG, *rows)["request_uri"].to_pylist()
        assert found == [uri.format(keys.keys[0].reader_id(address)) for uri in uris]


def test_addresses_are_recognised_in_bytes_that_are_no_text(reference: ReferenceData, keys: ReaderKeys) -> None:
    record = b"\xff\x00[06/May/2024] 192.0.2.7 - \xe9"
    reader = keys.keys[1].reader_id(ADDRESS)
    hidden = {"keep": ADDRESS, "keyed": reader, "drop": "-"}
    for setting, text in hidden.items():
        config = Config.model_validate({"privacy": {"addresses": setting}})
        found = [*without_addresses([record], JUNE, config, reference)]
        assert found == [record.replace(b"192.0.2.7", text.encode())]


@pytest.mark.parametrize("setting", SETTINGS)
def test_rows_of_every_setting_can_be_compared(reference: ReferenceData, setting: str) -> None:
    rows = [
        {"c_ip": ADDRESS, "cs_uri_query": f"ip={ADDRESS}&u=ip%3D{ADDRESS}", "x_forwarded_for": f"{OTHER}, {ADDRESS}"},
        {"c_ip": None, "cs_uri_query": "v=1", "extra_fields": [f"via={OTHER}"]},
    ]
    names = [*CLOUDFRONT_LOG.record]
    expected = comparable(CLOUDFRONT_LOG, stored(reference, "keep", CLOUDFRONT_LOG, *rows)).select(names)
    found = comparable(CLOUDFRONT_LOG, stored(reference, setting, CLOUDFRONT_LOG, *rows)).select(names)
    assert found.to_pylist() == expected.to_pylist()
    assert expected["x_forwarded_for"].to_pylist() == ["-, -", None]


def test_no_identity_depends_on_what_is_stored_of_addresses() -> None:
    for table in (S3_ACCESS_LOG, CLOUDTRAIL_S3_EVENT, CLOUDFRONT_LOG):
        assert {*table.compared, *table.identity}.isdisjoint({*table.by_configuration, *READER})
