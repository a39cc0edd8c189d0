"""The garbage collector is paused, and then restored whatever happened."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from glue_jobs.workers.gc_pause import gc_paused


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_paused_and_restored(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(ZeroDivisionError), gc_paused():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_a_program_of_our_own_leaves_its_garbage_to_the_system() -> None:
    """Collecting what a whole program has imported takes as long as a third of its imports."""
    program = (
        "import atexit, gc; from glue_jobs.workers.gc_pause import collect_rarely;"
        "atexit.register(lambda: print(gc.get_threshold()[0], gc.get_freeze_count() > 1000)); collect_rarely()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["50000", "True"]


def test_nothing_is_said_of_duckdb_when_its_import_was_stopped() -> None:
    # As an import that Ctrl-C stops leaves it: the package is taken back, and its library stays.
    program = (
        "import sys; from glue_jobs.workers.gc_pause import collect_rarely; collect_rarely();"
        "import duckdb; cycle = [duckdb.connect()]; cycle.append(cycle); del sys.modules['duckdb'], duckdb"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
