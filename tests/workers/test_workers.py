"""Tasks run in this process, in a pool of processes when there is much work, or on Spark where it runs already."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.workers.engine import MAX_BYTES_IN_PROCESS, OnSpark, workers_for
from glue_jobs.workers.spark import session
from glue_jobs.workers.task_errors import TaskError


def choice(size: int, environment: dict[str, str]) -> str:
    """The class of workers that a new process of four cores chooses, and how many these are."""
    program = (
        "import json, sys\n"
        "from glue_jobs.workers import engine, processes\n"
        "processes.cores = lambda: 4\n"
        "class Session: sparkContext = type('Context', (), {'defaultParallelism': 7})\n"
        "engine.session = Session\n"
        f"chosen = engine.workers_for({size})\n"
        "print(json.dumps([f'{type(chosen).__name__} {chosen.count}', 'pyspark' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    name, imported = json.loads(done.stdout)
    assert not imported
    return str(name)


@pytest.mark.parametrize(
    ("size", "chosen"),
    [(0, "ProcessPool 1"), (MAX_BYTES_IN_PROCESS, "ProcessPool 1"), (MAX_BYTES_IN_PROCESS + 1, "ProcessPool 4")],
)
def test_a_pool_is_started_only_for_much_work(size: int, chosen: str) -> None:
    assert choice(size, {}) == chosen


def test_in_glue_spark_runs_all_tasks() -> None:
    assert choice(0, {"PYSPARK_GATEWAY_PORT": "1"}) == "OnSpark 7"


def test_a_running_spark_session_runs_all_tasks() -> None:
    session()
    workers = workers_for(0)
    assert isinstance(workers, OnSpark)
    assert workers.count == session().sparkContext.defaultParallelism


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ZeroDivisionError("by 0"), "a task failed with ZeroDivisionError: by 0"),
        (ValueError("first\nsecond"), "a task failed with ValueError: first"),
        (MemoryError(), "a task failed with MemoryError"),
        (pa.ArrowInvalid("no"), "a task failed with pyarrow.lib.ArrowInvalid: no"),
    ],
)
def test_an_unexpected_error_is_one_sentence(error: Exception, sentence: str) -> None:
    def fail(item: Exception) -> None:
        raise item

    with pytest.raises(TaskError) as raised:
        workers_for(0).run(fail, [error], lambda *_: None)
    assert str(raised.value) == sentence


def test_a_small_run_on_the_command_line_starts_no_java(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    line = (
        "79a5 example-data [06/May/2024:07:08:09 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT a/b "
        '"GET /example-data/a/b HTTP/1.1" 200 - 113 113 7 6 "-" "curl/8.5.0" - '
        "s9lzHYrFp76ZVxRcpX9 - ECDHE-RSA-AES128-GCM-SHA256 - example-data.s3.amazonaws.com TLSv1.3 - -\n"
    )
    (raw / "2024-05-06-08-00-00-0123456789ABCDEF").write_text(line)
    program = (
        "import sys\nfrom glue_jobs.run import main\ncode = main(sys.argv[1:])\nprint(code, 'pyspark' in sys.modules)"
    )
    arguments = ["--pipeline", "s3_access_log", "--raw_path", str(raw), "--lake_path", str(tmp_path / "lake")]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "None False"
    assert "1 records = 1 rows" in done.stdout + done.stderr or "1 record = 1 row" in done.stdout + done.stderr
