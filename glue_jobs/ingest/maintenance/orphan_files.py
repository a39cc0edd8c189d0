"""Delete orphan files: files in the folders of tables that killed commits or other programs left unreferenced.

Every 32 commits, a round over the tables of a pipeline starts. Each run checks one page of a listing, and the next run
continues there, so the cost of a run does not depend on the size of the lake. Files that may be part of a commit in
progress stay: docs/decisions/0032-compaction-and-orphans.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from glue_jobs.ingest.staging.run_folder import DEAD_AFTER, unfinished
from glue_jobs.lake.without_pyiceberg.plain_files import json_note
from glue_jobs.progress import Reporter, counted
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.storage import Entry, storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable

# A note on the table of rows: the position of the current round.
ROUND = "usage-lake.orphan-files"

# In other programs, merging manifests leaves orphan files about as often.
COMMITS_PER_ROUND = 32

# One request to S3 lists this many objects.
FILES_PER_RUN = 1_000

# Iceberg's own removal of orphan files waits three days by default, because a commit may still be in progress.
# https://iceberg.apache.org/docs/1.10.0/spark-procedures/#remove_orphan_files
ORPHAN_AFTER = max(timedelta(days=3), DEAD_AFTER)

# The clocks of storage and runs differ by less than this.
CLOCK_DIFFERENCE = timedelta(hours=1)

# The names that this program gives to data files: the run id and 32 hexadecimal digits.
OWN_NAME = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}(?:-[0-9]+)?-[0-9a-f]{32}[.]parquet")


@dataclass(frozen=True)
class Round:
    """A round that started at ``commits`` commits and continues in ``table`` with the files ``after`` an address.

    A round without a ``table`` has ended.
    """

    commits: int = 0
    table: str = ""
    after: str = ""


def delete_orphan_files(
    lake: Lake, pipeline: Pipeline, rows: LoadedTable, runs: str, now: datetime, reporter: Reporter
) -> dict[str, str]:
    """Check the next files of the round, if one is active or due; returns the note for the next commit to ``rows``.

    Raises:
        UsageLakeError: the files cannot be listed or deleted, or a table cannot be read.
    """
    tables = {table.name: table for table in (*pipeline.tables, REJECTED_RECORD, INGESTED_OBJECT)}
    noted = Round(**json_note(rows, ROUND))
    if noted.table not in tables:
        if rows.commits < noted.commits + COMMITS_PER_ROUND:
            return {}
        noted = Round(rows.commits, next(iter(tables)))
    table = tables[noted.table]
    location = lake.new_location(table)
    page = [*islice(storage_for(location).list(f"{location}/", noted.after), FILES_PER_RUN)]
    old = [entry for entry in page if entry.last_modified < now - ORPHAN_AFTER]
    orphans = [*_orphans(lake, pipeline, table, location, runs, old)] if old else []
    storage_for(location).delete(orphans)
    if orphans:
        reporter.say(f"deleted {counted(len(orphans), 'file')} of {table.name} that nothing refers to")
    if len(page) == FILES_PER_RUN:
        after = Round(noted.commits, table.name, page[-1].address)
    else:
        names = [*tables, ""]
        after = Round(noted.commits, names[names.index(table.name) + 1])
    return {ROUND: json.dumps(asdict(after))}


def _orphans(
    lake: Lake, pipeline: Pipeline, table: Table, location: str, runs: str, old: Iterable[Entry]
) -> Iterator[str]:
    # pyiceberg is slow to import, and most runs have nothing to look for.
    from glue_jobs.lake.cleaning.orphan_files import orphan_data, orphan_metadata

    # The table is loaded after the listing, so that it refers to all listed files that are committed by now.
    loaded = lake.load(table)
    if loaded.location != location:
        return
    metadata, data = f"{location}/metadata", f"{location}/data/"
    yield from orphan_metadata(loaded, (entry.address for entry in old if entry.address.rpartition("/")[0] == metadata))
    before = _first_start(runs)
    partitions: dict[str, dict[str, Any]] = {}
    for entry in old:
        values = _partition(table, entry.address.removeprefix(data)) if entry.address.startswith(data) else None
        is_own = values is not None and (table in pipeline.tables or pipeline.name in values.values())
        if values is not None and is_own and entry.last_modified < before:
            partitions[entry.address] = values
    if partitions:
        columns = {name: {values[name] for values in partitions.values()} for name in table.partitions}
        yield from orphan_data(loaded, partitions, **columns)


def _first_start(runs: str) -> datetime:
    """When the oldest unfinished run started; files written since then may belong to an unfinished run."""
    starts = [re.match("[0-9]{8}T[0-9]{6}", folder.run_id) for folder in unfinished(runs)]
    if not all(starts):
        return datetime.min
    times = [datetime.strptime(start[0], "%Y%m%dT%H%M%S") - CLOCK_DIFFERENCE for start in starts if start]
    return min(times, default=datetime.max)


def _partition(table: Table, path: str) -> dict[str, Any] | None:
    """The partition values in the path of a data file, relative to the table's data; None for files of other programs.

    Only for this program's own files is it certain that the path states the partition.
    """
    *folders, name = path.split("/")
    pairs = [folder.partition("=") for folder in folders]
    if not OWN_NAME.fullmatch(name) or tuple(column for column, _, _ in pairs) != table.partitions:
        return None
    types = {column.name: column.type for column in table.columns}
    values: dict[str, Any] = {}
    for column, _, text in pairs:
        if types[column] == "date":
            values[column] = None if text == "null" else date.fromisoformat(text)
        elif text == "null":
            # The path is the same for a missing value and for the text "null".
            return None
        else:
            values[column] = text
    return values
