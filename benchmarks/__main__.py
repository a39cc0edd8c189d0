"""``python -m benchmarks [NAME …] …``: measure, print tables, and write them to RESULTS.md."""

from __future__ import annotations

import argparse
import re
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
    storage_reports,
    tiny_files,
)
from benchmarks.machine import described, warm_memory
from benchmarks.measure import Line, Settings

BENCHMARKS: dict[str, tuple[str, Callable[[Settings], Iterator[Line]]]] = {
    "access_log": ("Access-log throughput", event_logs.access_log),
    "cloudtrail": ("CloudTrail throughput", event_logs.cloudtrail),
    "run_summaries": ("Run summaries", run_summaries.measure),
    "laptop": ("A whole command on a laptop", laptop.measure),
    "places": ("Places of requests", places.measure),
    "tiny_files": ("Many tiny files", tiny_files.measure),
    "slow_gets": ("Fetching over a slow network", tiny_files.slow_gets),
    "peak_memory": ("Peak memory of a Python worker", peak_memory.measure),
    "many_objects": ("Ten million objects a day", many_objects.measure),
    "daily_runs": ("Daily runs", daily_runs.measure),
    "inventory": ("Inventories", inventory.measure),
    "storage_reports": ("Storage reports", storage_reports.measure),
}

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """\
# Results

`figure` is in wall seconds (the median, then every run), or a ratio of them, unless it names another unit. `CPU` is the
same in user and system seconds of the whole process tree: Java, Python workers and all. Targets are for wall seconds.

"""


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


def section(title: str, head: str, lines: Sequence[Line]) -> str:
    """The section of one benchmark: heading, ``head`` with machine and date, and table."""
    cells = [(line.what, line.figure, line.cpu, line.target, _met(line), line.note) for line in lines]
    table = ["| what | figure | CPU | target | met | how |", "|---|---|---|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in cells]
    return f"## {title}\n\n{head}\n\n" + "\n".join(table) + "\n"


def _met(line: Line) -> str:
    return "" if line.met is None else "yes" if line.met else "**no**"


def keep(file: Path, titles: Sequence[str], text: str) -> None:
    """Replace the section with the same heading; the file then has the sections of ``titles``, in this order."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    sections = {_title(each): each.strip() + "\n" for each in [*_sections(before), text]}
    kept = [sections[title] for title in titles if title in sections]
    file.write_text(HEAD + "\n".join(kept), encoding="utf-8")


def _sections(text: str) -> list[str]:
    return re.split("^(?=## )", text, flags=re.MULTILINE)[1:]


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("## ").strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
