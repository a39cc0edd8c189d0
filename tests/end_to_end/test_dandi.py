"""DANDI's summaries of a lake: which requests count, and for whom."""

from __future__ import annotations

import json
from pathlib import Path

from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import PlainReporter

CONFIG = """
datasets:
  - mapping: ids.json
    keys: ["blobs/*/*/{id}", "zarr/{id}/…"]
privacy:
  rounding: {minimum: 1, multiple: 1}
own_traffic: {cidrs: [203.0.113.0/24]}
"""

IDS = {"id-1": {"000011": "sub-A/a.nwb"}, "id-2": {"000012": "b.zarr"}}


def line(number: int, key: str, address: str, operation: str = "REST.GET.OBJECT", status: int = 200) -> str:
    return (
        f"{'0' * 64} example-archive [06/Jun/2025:00:00:{number:02d} +0000] {address} - {number:016X} {operation} {key}"
        f' "GET /{key} HTTP/1.1" {status} - 10 10 1 1 "-" "curl" - host= SigV4 - - x.example.com TLSv1.2 - -\n'
    )


LINES = [
    line(1, "blobs/a/b/id-1", "192.0.2.1"),
    line(2, "blobs/a/b/id-1", "192.0.2.2", status=206),
    line(3, "zarr/id-2/0/0", "192.0.2.1"),
    line(4, "blobs/a/b/id-9", "2001:db8::1"),
    # None of these counts.
    line(5, "blobs/a/b/id-1", "192.0.2.3", operation="REST.HEAD.OBJECT"),
    line(6, "blobs/a/b/id-1", "192.0.2.4", status=404),
    line(7, "dandisets/list.json", "192.0.2.5"),
    line(8, "blobs/a/b/id-1", "203.0.113.9"),
]


def summaries(folder: Path, name: str, *options: str) -> dict[str, str]:
    """The files, written from the lake in the folder."""
    given = {"lake_path": str(folder / "lake"), "config": str(folder / "config.yaml")}
    out = folder / name
    values = {"pipeline": "report", "profile": "dandi", "report_path": str(out), **dict.fromkeys(options, "true")}
    run_job({**values, **given}, PlainReporter())
    return {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}


def deliver(folder: Path, lines: list[str], name: str) -> None:
    (folder / "raw").mkdir(exist_ok=True)
    (folder / "raw" / f"2025-06-06-01-00-00-{name}").write_text("".join(lines))
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "ids.json").write_text(json.dumps(IDS))
    given = {"lake_path": str(folder / "lake"), "config": str(folder / "config.yaml")}
    run_job({"pipeline": "s3_access_log", "raw_path": str(folder / "raw"), **given}, PlainReporter())


def test_reads_that_succeeded_count_by_data_set_and_asset(tmp_path: Path) -> None:
    deliver(tmp_path, LINES, "0F1E2D3C4B5A6978")
    files = summaries(tmp_path, "one")
    assert files["000011/by_asset.tsv"].splitlines()[1:] == ["sub-A/a.nwb\t20\t2\t1"]
    assert files["undetermined/by_asset.tsv"].splitlines()[1:] == ["undetermined\t10\t1\t1"]
    assert files["archive/by_day.tsv"].splitlines()[1:] == ["2025-06-06\t40\t4\t3"]
    assert (files["000011/requester_count.tsv"], files["archive/requester_count.tsv"]) == ("2", "3")
    assert "bogon:\n  latitude: null\n  longitude: null\n" in files["region_codes_to_coordinates.yaml"]
    assert set(json.loads(files["totals.json"])) == {"000011", "000012", "undetermined"}
    assert summaries(tmp_path, "again") == files


def test_a_later_delivery_adds_its_requests(tmp_path: Path) -> None:
    deliver(tmp_path, LINES[:1], "0F1E2D3C4B5A6978")
    before = summaries(tmp_path, "out")
    deliver(tmp_path, LINES[1:], "1F1E2D3C4B5A6978")
    assert before["archive/by_day.tsv"].splitlines()[1:] == ["2025-06-06\t10\t1\t1"]
    assert summaries(tmp_path, "out")["archive/by_day.tsv"].splitlines()[1:] == ["2025-06-06\t40\t4\t3"]


def test_people_who_read_two_data_sets_are_counted_twice_only_on_request(tmp_path: Path) -> None:
    deliver(tmp_path, LINES, "0F1E2D3C4B5A6978")
    assert summaries(tmp_path, "as_dandi", "compat")["archive/requester_count.tsv"] == "4"
