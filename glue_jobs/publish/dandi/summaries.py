"""The summary files, computed from exact counts. Numbers are rounded once, when they are written."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote

from glue_jobs.config import Rounding
from glue_jobs.publish.dandi.assets import ASSET_TYPES, asset_type
from glue_jobs.publish.dandi.counts import AssetWeek, Counts, Day, Region, Usage

# The folder of the summaries of all data sets.
ARCHIVE = "archive"

TOTALS, ARCHIVE_TOTALS = "totals.json", "archive_totals.json"

# File systems allow 255 bytes for a name. Encoded, a letter of most alphabets takes six, and of Chinese nine.
MAX_NAME = 255

# Characters that would end a cell or a line, because the format has no quoting.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

NOTHING = Usage(0, 0, 0)

Row = TypeVar("Row", Day, AssetWeek, Region)


def summaries(counts: Counts, together: Counts, rounding: Rounding) -> Iterator[tuple[str, str]]:
    """Name and text of each file; the totals come last.

    ``together`` holds the counts from which the archive's summaries and all totals are summed.
    """
    days, weeks, regions = _by_dataset(counts.days), _by_dataset(counts.asset_weeks), _by_dataset(counts.regions)
    for dataset in days:
        requesters = counts.requesters[dataset]
        for name, text in _of_dataset(days[dataset], weeks[dataset], regions[dataset], requesters, rounding):
            yield f"{folder_of(dataset)}/{name}", text
    if not days:
        return
    yield f"{ARCHIVE}/by_day.tsv", _usage_text("date", together.days, lambda row: row.day, rounding)
    yield f"{ARCHIVE}/by_region.tsv", _usage_text("region", together.regions, lambda row: row.place, rounding)
    kinds = sorted({asset_type(row.asset) for row in counts.asset_weeks})
    yield (
        f"{ARCHIVE}/by_asset_type_per_week.tsv",
        _per_week(counts.asset_weeks, kinds, lambda row: asset_type(row.asset)),
    )
    yield f"{ARCHIVE}/requester_count.tsv", str(rounding.rounded(together.requesters[None]))
    totals = {
        dataset: _totals(rows, counts.requesters[dataset], rounding)
        for dataset, rows in _by_dataset(together.regions).items()
    }
    yield TOTALS, _json(totals)
    yield ARCHIVE_TOTALS, _json(_totals(together.regions, together.requesters[None], rounding))


def _of_dataset(
    days: Sequence[Day], weeks: Sequence[AssetWeek], regions: Sequence[Region], requesters: int, rounding: Rounding
) -> Iterator[tuple[str, str]]:
    assets = sorted({row.asset for row in weeks})
    found = {asset_type(asset) for asset in assets}
    kinds = [kind for kind in ASSET_TYPES if kind in found]
    yield "by_day.tsv", _usage_text("date", days, lambda row: row.day, rounding)
    yield "by_asset.tsv", _usage_text("asset_path", weeks, lambda row: row.asset, rounding)
    yield "by_region.tsv", _usage_text("region", regions, lambda row: row.place, rounding)
    yield "requester_count.tsv", str(rounding.rounded(requesters))
    yield "by_asset_per_week.tsv", _per_week(weeks, assets, lambda row: row.asset)
    yield "by_asset_type_per_week.tsv", _per_week(weeks, kinds, lambda row: asset_type(row.asset))


def folder_of(dataset: str) -> str:
    """The folder of a data set's files. Names invalid as folders are percent-encoded; long names are cut."""
    segments = [quote(segment, safe=" ()+,;=@!&'") for segment in dataset.split("/")]
    if dataset == ARCHIVE or not all(segment.strip(".") for segment in segments):
        segments = ["".join(f"%{byte:02X}" for byte in name.encode()) or "%2F" for name in dataset.split("/")]
    return "/".join(map(_cut, segments))


def _cut(segment: str) -> str:
    if len(segment) <= MAX_NAME:
        return segment
    # The hash distinguishes names with the same beginning.
    return f"{segment[: MAX_NAME - 17]}%{sha256(segment.encode()).hexdigest()[:16]}"


def _by_dataset(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each data set, by name."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.dataset].append(row)
    return dict(sorted(groups.items()))


def _usage_text(header: str, rows: Iterable[Row], group: Callable[[Row], Hashable], rounding: Rounding) -> str:
    sums: dict[Any, Usage] = {}
    for row in rows:
        sums[group(row)] = sums.get(group(row), NOTHING) + row.usage
    lines: list[Sequence[Any]] = [(header, "bytes_sent", "number_of_requests", "number_of_downloads")]
    for name, usage in sorted(sums.items()):
        lines.append((name, usage.bytes_sent, rounding.rounded(usage.requests), rounding.rounded(usage.downloads)))
    return _tsv(lines)


def _per_week(rows: Iterable[AssetWeek], columns: Sequence[str], column: Callable[[AssetWeek], str]) -> str:
    """Bytes by week and column; weeks without any are left out."""
    weeks: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        weeks[row.monday][column(row)] += row.usage.bytes_sent
    lines = [(monday, *(sent[name] for name in columns)) for monday, sent in sorted(weeks.items())]
    return _tsv([("week_start", *columns), *lines])


def _totals(regions: Sequence[Region], requesters: int, rounding: Rounding) -> dict[str, int | str]:
    usage = sum((row.usage for row in regions), NOTHING)
    return {
        "total_bytes_sent": usage.bytes_sent,
        "number_of_unique_regions": len({row.place for row in regions}),
        "number_of_unique_countries": len({row.country for row in regions} - {None}),
        "total_number_of_requests": rounding.rounded(usage.requests),
        "total_number_of_downloads": rounding.rounded(usage.downloads),
        "number_of_requesters": rounding.rounded(requesters),
    }


def _tsv(lines: Iterable[Sequence[Any]]) -> str:
    """Cells between tabs; control characters are percent-encoded."""
    texts = [[CONTROL.sub(lambda found: quote(found.group()), str(cell)) for cell in line] for line in lines]
    return "".join("\t".join(cells) + "\n" for cells in texts)


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, sort_keys=True)
