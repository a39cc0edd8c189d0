"""The public tier of a lake with lone readers: what it shows, what stays, and what an attack gets of it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.config import Privacy
from glue_jobs.errors import StorageError
from glue_jobs.progress import SilentReporter
from glue_jobs.publish.public.publish import publish_public
from glue_jobs.publish.publish import Edition, Published, sentence
from glue_jobs.publish.report_set import public_report
from glue_jobs.publish.stale import StaleSource
from tests.publish.public.attack import Attack
from tests.query.engines import engine_on

REPORT = public_report()
DECLARED = REPORT.query.metadata.public
assert DECLARED
PRIVACY = Privacy()
FIRST, SECOND = date(2026, 3, 8), date(2026, 4, 8)
"""The days of two editions: February is public since the first, March since the second."""
LONE = {"country": "IS", "network": "gcp", "account": "rivers", "repository": "lidar", "key": "rivers/lidar/a.laz"}
MONTHS = ("202601", "202602", "202603")


def read(day: date, reader: int, **columns: Any) -> dict[str, Any]:
    """A line of the access log: a whole object is read."""
    time = datetime(day.year, day.month, day.day, reader % 24)
    return {
        "event_time": time, "event_date": day, "bucket": "open-data", "operation": "REST.GET.OBJECT",
        "http_status": 200, "object_size": 1000 + reader, "bytes_sent": 1000 + reader, "user_agent": "curl/8.5.0",
        "remote_ip": f"192.0.2.{reader % 250}", "requester": f"{reader:064x}",
        "country": "US", "network": "other", "account": "earth", "repository": "clouds", "key": "earth/clouds/a.nc",
    } | columns  # fmt: skip


def lines(months: int) -> list[dict[str, Any]]:
    """Reads of about 150 people a month; of some countries, data sets, networks and kinds of file, few or one."""
    rng, rows = random.Random(1), []
    for month in range(1, months + 1):
        for reader in range(150):
            country = rng.choices(["US", "FR", "DE", "JP", "NZ", "KE"], [60, 30, 20, 12, 4, 1])[0]
            data_set = rng.choices(["clouds", "snow", "song", "rain"], [60, 30, 14, 2])[0]
            ending = rng.choices(["nc", "csv", "tif", "zip"], [60, 30, 12, 2])[0]
            network = rng.choices(["other", "aws", "azure"], [90, 40, 4])[0]
            for _ in range(rng.randint(1, 3)):
                day = date(2026, month, rng.randint(1, 28))
                key = f"earth/{data_set}/{rng.randint(1, 9)}.{ending}"
                parts = {"http_status": 206, "bytes_sent": 10} if rng.random() < 0.1 else {}
                named = {"country": country, "network": network, "repository": data_set, "key": key}
                rows.append(read(day, reader, **named, **parts))
        rows += [read(date(2026, month, 5), 998, **LONE), read(date(2026, month, 6), 999, is_robot=True, country="VA")]
    return rows


def publish(rows: Sequence[dict[str, Any]], folder: Path, day: date, *stale: StaleSource) -> Published:
    with engine_on({"s3_access_log": rows}) as asked:
        places = ("places.mmdb 2026-01 (CC BY 4.0)",)
        return publish_public(
            REPORT, asked, str(folder), Edition(day, stale=stale, place_sources=places), PRIVACY, SilentReporter()
        )


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], dict[str, bytes], Published]:
    """The files after the first edition and after the second, before which late lines of February arrived."""
    folder = tmp_path_factory.mktemp("public")
    publish(lines(2), folder, FIRST)
    first = files(folder)
    late = [read(date(2026, 2, 27), 77, country="NZ", bytes_sent=5000, object_size=5000)]
    published = publish([*lines(3), *late], folder, SECOND)
    return first, files(folder), published


Editions = tuple[dict[str, bytes], dict[str, bytes], Published]


def month_rows(edition: dict[str, bytes], month: str) -> list[dict[str, Any]]:
    return list(json.loads(edition[f"access/public_usage-{month}.json"])["rows"])


@cache
def exact_rows(month: str) -> list[dict[str, Any]]:
    with engine_on({"s3_access_log": lines(3)}) as asked:
        rows = asked.run(REPORT.query.as_of(SECOND)).to_pylist()
    return [row for row in rows if f"{row['month']:%Y%m}" == month]


def hidden(month: str, edition: dict[str, bytes]) -> Iterator[tuple[dict[str, Any], str, float, float]]:
    """Each number that is hidden: its exact row, its column, and the least and the greatest that an attack finds."""
    exact = exact_rows(month)
    keys = {(row["breakdown"], *(row[name] for name in DECLARED.names)): row for row in exact}
    for count in DECLARED.counts:
        for key, least, greatest in Attack(month_rows(edition, month), exact, count, DECLARED, PRIVACY).hidden():
            yield keys[key], count, least, greatest


def test_an_attack_on_two_editions_tells_no_hidden_number(editions: Editions) -> None:
    first, second, _ = editions
    assert {name: second[name] for name in first if name.startswith("access/")}.items() <= first.items()
    found = 0
    for month in MONTHS:
        for row, count, least, greatest in hidden(month, second):
            if row[DECLARED.counts[count]] < PRIVACY.minimum_readers:
                found += 1
                assert least == pytest.approx(0, abs=1e-3), (month, row, count)
                assert greatest > row[count] + 0.5 or greatest >= PRIVACY.minimum_readers - 1, (month, row, count)
    assert found > 30


def test_no_number_of_fewer_readers_is_published_and_people_are_rounded(editions: Editions) -> None:
    _, second, _ = editions
    for month in MONTHS:
        exact = {(row["breakdown"], *(row[name] for name in DECLARED.names)): row for row in exact_rows(month)}
        assert {row["breakdown"] for row in month_rows(second, month)} == {key[0] for key in exact} - {DECLARED.crossed}
        assert DECLARED.crossed in {key[0] for key in exact}
        for row in month_rows(second, month):
            for count, behind in DECLARED.counts.items():
                key = (row["breakdown"], *(row[name] for name in DECLARED.names))
                if isinstance(row[count], int) and key in exact:
                    assert exact[key][behind] >= PRIVACY.minimum_readers
                    assert row[count] == (
                        exact[key][count] if count != behind else PRIVACY.rounding.rounded(exact[key][count])
                    )


def test_what_exists_because_of_one_reader_is_nowhere(editions: Editions) -> None:
    _, second, _ = editions
    for name, content in second.items():
        text = content.decode()
        assert not re.search(r"lidar|\bIS\b|\bKE\b|\bVA\b|Iceland|0{50}|111122223333|192[.]0[.]2|curl|earth/", text), (
            name
        )


GUEST = {"requester": None, "remote_ip": None, "reader_id": "a1", "reader_key": "k", "remote_prefix": "192.0.2.0/24"}
ALONE = {
    "sessions of an account": lambda n: {"requester": f"arn:aws:sts::111122223333:assumed-role/loader/{n}"},
    "user agents of an address": lambda n: GUEST | {"user_agent": f"curl/{n}"},
    "user agents of an address that was kept": lambda n: {
        "requester": None, "remote_ip": "192.0.2.7", "user_agent": f"curl/{n}"
    },
    "addresses of an IPv6 network": lambda n: GUEST | {"reader_id": f"a{n}", "remote_prefix": "2001:db8:7::/48"},
}  # fmt: skip


@pytest.mark.parametrize("columns", ALONE.values(), ids=ALONE)
def test_what_one_machine_can_have_a_thousand_of_is_one_reader(
    columns: Callable[[int], dict[str, Any]], tmp_path: Path
) -> None:
    many = [read(date(2026, 2, 5), n, **LONE | columns(n)) for n in range(1000)]
    publish([*lines(2), *many], tmp_path, FIRST)
    rows = month_rows(files(tmp_path), "202602")
    assert not [row for row in rows if "lidar" in row.values() or "IS" in row.values() or "laz" in row.values()]


def test_late_lines_of_a_public_month_would_be_seen_if_it_were_published_again(
    editions: Editions, tmp_path: Path
) -> None:
    first, _, _ = editions
    late = [read(date(2026, 2, 27), 77, country="NZ", bytes_sent=5000, object_size=5000)]
    publish([*lines(2), *late], tmp_path, FIRST)
    whole, again = (month_rows(edition, "202602")[0]["bytes_sent"] for edition in (first, files(tmp_path)))
    assert again - whole == 5000


def test_equal_lakes_give_equal_files_and_a_second_run_changes_none(editions: Editions, tmp_path: Path) -> None:
    for _ in range(2):
        publish(lines(2), tmp_path, FIRST)
        assert files(tmp_path) == editions[0]


def test_the_run_the_manifest_and_the_page_say_what_is_hidden(editions: Editions) -> None:
    _, second, published = editions
    manifest = json.loads(second["manifest-20260408.json"])
    assert manifest["tier"] == "public"
    assert manifest["hidden"].keys() == {"2026-01", "2026-02", "2026-03"}
    numbers = sum(month["numbers"] for month in manifest["hidden"].values())
    most = max(share for month in manifest["hidden"].values() for share in month["share_of_bytes"].values())
    assert numbers > 30
    said = f"3 months are public, {numbers} numbers of few readers hidden, at most {most:.0%} of the bytes of a month"
    assert said in sentence(published).replace("\xa0%", "%")
    page = second["index.html"].decode().replace("\xa0%", "%")
    assert said in page
    assert "places.mmdb 2026-01 (CC BY 4.0)" in page
    assert [each["query"] for each in manifest["files"]] == ["access/public_usage"] * 6


def test_every_number_of_the_page_and_the_summary_is_in_a_file(editions: Editions) -> None:
    _, second, _ = editions
    newest = month_rows(second, "202603")[0]
    assert json.loads(second["summary.json"]) == {
        "day": "2026-04-08",
        "tier": "public",
        "month": "2026-03",
        **{count: newest[count] for count in ("downloads", "bytes_sent", "readers")},
    }
    page = second["index.html"].decode()
    assert f"<h1>{newest['downloads']} downloads in March\xa02026</h1>" in page
    assert re.findall(r'<section id="([\w-]+)"', page) == [
        "over-time", "countries", "data-sets", "network", "file-type", "hidden", "definitions", "all-files",
    ]  # fmt: skip
    rows = [row for month in MONTHS for row in month_rows(second, month) if row["breakdown"] == "country"]
    countries = {row["country"] for row in rows if isinstance(row["downloads"], int)} - {"(other)"}
    assert f"Downloads went to {len(countries)} countries and to others with few readers" in page
    data_sets = page.partition('<section id="data-sets"')[2].partition("</section>")[0]
    places = [data_sets.find(name) for name in ("clouds", "snow", "Others")]
    assert -1 < places[0] < places[1] < places[2]
    assert {name for name in second if name.startswith("datasets/")} == {
        f"datasets/earth--{one}.html" for one in ("clouds", "snow")
    }


def test_a_month_waits_until_its_source_was_ingested_after_it_was_closed(tmp_path: Path) -> None:
    stale = StaleSource("s3_access_log", datetime(2026, 3, 7, 23, tzinfo=UTC))
    published = publish(lines(2), tmp_path, FIRST + timedelta(days=9), stale)
    assert [name for name in files(tmp_path) if name.endswith(".json") and "/" in name] == [
        "access/public_usage-202601.json"
    ]
    assert "s3_access_log is stale since 2026-03-07 23:00 UTC" in sentence(published)


@pytest.mark.parametrize("content", [b"[]", b'{"month": "2026-01"}', b'{"month": "2026-01", "ro', b"\xff", b"[{}]"])
def test_a_file_that_is_no_month_is_named_and_nothing_is_written(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "access").mkdir()
    (tmp_path / "access/public_usage-202601.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"public_usage-202601[.]json is no month of the public tier"):
        publish([], tmp_path, FIRST)
    assert len(files(tmp_path)) == 1


def test_a_month_that_was_changed_to_hide_nothing_is_refused(editions: Editions, tmp_path: Path) -> None:
    name = "access/public_usage-202601.json"
    (tmp_path / "access").mkdir()
    (tmp_path / name).write_text(json.dumps(json.loads(editions[0][name]) | {"minimum_readers": 0}))
    with pytest.raises(StorageError, match=r"public_usage-202601[.]json is no month of the public tier"):
        publish([], tmp_path, FIRST)


def test_without_reads_there_is_a_page_that_says_when_there_will_be_more(tmp_path: Path) -> None:
    when = "month in which somebody read is published from the 8th day after its end"
    assert f"no month is public yet: a {when}" in sentence(publish([], tmp_path, FIRST))
    assert f'<h1>No month is public yet</h1><p class="lead">A {when}.</p>' in (tmp_path / "index.html").read_text()
