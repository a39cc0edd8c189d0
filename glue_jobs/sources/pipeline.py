"""What a pipeline is: one source on its way to its tables.

There are four kinds. An event pipeline ingests each raw object once. A snapshot pipeline ingests whole snapshots, and
newer ones replace older ones. A document pipeline ingests objects with rows in several tables, and a newer version of
an object replaces all of them; so does an upload pipeline, with tables that only the objects tell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from glue_jobs.config import Config
from glue_jobs.enrich.readers.resource import reader_key_resource
from glue_jobs.enrich.reference_data import ReferenceData, Resource
from glue_jobs.errors import ArgumentError
from glue_jobs.read.framing import Framing
from glue_jobs.read.parsed import ParsedDocument, ParsedDocuments, Parser, Positions
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.document_id import DocumentId as DocumentId
from glue_jobs.sources.enrichment import Enrich, no_advice, unchanged
from glue_jobs.sources.layouts.day_names import DayNames
from glue_jobs.sources.layouts.discovery import discover, discover_snapshots
from glue_jobs.storage import Storage
from glue_jobs.tables.model import Table


@dataclass(frozen=True, kw_only=True)
class Pipeline(ABC):
    """One source on its way to its table.

    A run lists objects of the last ``look_back_days`` again, because objects may arrive late. A byte of an object
    becomes about ``compression_ratio`` bytes of records. ``resources`` are the reference data that ``enrich`` needs.
    ``first_delivery`` says when AWS delivers the first object. ``advice`` is a clause on what the configuration lacks
    for new objects of the source, or empty. Where a pipeline ``has_saved_queries``, its lake needs all tables that such
    queries read.
    """

    title: str
    first_delivery: str
    enrich: Enrich
    table: Table
    look_back_days: int = 3
    compression_ratio: int = 1
    resources: tuple[Callable[[Config], tuple[Resource, ...]], ...] = ()
    advice: Callable[[Config], str] = no_advice
    has_saved_queries: bool = True

    @property
    def name(self) -> str:
        """The pipeline has the name of the table it fills."""
        return self.table.name

    @property
    def derived_tables(self) -> tuple[Table, ...]:
        """Further tables of its own, in the order in which a run commits to them after ``table``."""
        return ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables of its own, in the order in which a run commits to them."""
        return self.table, *self.derived_tables

    @property
    def record_tables(self) -> tuple[Table, ...]:
        """The tables whose rows are the records of raw objects, one row for each."""
        return (self.table,)

    @property
    def takes_any_name(self) -> bool:
        """Whether objects can be found that are not named as AWS names them."""
        return False

    @property
    def replaces_objects(self) -> bool:
        """Whether an object that is ingested again replaces its rows."""
        return False

    def reference_data(self, config: Config, reader_keys: str | None = None) -> ReferenceData:
        """The reference data of a run that starts now; ``reader_keys`` is where the keys of reader ids are kept.

        Raises:
            StorageError: a resource cannot be read or used.
        """
        keys = (reader_key_resource(reader_keys),) if self.needs_reader_keys(config) else ()
        return ReferenceData((*(each for resources in self.resources for each in resources(config)), *keys))

    def needs_reader_keys(self, config: Config) -> bool:
        """Whether the table gets reader ids."""
        return bool(self.table.address) and config.privacy.addresses != "drop"

    def without_management_events(self) -> Pipeline:
        """The same pipeline, but it filters management events.

        Raises:
            ArgumentError: the source has no management events.
        """
        raise ArgumentError(f"management_events is for CloudTrail: leave it out for {self.title}")

    @abstractmethod
    def discover(
        self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool
    ) -> Iterator[RawObject]:
        """The raw objects below ``raw`` whose day is in the window; ``skipped`` gets the others.

        Raises:
            ArgumentError: there is nothing at all below ``raw``.
            StorageError: it cannot be listed.
        """


@dataclass(frozen=True, kw_only=True)
class EventPipeline(Pipeline):
    """A source whose objects hold events: each object is ingested exactly once.

    ``framing`` says how objects divide into records. ``parse_data_events`` is ``parse`` without management events,
    where the source has any.
    """

    names: DayNames
    framing: Framing
    parse: Parser
    parse_data_events: Parser | None = None

    @property
    def takes_any_name(self) -> bool:
        return True

    def without_management_events(self) -> Pipeline:
        if self.parse_data_events is None:
            return super().without_management_events()
        return replace(self, parse=self.parse_data_events)

    def discover(
        self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool
    ) -> Iterator[RawObject]:
        return discover(storage, raw, self.names, window, skipped, any_name)


@dataclass(frozen=True, kw_only=True)
class SnapshotPipeline(Pipeline):
    """A source whose objects are manifests of snapshots.

    The latest snapshots keep their rows; of all others only their ``totals`` stay. ``changes`` holds what each snapshot
    changed, found while the snapshot before it still has its rows.
    """

    totals: Table
    changes: Table

    @property
    def derived_tables(self) -> tuple[Table, ...]:
        return self.changes, self.totals

    def discover(
        self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool
    ) -> Iterator[RawObject]:
        return discover_snapshots(storage, raw, window, skipped)


@dataclass(frozen=True, kw_only=True)
class ListedPipeline(Pipeline):
    """A source whose objects have no days in their names, and replace what was stored of an older version.

    ``objects`` lists them, as `Pipeline.discover` does. ``document_id`` tells from an address what an object is about.
    The ``keys`` of its tables are the columns with that; the table of the pipeline has a row for each object.
    """

    objects: Callable[[Storage, str, Skipped], Iterator[RawObject]]
    document_id: Callable[[str], DocumentId]
    enrich: Enrich = unchanged

    @property
    def replaces_objects(self) -> bool:
        return True

    def discover(
        self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool
    ) -> Iterator[RawObject]:
        return self.objects(storage, raw, skipped)


@dataclass(frozen=True, kw_only=True)
class DocumentPipeline(ListedPipeline):
    """A source whose objects are documents: each has rows in the tables of its kind.

    All its tables have the columns source_object and ingest_run_id. ``parse`` reads the documents that begin at some
    places of the bytes, and ``parse_one`` is the slow parser that it must agree with.
    """

    kinds: Mapping[str, tuple[Table, ...]]
    parse: Callable[[Sequence[DocumentId], bytes, Positions], ParsedDocuments]
    parse_one: Callable[[DocumentId, bytes], ParsedDocument]

    @property
    def derived_tables(self) -> tuple[Table, ...]:
        return tuple(table for tables in self.kinds.values() for table in tables)

    @property
    def record_tables(self) -> tuple[Table, ...]:
        return self.derived_tables


@dataclass(frozen=True, kw_only=True)
class UploadPipeline(ListedPipeline):
    """A source whose objects tell their tables: the name by the folder, the columns by the content."""

    has_saved_queries: bool = False

    @property
    def record_tables(self) -> tuple[Table, ...]:
        return ()
