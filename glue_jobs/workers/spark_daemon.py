"""The parent process of Spark's Python workers: `pyspark.daemon`, imported from the installed package.

Spark puts zip archives of pyspark and py4j at the front of the import path. Python does not cache the bytecode of
archives, so each process compiles them again (2 s), and it reads their directories again before each task (0.3 s).
This module removes the archives, so no other module of this library may be imported before it.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

SPARK_ARCHIVES = ("pyspark.zip", "py4j-", "spark-")


def start() -> None:
    """Run the daemon; returns after Spark has stopped it."""
    sys.path[:] = [path for path in sys.path if not Path(path).name.startswith(SPARK_ARCHIVES)]
    # Cached importers of the archives would make Python read them again.
    sys.path_importer_cache.clear()
    runpy.run_module("pyspark.daemon", run_name="__main__")


if __name__ == "__main__":
    start()
