"""A run whose rules have changed says that stored rows keep what the old rules gave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs import Lake
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import SilentReporter

LINE = (
    "79a59d b [20/Nov/2026:13:00:01 +0000] 192.0.2.3 - R{} REST.GET.OBJECT acme/rain/a.csv"
    ' "GET /acme/rain/a.csv HTTP/1.1" 200 - 10 10 1 1 "-" "curl" -\n'
)
OTHERS = """
datasets: [{prefix: acme/, account: Acme}]
own_traffic: {cidrs: [192.0.2.0/24]}
prices: {transfer_per_gb: 1}
"""


class Place:
    """A folder with raw objects, and a lake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "raw").mkdir()

    def run(self, objects: int, configuration: str | None = None) -> str:
        """The sentence of a run that finds so many objects."""
        for number in range(objects):
            path = self.folder / "raw" / f"2026-11-20-14-00-00-{number:016d}"
            if not path.exists():
                path.write_text(LINE.format(number))
        values = {"raw_path": f"{self.folder}/raw", "lake_path": f"{self.folder}/lake"}
        if configuration is not None:
            (self.folder / "usage.yaml").write_text(configuration)
            values["config"] = f"{self.folder}/usage.yaml"
        return run_job({"pipeline": "s3_access_log", **values}, SilentReporter()).sentence


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_other_rules_are_told_until_a_run_has_stored_rows_by_them(place: Place) -> None:
    told = "the rules of the configuration (datasets, own_traffic) have changed since the last run"
    assert told not in place.run(1)
    for _ in range(2):
        sentence = place.run(1, OTHERS)
        assert "nothing new" in sentence and told in sentence
    assert told in place.run(2, OTHERS)
    assert told not in place.run(3, OTHERS)
    assert told in place.run(4), "without the file the defaults count again"
    rows = Lake(place.folder / "lake").sql("SELECT DISTINCT account, is_own FROM s3_access_log ORDER BY account")
    assert rows.to_pylist() == [{"account": "Acme", "is_own": True}, {"account": "acme", "is_own": False}]


def test_a_data_set_that_a_file_of_prefixes_gets_is_no_other_rule(place: Place) -> None:
    configuration = "datasets: [{csv: sets.csv}]"
    for objects, more in ((1, ""), (2, "acme/snow/,acme,snow\n")):
        (place.folder / "sets.csv").write_text(f"prefix,account,repository\nacme/rain/,acme,rain\n{more}")
        assert "rules of the configuration" not in place.run(objects, configuration)
