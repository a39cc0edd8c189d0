"""Stored bytes, and how many of them nobody reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers, DataSet, Row
from glue_jobs.publish.page.charts.bars import Bar, bar_list
from glue_jobs.publish.page.charts.time_chart import Layer, few_layers, legend
from glue_jobs.publish.page.markup import joined, name
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.sections.freshness import DOWNLOAD_LOGS, FRESHNESS
from glue_jobs.publish.page.tables import DATA_SET, Column, count_column, data_table, size_column
from glue_jobs.publish.page.usage import USAGE

BARS = 12
LOGS_OF_READS = DOWNLOAD_LOGS | {"cloudtrail_s3_event"}
OTHER_CLASSES = "Other classes"
CLASSES, UNREAD = "storage/storage_classes", "together/kept_but_never_read"

UNREAD_COLUMNS = (
    *DATA_SET,
    Column("Storage class", "storage_class"),
    size_column("Stored", "bytes"),
    size_column("Never read", "audience_unread_bytes"),
    count_column("Objects", "objects"),
    count_column("Objects never read", "audience_unread_objects"),
    size_column("Never read by anyone, robots included", "unread_bytes"),
)


def kept(answers: Answers) -> Section | None:
    """Bytes by data set and storage class."""
    rows = answers.rows(CLASSES)
    total = [row for row in rows if row["level"] == "total"]
    of_sets = [row for row in rows if row["level"] == "repository"]
    if not total or not of_sets:
        return None
    total.sort(key=lambda row: (-all_bytes(row), row["storage_class"]))
    largest, classes = total[0], [row["storage_class"] for row in total]
    by_set: dict[DataSet, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in of_sets:
        by_set[DataSet.of(row)][row["storage_class"]] += all_bytes(row)
    order = sorted(by_set, key=lambda one: (-sum(by_set[one].values()), one))
    layers = few_layers([Layer(each, [by_set[one][each] for one in order]) for each in classes], OTHER_CLASSES)
    bars = [
        Bar(
            name(one.label),
            [layer.values[place] for layer in layers],
            _size(sum(by_set[one].values()), answers.rows_of(CLASSES, one)) or "unknown",
        )
        for place, one in enumerate(order[:BARS])
    ]
    columns = [
        *DATA_SET,
        Column("Storage class", "storage_class"),
        count_column("Objects", "objects"),
        size_column("Stored", "bytes"),
        count_column("Older versions", "noncurrent_objects"),
        size_column("Older versions, bytes", "noncurrent_bytes"),
    ]
    stored = sum(map(all_bytes, total))
    size = _size(stored, total) or words.plural(sum(row["objects"] for row in total), "object")
    is_told = not _unsized(total) and classes[0] != "(unknown)"
    largest_share = f", {words.share(all_bytes(largest), stored)} of it in {classes[0]}" if is_told else ""
    return Section(
        "kept",
        "Storage",
        f"{size} are stored{largest_share}",
        f"Bytes by data set and storage class, older versions included, in the latest inventories.{_sizeless(of_sets)}",
        joined(legend([layer.name for layer in layers]), bar_list(bars, "Data sets by stored bytes")),
        data_table("Stored bytes by data set and storage class", columns, of_sets),
        (CLASSES, "storage/growth", "storage/changes_by_month"),
        is_wide=False,
    )


def never_read(answers: Answers) -> Section | None:
    """Bytes that nobody read, by data set; None if no read is known."""
    rows = answers.rows(UNREAD)
    known = [row for row in rows if row["bytes"] is not None]
    # Without logs everything looks unread.
    is_without_logs = answers.get(USAGE) is not None and not answers.rows(USAGE)
    if not known or (is_without_logs and all(row["unread_objects"] == row["objects"] for row in rows)):
        return None
    stored_by_set: dict[DataSet, int] = defaultdict(int)
    unread_by_set: dict[DataSet, int] = defaultdict(int)
    for row in known:
        one = DataSet.of(row)
        stored_by_set[one] += row["bytes"]
        unread_by_set[one] += row["audience_unread_bytes"]
    order = sorted(unread_by_set, key=lambda one: (-unread_by_set[one], one))
    bars = [_unread_bar(one.label, unread_by_set[one], stored_by_set[one]) for one in order[:BARS]]
    never, stored = sum(unread_by_set.values()), sum(stored_by_set.values())
    return Section(
        "never-read",
        "Never read",
        f"{words.size(never)} of {words.size(stored)}{' that are known' if _unsized(rows) else ''} "
        f"({words.share(never, stored)}) were not read by anyone",
        f"{answers.period(UNREAD, 'Reads')} Robots and the publisher do not count as readers. Older versions are left "
        f"out.{_logs_since(answers)}{_sizeless(rows)}",
        joined(legend(("Never read", "Read")), bar_list(bars, "Data sets by bytes never read")),
        data_table("Bytes never read by data set and storage class", UNREAD_COLUMNS, rows),
        (UNREAD,),
        is_wide=False,
    )


def stored_of(answers: Answers, scope: DataSet) -> Section | None:
    """Bytes of one data set by storage class, and how many of them nobody read."""
    rows = answers.rows_of(UNREAD, scope)
    rows = sorted(rows, key=lambda row: (-(row["bytes"] or 0), row["storage_class"] or ""))
    known = [row for row in rows if row["bytes"] is not None]
    stored = sum(row["bytes"] for row in known)
    if not stored:
        return None
    never = sum(row["audience_unread_bytes"] for row in known)
    bars = [
        _unread_bar(row["storage_class"] or "unknown class", row["audience_unread_bytes"], row["bytes"])
        for row in known
    ]
    return Section(
        "kept",
        "Storage",
        f"{_size(stored, rows)} are stored; {words.share(never, stored)} of {'that' if _unsized(rows) else 'it'} was "
        "not read by anyone",
        answers.period(UNREAD, "Bytes by storage class, and whether they were read")
        + f" Older versions are left out.{_logs_since(answers)}{_sizeless(rows)}",
        joined(legend(("Never read", "Read")), bar_list(bars, "Storage classes by stored bytes")),
        data_table("Stored bytes by storage class", UNREAD_COLUMNS[2:], rows),
        (UNREAD,),
        is_wide=False,
    )


def _logs_since(answers: Answers) -> str:
    """A sentence if the logs begin within the period in which reads count."""
    first = [row["first_event_time"] for row in answers.rows(FRESHNESS) if row["pipeline"] in LOGS_OF_READS]
    begun: date | None = min((time.date() for time in first if time), default=None)
    this_month = answers.day.replace(day=1)
    if begun is None or begun <= this_month.replace(year=this_month.year - 1):
        return ""
    return f" The logs begin on {words.day(begun)}: what was last read before that day looks as if nobody ever read it."


def _unsized(rows: Sequence[Row]) -> int:
    """The number of objects in rows whose bytes are unknown."""
    return sum(row["objects"] for row in rows if row["bytes"] is None)


def _size(known: int, rows: Sequence[Row]) -> str:
    """The bytes in words, "at least" if ``known`` is not all; empty if the bytes of all rows are unknown."""
    if all(row["bytes"] is None for row in rows):
        return ""
    return f"{'At least ' if _unsized(rows) else ''}{words.size(known)}"


def _sizeless(rows: Sequence[Row]) -> str:
    """A sentence on the objects whose bytes are unknown, if there are any."""
    objects = words.plural(_unsized(rows), "object")
    return f" The bytes of {objects} are unknown, because an inventory has no field Size." if _unsized(rows) else ""


def _unread_bar(label: str, unread: int, stored: int) -> Bar:
    return Bar(name(label), [unread, stored - unread], f"{words.share(unread, stored)} of {words.size(stored)}")


def all_bytes(row: Row) -> int:
    """Bytes of all versions."""
    return int((row["bytes"] or 0) + (row["noncurrent_bytes"] or 0))
