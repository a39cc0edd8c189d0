"""The tables of a run. The tables of a new lake are created while other processes read the first objects.

Creating them takes a second, most of which is the import of pyiceberg.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from glue_jobs.enrich.places.place_table import keep_places
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.subscribers import keep_names
from glue_jobs.errors import LostRaceError
from glue_jobs.ingest.create_tables import create_tables
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.ingest.staging.run_folder import unfinished
from glue_jobs.lake.without_pyiceberg.plain_files import PlainNotes
from glue_jobs.progress import Reporter
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable


class RunTables:
    """The tables of a run; ``runs`` is the folder of the runs of its pipeline.

    ``are_new`` is true if there is no lake yet and objects can be read without one.
    """

    def __init__(self, request: IngestRequest, runs: str, reference: ReferenceData, reporter: Reporter) -> None:
        self._request, self._reference, self._reporter = request, reference, reporter
        self._are_made = False
        self._known: dict[str, str] = {}
        # A run that died may have left a commit to finish.
        self.are_new = request.pipeline.only_adds_rows and request.lake.is_new and not unfinished(runs)

    def make(self) -> None:
        """Create or update all tables, and store the places that rows of the run may have; later calls do nothing.

        Raises:
            LakeError: a table could not be created, read or written.
            LostRaceError: another run has committed to a lake that did not exist when this run started.
        """
        if not self._are_made:
            # The property creates the tables.
            _ = self.rows
            self._are_made = True
            keep_places(self._request.lake, self._request.config, self._reference, self._reporter)

    @cached_property
    def rows(self) -> LoadedTable:
        """The pipeline's table as it was before the run, or before the current step.

        Raises as `make` does.
        """
        self.create()
        # Loaded before anything else: the commit at the end is refused if another run has committed since.
        rows = self._request.lake.load(self._request.pipeline.table)
        if self.are_new and rows.commits:
            raise LostRaceError.of_table(rows.table.name)
        return rows

    def create(self) -> None:
        """Create the tables, or bring them up to date, with the names of subscribers; raises LakeError."""
        create_tables(self._request.lake, self._request.pipeline, self._reporter)
        if self._request.pipeline.has_saved_queries:
            keep_names(self._request.lake, self._request.config)

    @property
    def notes(self) -> PlainNotes | LoadedTable:
        """What earlier runs noted on the pipeline's table."""
        return PlainNotes({}, 0) if self.are_new else self.rows

    @cached_property
    def locations(self) -> dict[str, str]:
        """The addresses of the tables that the run writes to, by their names."""
        lake = self._request.lake
        tables = (*self._request.pipeline.tables, REJECTED_RECORD, INGESTED_OBJECT)
        if self.are_new:
            return {table.name: lake.new_location(table) for table in tables}
        # Loading a table costs requests to the catalog and the storage.
        return {table.name: self._known.get(table.name) or lake.load(table).location for table in tables}

    def know(self, locations: Mapping[str, str]) -> None:
        """Add known addresses of tables, so that these tables need not be loaded."""
        self._known |= locations
