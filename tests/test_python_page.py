"""The examples of docs/python.md run as they are printed, one after another, against a demonstration's lake."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from glue_jobs import Lake, UsageLakeError

PAGE = (Path(__file__).parents[1] / "docs/python.md").read_text()


@pytest.fixture(scope="module")
def namespace(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The variables of the page after all its examples have run."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "demo").symlink_to(demo_folder)
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
            if "polars" in example and not find_spec("polars"):
                continue
            exec(example, names)
    return names


def test_a_saved_query_is_a_data_frame(namespace: dict[str, Any]) -> None:
    assert {"month", "account", "repository"} <= set(namespace["downloads"].columns)
    assert len(namespace["downloads"])


def test_a_scan_reads_the_columns_asked_for(namespace: dict[str, Any]) -> None:
    requests = namespace["requests"]
    assert requests.column_names == ["event_time", "key", "bytes_sent"]
    assert requests.num_rows == namespace["lake"].sql("SELECT count(*) AS n FROM s3_access_log")["n"][0].as_py()


def test_a_scan_of_a_day_has_the_rows_of_that_day(namespace: dict[str, Any]) -> None:
    lake = namespace["lake"]
    counts = lake.sql("SELECT event_date, count(*) AS n FROM s3_access_log GROUP BY event_date").to_pylist()
    assert len(counts) > 1
    for row in counts:
        day = row["event_date"]
        assert lake.table("s3_access_log").days(day, day).to_arrow().num_rows == row["n"]


def test_an_ingest_and_a_publication_say_what_they_did(namespace: dict[str, Any]) -> None:
    assert namespace["summary"].totals.rows == namespace["requests"].num_rows
    assert namespace["published"].files
    assert not namespace["published"].failed


def test_other_programs_read_the_same_rows(namespace: dict[str, Any]) -> None:
    ok = namespace["lake"].sql("SELECT count(*) AS n FROM s3_access_log WHERE http_status = 200")["n"][0].as_py()
    assert len(namespace["frame"]) == ok
    assert namespace["busiest"][0][1] > 0


def test_a_query_is_about_the_day_it_is_asked_for(namespace: dict[str, Any]) -> None:
    lake = namespace["lake"]
    assert lake.query("access/downloads_by_month", as_of=date(2001, 1, 1)).num_rows == 0
    assert lake.query("access/downloads_by_month", as_of="20010101").num_rows == 0
    assert lake.sql("SELECT current_date AS day", as_of=date(2024, 5, 7)).to_pylist() == [{"day": date(2024, 5, 7)}]


def test_a_table_without_rows_is_empty(namespace: dict[str, Any]) -> None:
    scan = namespace["lake"].table("psra").select("run_id")
    assert scan.to_arrow().to_pydict() == {"run_id": []}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda lake: lake.table("s3_acces_log"), "there is no table 's3_acces_log'; did you mean 's3_access_log'"),
        (lambda lake: lake.table("subscriber").days(date(2024, 5, 7)), "subscriber has no days to choose from"),
        (
            lambda lake: lake.table("subscriber").select("mood"),
            "subscriber has no column 'mood'; there are account",
        ),
        (lambda lake: lake.ingest("s3_access_log", "/nowhere"), "there are no objects below /nowhere"),
        (lambda lake: lake.query("access/nothing"), "there is no saved query 'access/nothing'"),
        (lambda lake: lake.sql("SELECT 1"), "there are no tables in database usage_lake of"),
        (lambda lake: lake.table("s3_access_log").to_pandas(), "there are no tables in database usage_lake of"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, call: Any, sentence: str) -> None:
    with pytest.raises(UsageLakeError, match=sentence):
        call(Lake(tmp_path / "empty"))


def test_the_names_of_tables_and_queries_are_those_of_the_program(namespace: dict[str, Any]) -> None:
    lake = namespace["lake"]
    assert {"s3_access_log", "s3_inventory_object", "adx_for_s3_metrics"} <= set(lake.tables())
    assert lake.queries()["access/downloads_by_month"]
    assert repr(Lake("s3://example-lake")) == "Lake('s3://example-lake', database='usage_lake', catalog='glue')"


def test_importing_the_package_loads_nothing_but_itself() -> None:
    program = "import sys; before = set(sys.modules); import glue_jobs; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"pyarrow", "numpy", "pandas", "pydantic", "pyiceberg", "duckdb", "click", "rich"}
    assert "glue_jobs" in done.stdout.split()
    assert not heavy & set(done.stdout.split())
