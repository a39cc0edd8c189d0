"""The program of a worker process: it reads pickled tasks from standard input and answers on standard output."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from importlib import import_module
from typing import Any

from glue_jobs.errors import UsageLakeError
from glue_jobs.workers.gc_pause import collect_rarely
from glue_jobs.workers.task_errors import task_error
from glue_jobs.workers.without_pandas import without_pandas


def main() -> None:
    """Import the modules that the arguments name, then run tasks until standard input ends."""
    without_pandas()
    collect_rarely()
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    # Output of a task must not mix with the answers, so it goes to standard error.
    os.dup2(2, 1)
    for module in sys.argv[1:]:
        import_module(module)
    while True:
        try:
            function, item = pickle.load(requests)
            answers.write(_answer(function, item))
            answers.flush()
        except (EOFError, BrokenPipeError):
            # The caller has ended. A usual exit would write the answer again, and fail again.
            os._exit(0)


def _answer(function: Any, item: Any) -> bytes:
    # Objects that exist before a task are mostly code. Without them, a collection takes milliseconds, not 0.16 s.
    gc.freeze()
    try:
        return pickle.dumps((True, function(item)), pickle.HIGHEST_PROTOCOL)
    except UsageLakeError as error:
        return pickle.dumps((False, error))
    except Exception as error:
        return pickle.dumps((False, task_error(error)))


if __name__ == "__main__":
    main()
