"""The parent of Spark's Python workers on one machine: `pyspark.daemon`, but imported from where it is compiled.

Spark puts archives of pyspark and of its own classes before everything else that Python may import. Python compiles
what it finds there anew in every process (2 s), and reads their directories anew before every task (0.3 s): no other
module of this library may be imported before this one.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

SPARK_ARCHIVES = ("pyspark.zip", "py4j-", "spark-")


def start() -> None:
    """Run the daemon; returns when Spark has ended it."""
    sys.path[:] = [path for path in sys.path if not Path(path).name.startswith(SPARK_ARCHIVES)]
    # What Python has noted of the archives already would be read anew all the same.
    sys.path_importer_cache.clear()
    runpy.run_module("pyspark.daemon", run_name="__main__")


if __name__ == "__main__":
    start()
