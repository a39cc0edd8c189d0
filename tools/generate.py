"""Write every generated file of the repository; with ``--check``, only name those that are not current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools import generate_query_index, generate_tables

GENERATED: dict[Path, Callable[[], str]] = {
    generate_tables.PAGE: generate_tables.render,
    generate_query_index.README: generate_query_index.render,
}
"""The function that renders each generated file."""

ROOT = Path(__file__).parents[1]


def stale(files: dict[Path, Callable[[], str]]) -> list[Path]:
    """The files that are missing or differ from what their function renders."""
    return [path for path, render in files.items() if not path.exists() or path.read_text(encoding="utf-8") != render()]


def main() -> int:
    """Write or check the files; the exit code is 1 if a check found a stale file."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file is stale")
    check = parser.parse_args().check
    for path in (paths := stale(GENERATED)):
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is stale: run make generate", file=sys.stderr)
        else:
            path.write_text(GENERATED[path](), encoding="utf-8")
            print(f"wrote {name}")
    return 1 if check and paths else 0


if __name__ == "__main__":
    sys.exit(main())
