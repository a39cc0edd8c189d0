"""What bad input gets: a rejected record with a reason, or a run that stops with one sentence and stores nothing."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

import glue_jobs.ingest.events.stage_events
import glue_jobs.ingest.run_tables
from glue_jobs.errors import UsageLakeError
from tests.disturbed import disturbed, failing
from tests.end_to_end.lakes import KEEP, contents, event_numbers, orphans, run, said
from tests.end_to_end.processes import with_files_up_to
from tests.end_to_end.sources import ACCESS_LOGS, SOURCES, Raw, events
from tests.job_process import main
from tests.loopback import Handler, served

DAY = date(2024, 5, 7)


@pytest.fixture(params=SOURCES, ids=lambda source: source.title)
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Raw:
    """A raw path with one good object of ten events."""
    raw = Raw(request.param, str(tmp_path / "raw"))
    raw.deliver(DAY, 0, events(DAY, range(10)))
    return raw


@pytest.fixture
def access_logs(tmp_path: Path) -> Raw:
    """The same for access logs, whatever other sources there are."""
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    raw.deliver(DAY, 0, events(DAY, range(10)))
    return raw


def arguments(raw: Raw | str, lake: str, *more: str) -> list[str]:
    name, address = (
        (raw.source.pipeline.name, raw.address) if isinstance(raw, Raw) else (ACCESS_LOGS.pipeline.name, raw)
    )
    return ["--pipeline", name, "--raw_path", address, "--lake_path", lake, *more]


def rejected(raw: Raw, lake: str) -> list[tuple[str, int, str, bytes]]:
    rows = [dict(row) for row in contents(lake, raw.source.pipeline).rejected.elements()]
    return sorted((row["object"], row["position"], row["reason"], row["record"]) for row in rows)


def test_an_object_cut_short_keeps_what_is_whole(access_logs: Raw, lake: str) -> None:
    raw, name = access_logs, ACCESS_LOGS.object_name(DAY, 1)
    content = ACCESS_LOGS.content([ACCESS_LOGS.record(event) for event in events(DAY, range(10, 2_010))])
    address = raw.put(name, gzip.compress(content)[:-300])
    run(raw, lake, config=KEEP)
    ((found, position, reason, record),) = rejected(raw, lake)
    assert (found, reason) == (address, "the gzip stream ends early: the object was cut short")
    assert content[position:].startswith(record)
    numbers = event_numbers(raw, lake)
    assert set(numbers.values()) == {1}
    assert set(range(10)) < set(numbers) < set(range(2_010))
    assert len(numbers) == 10 + content[:position].count(b"\n")


def test_half_a_line_is_rejected_and_its_neighbours_are_rows(access_logs: Raw, lake: str) -> None:
    whole = ACCESS_LOGS.record(events(DAY, [11])[0])
    half = whole[:200]
    address = access_logs.put(ACCESS_LOGS.object_name(DAY, 1), b"\n".join([whole, half]))
    run(access_logs, lake, config=KEEP)
    ((found, position, reason, record),) = rejected(access_logs, lake)
    assert (found, position, record) == (address, len(whole) + 1, half)
    assert len(reason) > 10
    assert set(event_numbers(access_logs, lake)) == {*range(10), 11}


def test_text_that_is_no_utf_8_is_still_a_record_of_its_own(access_logs: Raw, lake: str) -> None:
    lines = [ACCESS_LOGS.record(event) for event in events(DAY, [11, 12])]
    access_logs.put(ACCESS_LOGS.object_name(DAY, 1), b"\n".join([lines[0].replace(b"curl", b"\xff\xfecurl"), lines[1]]))
    outcome = run(access_logs, lake)
    assert outcome.totals.records == 12
    assert outcome.totals.rows + outcome.totals.rejected == 12
    kept = {row["user_agent"] for row in map(dict, contents(lake, ACCESS_LOGS.pipeline).rows)}
    told = any("UTF-8" in reason for _, _, reason, _ in rejected(access_logs, lake))
    assert told or any("curl" in agent and agent != "curl/8.5.0" for agent in kept)


def test_an_empty_object_is_ingested_as_nothing(access_logs: Raw, lake: str) -> None:
    address = access_logs.put(ACCESS_LOGS.object_name(DAY, 1), b"")
    run(access_logs, lake)
    (row,) = [dict(row) for row in contents(lake, ACCESS_LOGS.pipeline).ledger if dict(row)["key"] == address]
    assert (row["records"], row["rows"], row["first_event_time"]) == (0, 0, None)
    assert run(access_logs, lake).run_id is None


def test_only_bad_records_are_a_run_too(raw: Raw, lake: str) -> None:
    other = Raw(raw.source, f"{raw.address}/none")
    other.deliver(DAY, 0, [], bad=3)
    outcome = run(other, lake)
    assert (outcome.totals.rows, outcome.totals.rejected) == (0, 3)
    assert run(other, lake).run_id is None


def test_an_object_of_another_kind_is_skipped_and_named(raw: Raw, lake: str) -> None:
    folder = raw.source.object_name(DAY, 0).rpartition("/")[0]
    address = raw.put(f"{folder}/README.txt", b"not a log")
    outcome = run(raw, lake)
    assert (outcome.skipped.count, outcome.skipped.example) == (1, address)
    assert outcome.totals.objects == 1


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text.splitlines()[-1]


def test_a_bad_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments("r", "l", "--since", "7 May")) == 1
    assert last_line(capsys) == "error: since is a day such as 2024-05-07 or 20240507, not '7 May'"
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_the_configuration(
    access_logs: Raw, lake: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text("datasets:\n  - layuot: '{account}/{repository}/'\n")
    assert main(arguments(access_logs, lake, "--config", str(tmp_path / "config.yaml"))) == 1
    sentence = "an entry of 'datasets' must have exactly one of layout, prefix, regex, csv, mapping."
    assert last_line(capsys) == f"error: {tmp_path}/config.yaml, line 2: {sentence}"
    assert not Path(lake).exists()


def test_the_real_process_ends_with_one_sentence() -> None:
    ended = subprocess.run([sys.executable, "-m", "glue_jobs.run"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "error: the job needs --pipeline, --raw_path, --lake_path\n"


@pytest.mark.parametrize("below_file", ["lake", "deep/lake"])
def test_a_lake_that_cannot_be_written(
    below_file: str, raw: Raw, lake: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main(arguments(raw, f"{tmp_path}/file/{below_file}")) == 1
    assert re.fullmatch(
        rf"error: cannot write {tmp_path}/file/{below_file}/\S+: (Not a directory|File exists)", last_line(capsys)
    )


# Files that cannot grow are the same to the run as a disk that is full. The catalog grows to less than 30 kB, a data
# file to more; what is written before it does not depend on the source.
FULL = (
    (ACCESS_LOGS, 0, "write .*/lake/[.]usage-lake"),
    (ACCESS_LOGS, 100, "open the sqlite catalog of .*/lake"),
    (ACCESS_LOGS, 20_000, "(open the sqlite catalog of|create the table [a-z_]+ in) .*/lake"),
    *((source, 36_000, "write .*/data/event_date=2024-05-07/.*[.]parquet") for source in SOURCES),
)


@pytest.mark.parametrize(
    ("raw", "size", "what"), FULL, indirect=["raw"], ids=[f"{source.title}-{size}" for source, size, _ in FULL]
)
def test_a_full_disk(size: int, what: str, raw: Raw, lake: str) -> None:
    raw.deliver(DAY, 1, events(DAY, range(10, 7_000)), bad=100)
    code, text = with_files_up_to(size, arguments(raw, lake))
    assert code == 1, text
    assert "Traceback" not in text
    assert re.match(f"error: cannot {what}: (File too large|disk I/O error)", text.splitlines()[-1])
    assert run(raw, lake).totals.rows == 7_000
    assert contents(lake, raw.source.pipeline).sums["records"] == raw.records
    assert orphans(lake) == set()


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 that answers every request as it does a stranger's."""

    class Refusal(Handler):
        def do_GET(self) -> None:
            body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            if "X-Amz-Target" in self.headers:
                body = b'{"__type": "AccessDeniedException", "Message": "not authorized to perform: glue:GetTable"}'
            self.answer(403, body)

        do_HEAD = do_PUT = do_POST = do_GET

    with served(Refusal) as address:
        values = {"AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1"}
        for name, value in {**values, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
            monkeypatch.setenv(name, value)
        yield address


def test_raw_objects_nobody_may_list(forbidden: str, lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments("s3://forbidden-raw/logs", lake)) == 1
    assert (
        last_line(capsys) == "error: cannot list s3://forbidden-raw/logs: AccessDenied; check the role or credentials"
    )


def test_a_catalog_nobody_may_read(forbidden: str, raw: Raw, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(raw, "s3://forbidden-lake/lake")) == 1
    assert last_line(capsys) == (
        f"error: cannot look for the table {raw.source.pipeline.table.name} of s3://forbidden-lake/lake: "
        "AccessDeniedException (not authorized to perform: glue:GetTable); check the role or credentials"
    )


Change = Callable[[str], None]


def vanish(address: str) -> None:
    Path(address).unlink()


def grow(address: str) -> None:
    with Path(address).open("ab") as file:
        file.write(b"one more\n")


CHANGES: dict[str, tuple[Change, str]] = {
    "vanished": (vanish, "No such file or directory"),
    "changed": (grow, "it changed while it was being read"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_object_that_is_not_what_was_listed(
    change: str, raw: Raw, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With Spark: the reason comes from a worker, and nothing of Spark's own noise with it."""
    address, lake = raw.deliver(DAY, 1, events(DAY, range(10, 20))), str(tmp_path / "lake")
    happens, reason = CHANGES[change]
    with disturbed(glue_jobs.ingest.run_tables, "keep_places", lambda: happens(address)):
        assert main(arguments(raw, lake)) == 0
    text = capfd.readouterr().err
    skipped = f"; 1 object cannot be read now and is left to later runs ({reason}), e.g. {address}"
    assert skipped in text.splitlines()[-1]
    assert not re.search("Traceback|Exception|WARN", text)
    assert set(event_numbers(raw, lake)) == set(range(10))


def test_an_error_nobody_foresaw_in_a_task_is_still_a_sentence(
    raw: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(glue_jobs.ingest.events.stage_events, "ingest_chunk", broken)
    with pytest.raises(UsageLakeError, match="a task failed with ZeroDivisionError: division by zero"):
        said(raw, str(tmp_path / "lake"))


def test_ctrl_c_stops_with_a_sentence(raw: Raw, lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    with failing(glue_jobs.ingest.events.stage_events, "without_duplicates", KeyboardInterrupt()):
        assert main(arguments(raw, lake)) == 130
    assert last_line(capsys) == "stopped; the same command continues from here"
    assert orphans(lake) == set()
    assert run(raw, lake).totals.rows == 10
