"""Write every generated file of the repository; with ``--check``, only name those that are not current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools import generate_queries, generate_query_index, generate_tables

GENERATED: dict[Path, Callable[[], str]] = {
    generate_tables.PAGE: generate_tables.render,
    generate_query_index.README: generate_query_index.render,
}
"""The function that renders each generated file."""

QUERIES: dict[Path, Callable[[], str]] = {
    path: partial(generate_queries.render, path) for path in generate_queries.queries()
}
"""The function that renders each saved query, of which texts that several share are generated."""

ROOT = Path(__file__).parents[1]


def stale(files: dict[Path, Callable[[], str]]) -> list[Path]:
    """The files that are missing or differ from what their function renders."""
    return [path for path, render in files.items() if not path.exists() or path.read_text(encoding="utf-8") != render()]


def main() -> int:
    """Write or check the files; the exit code is 1 if a check found a stale file."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file is stale")
    check = parser.parse_args().check
    files = GENERATED | QUERIES
    for path in (paths := stale(files)):
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is stale: run make generate", file=sys.stderr)
        else:
            path.write_text(files[path](), encoding="utf-8")
            print(f"wrote {name}")
    return 1 if check and paths else 0


if __name__ == "__main__":
    sys.exit(main())
