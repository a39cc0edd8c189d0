"""No address reaches the files of a lake unless its owner keeps addresses; changes of keys are said."""

from __future__ import annotations

import json
from datetime import date, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from glue_jobs.cli.main import main
from glue_jobs.config import Config
from glue_jobs.enrich.readers.key_changes import key_changes
from glue_jobs.ingest.request import IngestSummary
from glue_jobs.lake import Lake
from glue_jobs.sources.tables import TABLES
from tests.end_to_end.lakes import run
from tests.end_to_end.sources import ACCESS_LOGS, CLOUDFRONT, CLOUDFRONT_FIELDS, CLOUDTRAIL, Raw, events

DAY = date(2024, 5, 7)
# Addresses in every place where a record may have one, and in records that nobody understands.
OTHER = "198.51.100.77"
SIX = "2001:db8::77"


def texts(lake: str | Path) -> set[str]:
    """All texts in the data files of a lake, also those of lists and those that are bytes."""
    found: set[str] = set()
    for path in Path(lake).rglob("*.parquet"):
        for column in pq.ParquetFile(path).read().columns:
            values = column.combine_chunks()
            values = values.flatten() if pa.types.is_list(values.type) else values
            if pa.types.is_binary(values.type):
                found |= {value.decode("latin-1") for value in values.to_pylist() if value is not None}
            elif pa.types.is_string(values.type):
                found |= {value for value in values.unique().to_pylist() if value is not None}
    return found


def holding(lake: str | Path, addresses: set[str]) -> set[str]:
    """The addresses that a text of the lake has."""
    everything = "\n".join(texts(lake))
    assert len(everything) > 1_000
    return {address for address in addresses if address in everything}


def delivered(folder: Path) -> list[Raw]:
    """Raw paths of all sources, whose records repeat addresses wherever they can."""
    logs, trail, viewers = (
        Raw(source, str(folder / source.pipeline.name)) for source in (ACCESS_LOGS, CLOUDTRAIL, CLOUDFRONT)
    )
    one, two = map(ACCESS_LOGS.record, events(DAY, [1, 4]))
    lines = [one.replace(b"HTTP/1.1", b"?me=192.0.2.1 HTTP/1.1"), one[:120], two.replace(b"192.0.2.4", SIX.encode())]
    logs.put(ACCESS_LOGS.object_name(DAY, 0), b"\n".join(lines))
    (text,) = map(CLOUDTRAIL.record, events(DAY, [2]))
    event = json.loads(text)
    event["requestParameters"]["from"] = [OTHER]
    event["additionalEventData"]["seen"] = f"{OTHER}:443"
    event["tlsDetails"]["peer"] = SIX
    event["sourceAddress"] = "192.0.2.2"
    bad = {**event, "eventTime": "yesterday"}
    trail.put(CLOUDTRAIL.object_name(DAY, 0), CLOUDTRAIL.content([json.dumps(each).encode() for each in (event, bad)]))
    (line,) = map(CLOUDFRONT.record, events(DAY, [3]))
    header = f"#Version: 1.0\n#Fields: {CLOUDFRONT_FIELDS} x-forwarded-for cs-uri-query\n".encode()
    content = header + line + f"\t{OTHER}\tip=192.0.2.3\n".encode()
    viewers.put(CLOUDFRONT.object_name(DAY, 0).removesuffix(".gz"), content)
    return [logs, trail, viewers]


ADDRESSES = {"192.0.2.1", "192.0.2.2", "192.0.2.3", OTHER, SIX}


def ingest(folder: Path, lake: str, setting: str) -> list[IngestSummary]:
    config = Config.model_validate({"privacy": {"addresses": setting}})
    return [run(raw, lake, config=config) for raw in delivered(folder)]


@pytest.mark.parametrize(("setting", "held"), [("keep", ADDRESSES), ("keyed", set()), ("drop", set())])
def test_the_files_of_a_lake_hold_no_address_that_the_setting_does_not_keep(
    tmp_path: Path, lake: str, setting: str, held: set[str]
) -> None:
    totals = [summary.totals for summary in ingest(tmp_path, lake, setting)]
    assert [(each.rows, each.rejected) for each in totals] == [(2, 1), (1, 1), (1, 0)]
    assert holding(lake, ADDRESSES) == held


def test_the_demo_holds_no_address_of_its_readers(demo_folder: Path) -> None:
    raw = "\n".join(
        path.read_text("latin-1") for path in (demo_folder / "raw" / "s3_access_log").rglob("*") if path.is_file()
    )
    addresses = {line.split("] ", 1)[1].split(" ", 1)[0] for line in raw.splitlines() if "] " in line}
    addresses = {text for text in addresses if _is_address(text)}
    assert len(addresses) > 10
    assert holding(demo_folder / "lake", addresses) == set()


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def test_a_record_that_comes_again_after_a_change_of_the_setting_is_no_second_row(tmp_path: Path, lake: str) -> None:
    ingest(tmp_path, lake, "keep")
    drop = Config.model_validate({"privacy": {"addresses": "drop"}})
    for raw in delivered(tmp_path):
        for address in raw.objects:
            Path(address).rename(Path(address).with_name(Path(address).name.replace("00", "01")))
        totals = run(raw, lake, config=drop).totals
        assert (totals.rows, totals.duplicates > 0) == (0, True), raw.source.title


def test_who_reads_before_and_after_a_new_key_is_said_to_count_twice(tmp_path: Path, lake: str) -> None:
    path = tmp_path / "keys.json"
    path.touch(0o600)
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    days = [DAY, DAY + timedelta(days=1)]
    keys: dict[str, Any] = {"2006-03-14": "a" * 32}
    for number, day in enumerate(days):
        path.write_text(json.dumps(keys))
        raw.deliver(day, number, events(day, [1]))
        run(raw, lake, reader_keys=str(path))
        keys["2099-01-01"] = "b" * 32
    table = Lake(lake, "usage_lake")
    assert key_changes(table, TABLES, days[1]) == ()
    (said,) = key_changes(table, TABLES, date(2099, 3, 1))
    assert said.startswith("Since 2099-01-01 other ids stand for readers")
    command = ["query", "access/unique_requesters", "--lake", lake, "--as-of"]
    assert said in CliRunner().invoke(main, [*command, "2099-03-01"]).output
    assert "other ids" not in CliRunner().invoke(main, [*command, str(days[1])]).output


def test_a_run_whose_keys_have_lost_one_of_the_lake_says_so_once(tmp_path: Path, lake: str) -> None:
    path = tmp_path / "keys.json"
    path.touch(0o600)
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    first, second = {"2006-03-14": "a" * 32}, {"2006-03-14": "b" * 32}
    said = []
    for number, keys in enumerate([first, {**first, "2099-01-01": "c" * 32}, second, second]):
        path.write_text(json.dumps(keys))
        raw.deliver(DAY, number, events(DAY, [number]))
        sentences = run(raw, lake, reader_keys=str(path)).skipped.sentences
        said.append([each for each in sentences if "made with a key that" in each])
    assert list(map(len, said)) == [0, 0, 1, 0]
    assert f"{path} does not have" in said[2][0]
