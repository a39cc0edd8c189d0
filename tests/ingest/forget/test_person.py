"""Which rows are of a person: ids as wholes, however an address is written, and not those that look alike."""

from __future__ import annotations

import pyarrow as pa
import pytest

from glue_jobs.errors import ArgumentError
from glue_jobs.ingest.forget.person import person
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.tables.rejected_record import REJECTED_RECORD

READER = "0123456789abcdef" * 2
ACCOUNT = "111122223333"


@pytest.mark.parametrize(
    ("address", "text", "is_of_person"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "a 192.0.2.7:443, b", True),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("192.0.2.7", "from 192.0.2.7.", True),
        ("192.0.2.7", "192.0.2.70", False),
        ("192.0.2.7", "1192.0.2.7", False),
        ("192.0.2.7", "192.0.2.7.1", False),
        ("192.0.2.7", "192x0.2.7", False),
        ("2001:db8::7", "2001:DB8::7", True),
        ("2001:db8::7", "[2001:0db8:0000:0000:0000:0000:0000:0007]:443", True),
        ("2001:DB8:0:0::7", "2001:db8:0:0:0:0:0:7", True),
        ("2001:db8::7", "2001:db8::7:1", False),
        ("2001:db8::7", "2001:db8::77", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        (" 192.0.2.7\n", "192.0.2.7", True),
    ],
)
def test_an_address_is_found_in_texts_however_it_is_written(address: str, text: str, is_of_person: bool) -> None:
    rows = pa.table({"record": [text.encode(), None], "reason": ["x", "x"]})
    assert person([address], [], []).has(REJECTED_RECORD, rows).tolist() == [is_of_person, False]


def test_a_row_without_a_value_is_of_nobody() -> None:
    chunks = [pa.array(each).dictionary_encode() for each in (["192.0.2.8", None, "192.0.2.7"], ["192.0.2.7", None])]
    rows = pa.table(dict.fromkeys(S3_ACCESS_LOG.arrow_schema.names, pa.chunked_array(chunks)))
    assert person(["192.0.2.7"], [], []).has(S3_ACCESS_LOG, rows).tolist() == [False, False, True, True, False]


def test_an_id_is_looked_for_in_the_columns_that_may_have_it() -> None:
    names = ("source_ip_address", "reader_id", "subscriber_account_id", "user_identity", "request_parameters")
    values = [
        ("192.0.2.1", "f" * 32, ACCOUNT, f'{{"arn":"arn:aws:iam::{ACCOUNT}:user/a"}}', f'{{"x":"{READER}"}}'),
        ("192.0.2.1", READER, "anonymous", "", f'{{"owner":"{ACCOUNT}"}}'),
        ("192.0.2.7", None, "anonymous", "", '{"ip":"192.0.2.8"}'),
    ]
    columns = CLOUDTRAIL_S3_EVENT.arrow_schema.names
    given = {name: pa.array(each) for name, each in zip(names, zip(*values, strict=True), strict=True)}
    rows = pa.table({name: given.get(name, pa.nulls(3, pa.string())) for name in columns})
    found = {
        "address": person(["192.0.2.7"], [], []),
        "reader": person([], [READER], []),
        "account": person([], [], [ACCOUNT]),
    }
    assert {name: each.has(CLOUDTRAIL_S3_EVENT, rows).tolist() for name, each in found.items()} == {
        "address": [False, False, True],
        "reader": [True, True, False],
        "account": [True, False, False],
    }


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        (([], [], []), "name a reader, an address or an account"),
        ((["192.0.2.0/24"], [], []), "is no address"),
        (([], ["me"], []), "32 hexadecimal digits"),
        (([], [], ["anonymous"]), "12 digits"),
    ],
)
def test_nobody_is_forgotten_for_an_id_that_is_none(ids: tuple[list[str], ...], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        person(*ids)


def test_every_source_with_requests_says_who_asked() -> None:
    """A source whose rows are of people must name the column with their address."""
    assert [each.name for each in PIPELINES if isinstance(each, EventPipeline) and not each.table.address] == []
