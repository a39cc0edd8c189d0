"""All checks of a lake, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from glue_jobs.errors import ArgumentError, UsageLakeError
from glue_jobs.ingest.forget.forget import FOLDER as FORGET
from glue_jobs.ingest.staging.run_folder import runs_folder, unfinished
from glue_jobs.jobs.check.data_files import check_data_files
from glue_jobs.jobs.check.identities import check_identities
from glue_jobs.jobs.check.ledger import check_rejected, check_rows, check_sums
from glue_jobs.jobs.check.raw_sample import check_raw_sample
from glue_jobs.jobs.check.result import CheckResult
from glue_jobs.jobs.check.storage_totals import check_storage_totals
from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.sources.lake_tables import lake_tables, uploaded_tables
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Table

OBJECTS_PER_SOURCE = 20


def check_lake(
    lake: Lake, raw: str | None = None, objects_per_source: int = OBJECTS_PER_SOURCE
) -> Iterator[CheckResult]:
    """The result of each check, as soon as it is known. A check that cannot read the lake fails with the reason.

    With ``raw``, the address of raw objects, ``objects_per_source`` of each source are parsed again. A concurrent
    commit may make checks fail, because a run commits the ledger last; the results then name the run.

    Raises:
        ArgumentError: the ledger has no object below ``raw`` that can be parsed again.
        LakeError: the lake has no table.
    """
    lake.check_any(TABLES)
    before = _unfinished(lake)
    for result in _results(lake, raw, objects_per_source):
        yield result if result.holds else replace(result, unfinished=tuple(sorted(before | _unfinished(lake))))


def _unfinished(lake: Lake) -> set[str]:
    """Runs that are still working, or were killed."""
    tasks = [*(pipeline.name for pipeline in PIPELINES), FORGET]
    return {
        f"run {folder.run_id} of {name}"
        for name in tasks
        for folder in unfinished(runs_folder(lake.location, lake.database, name))
    }


def _results(lake: Lake, raw: str | None, objects_per_source: int) -> Iterator[CheckResult]:
    counted = [pipeline for pipeline in PIPELINES if pipeline.keeps_all_rows]
    tables = [pipeline.table for pipeline in counted if pipeline.table.identity]
    yield _result("files", lambda: check_data_files(lake, lake_tables(lake), _needed(lake)))
    with open_engine(lake) as engine:
        yield _result("ledger", lambda: check_sums(engine))
        yield _result("rows", lambda: check_rows(engine, counted, uploaded_tables(lake)))
        yield _result("rejected records", lambda: check_rejected(engine, counted))
        yield _result("duplicates", lambda: check_identities(engine, tables))
        yield _result("daily_storage", lambda: check_storage_totals(engine))
        if raw is not None:
            yield _result("raw", lambda: check_raw_sample(engine, counted, raw, objects_per_source))


def _needed(lake: Lake) -> set[Table]:
    """All tables of each pipeline whose own table exists: a run creates them together."""
    return {table for pipeline in PIPELINES if lake.has(pipeline.table) for table in pipeline.tables}


def _result(subject: str, check: Callable[[], CheckResult]) -> CheckResult:
    """The result of the check; a check that needs a missing or damaged file fails."""
    try:
        return check()
    except ArgumentError:
        raise
    except UsageLakeError as error:
        return CheckResult(subject, "", (f"not checked: {error}",))
