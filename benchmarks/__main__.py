"""``python -m benchmarks [NAME …] …``: measure, print tables, and write them to RESULTS.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import (
    daily_runs,
    event_logs,
    inventory,
    laptop,
    many_objects,
    peak_memory,
    places,
    run_summaries,
    slow_gets,
    storage_reports,
    tiny_files,
)
from benchmarks.machine import described, warm_memory
from benchmarks.measure import Line, Settings
from benchmarks.results import keep, section

BENCHMARKS: dict[str, tuple[str, Callable[[Settings], Iterator[Line]]]] = {
    "access_log": ("Access-log throughput", event_logs.access_log),
    "cloudtrail": ("CloudTrail throughput", event_logs.cloudtrail),
    "run_summaries": ("Run summaries", run_summaries.measure),
    "laptop": ("A whole command on a laptop", laptop.measure),
    "places": ("Places of requests", places.measure),
    "tiny_files": ("Many tiny files", tiny_files.measure),
    "slow_gets": ("Fetching over a slow network", slow_gets.measure),
    "peak_memory": ("Peak memory of a Python worker", peak_memory.measure),
    "many_objects": ("Ten million objects a day", many_objects.measure),
    "daily_runs": ("Daily runs", daily_runs.measure),
    "inventory": ("Inventories", inventory.measure),
    "storage_reports": ("Storage reports", storage_reports.measure),
}

RESULTS = Path(__file__).with_name("RESULTS.md")


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all; each replaces its own section of RESULTS.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the jobs beside other engines.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; all when none is named")
    parser.add_argument(
        "--quick", action="store_true", help="a small run that shows that everything works; its figures mean nothing"
    )
    parser.add_argument(
        "--dir", type=Path, default=Path(tempfile.gettempdir()) / "usage-lake-bench", help="for generated data"
    )
    parser.add_argument("--rounds", type=int, help="measured runs of each contestant (3, with --quick 1)")
    parser.add_argument(
        "--objects",
        type=int,
        help="in an inventory (5,000,000; of storage_reports 20,000,000; of run_summaries 100,000; a day 10,000,000)",
    )
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    given.dir.mkdir(parents=True, exist_ok=True)
    settings = Settings(given.dir.resolve(), given.quick, given.rounds or (1 if given.quick else 3), given.objects)
    if not given.quick:
        warm_memory()
    head, titles = described(), [title for title, _ in BENCHMARKS.values()]
    sections = []
    for name in given.names or BENCHMARKS:
        title, measure = BENCHMARKS[name]
        print(title, flush=True)
        text = section(title, head, list(measure(settings)))
        sections.append(text)
        if not given.quick:
            keep(RESULTS, titles, text)
    print("\n" + "\n".join(sections))
    if not given.quick:
        print(f"written to {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
