"""Check that the tables of a lake and all data files of their current snapshots exist, and that the files are whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from glue_jobs.errors import LakeError
from glue_jobs.ingest.staging.data_files import CHECKED, stored_file
from glue_jobs.jobs.check.result import CheckResult
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.progress import counted
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table
from glue_jobs.workers.engine import workers_for


def check_data_files(lake: Lake, tables: Iterable[Table], needed: Collection[Table]) -> CheckResult:
    """Compare the files of each table with one listing of its location, and read the files of the right size.

    A missing table is wrong only if it is ``needed``.

    Raises:
        UsageLakeError: a table or its location cannot be read.
    """
    files, wrong, present = 0, list[str](), 0
    for table in tables:
        if lake.has(table):
            count, problems = _compare(lake.load(table))
            files, present = files + count, present + 1
            wrong += problems
        elif table in needed:
            wrong.append(f"the table {table.name} is gone")
    of_tables = f"{counted(files, 'data file')} of {counted(present, 'table')}"
    return CheckResult("files", f"{of_tables}, all there, and every column can be read", (*wrong,))


def _compare(table: LoadedTable) -> tuple[int, list[str]]:
    """The number of files, and a phrase for each file that is missing or damaged."""
    files = table.files()
    listed: dict[str, int] = {}
    for prefix in {_prefix(table.location, file.address) for file in files}:
        listed |= {entry.address: entry.size for entry in storage_for(prefix).list(prefix)}
    wrong, whole = [], []
    for file in sorted(files, key=lambda each: each.address):
        size, stored = file.size, listed.get(file.address)
        if stored is None:
            wrong.append(f"{file.address} is missing")
        elif stored != size:
            wrong.append(f"{file.address} has {stored:,} bytes instead of {size:,}")
        else:
            whole.append(file)
    workers = workers_for(sum(file.size for file in whole))
    damages = workers.run(damage, [file.address for file in whole], lambda done, total: None)
    return len(files), [*wrong, *filter(None, damages)]


def damage(address: str) -> str:
    """The damage of a data file that has the right size; '' if it is whole."""
    try:
        with stored_file(address) as file:
            # With a buffer, each request to S3 reads a whole row group.
            for _ in CHECKED(file, pre_buffer=True).iter_batches(use_threads=False):
                pass
    except LakeError as error:
        return str(error).partition(";")[0]
    return ""


def _prefix(location: str, address: str) -> str:
    """The prefix to list for a file: the table's location, or the file's folder if it is not in that location."""
    folder = location if address.startswith(f"{location}/") else address.rpartition("/")[0]
    return f"{folder}/"
