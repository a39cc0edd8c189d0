"""What a program of our own does not import."""

import subprocess
import sys

from glue_jobs.workers.processes import WorkerProcess

ARROW_WITHOUT_PANDAS = """
import sys
from glue_jobs.workers.without_pandas import without_pandas
without_pandas()
import pyarrow as pa
print(pa.array([1, 2]).to_pylist(), "pandas" in sys.modules)
"""


def test_arrow_makes_arrays_without_importing_pandas() -> None:
    done = subprocess.run([sys.executable, "-c", ARROW_WITHOUT_PANDAS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[1,", "2]", "False"]


def test_a_worker_process_does_not_import_pandas() -> None:
    worker = WorkerProcess()
    try:
        assert worker.call(imported_after_an_array, [1, 2]) is False
    finally:
        worker.kill()


def imported_after_an_array(values: list[int]) -> bool:
    """Whether pandas is imported after Arrow made an array."""
    import pyarrow as pa

    pa.array(values)
    return "pandas" in sys.modules


def test_the_schema_of_a_data_file_needs_no_catalog() -> None:
    program = "import sys, glue_jobs.lake.schema; print('sqlalchemy' in sys.modules, 'boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_listing_and_planning_need_no_catalog_which_is_made_while_other_processes_read() -> None:
    program = "import sys, glue_jobs.ingest.ingest, glue_jobs.jobs.ingest_job; print('pyiceberg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
