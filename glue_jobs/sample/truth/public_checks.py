"""Compare the public tier with the truth: its numbers are correct, and no row of few readers is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glue_jobs.publish.publish import Published
from glue_jobs.sample.truth.checks import Check, Counts
from glue_jobs.sample.truth.truth import Truth

BREAKDOWNS = {
    "data set": ("s3_access_log/usage", ("account", "repository")),
    "country": ("s3_access_log/countries", ("country",)),
    "network": ("s3_access_log/networks", ("network",)),
}
"""The question of the truth for each breakdown, and the columns that name its rows."""


def public_checks(published: Published, least: int, truth: Truth) -> Iterator[Check]:
    """Check the published downloads of the audience, and that no shown row has fewer than ``least`` readers."""
    months = _months(published)
    for breakdown, (question, names) in BREAKDOWNS.items():
        known = {
            (row["month"], *(row[name] or "(none)" for name in names)): row
            for row in truth.rows(question)
            if row["traffic"] == "audience" and ("account" in names or row["account"] == "(all)")
        }
        shown = {
            (month, *(row[name] for name in names)): row["downloads"]
            for month, rows in months.items()
            for row in rows
            if row["breakdown"] == breakdown and isinstance(row["downloads"], int) and "(other)" not in row.values()
        }
        title = f"public downloads (each month and {breakdown})"
        yield Check(title, {key: known[key]["logical_downloads"] if key in known else 0 for key in shown}, shown)
        few: Counts = {key: 1 for key in shown if key not in known or known[key]["unique_readers"] < least}
        yield Check(f"public rows of few readers ({breakdown})", {}, few)


def _months(published: Published) -> dict[str, list[dict[str, Any]]]:
    names = [file.name for file in published.files if file.query and file.name.endswith(".json")]
    contents = [json.loads(Path(published.folder, name).read_text(encoding="utf-8")) for name in names]
    return {content["month"]: content["rows"] for content in contents}
