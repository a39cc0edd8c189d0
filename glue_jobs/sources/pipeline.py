"""The declaration of a pipeline, which takes one source from its raw objects to its tables.

There are four kinds. An event pipeline ingests each raw object once. A snapshot pipeline ingests whole snapshots, and
newer ones replace older ones. A document pipeline ingests objects with rows in several tables, and a newer version of
an object replaces all of them. An upload pipeline does the same for tables that are inferred from the objects. The
caller need not know the kind: a pipeline discovers its own raw objects and calls the `Stager` method of its kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, TypeVar

from glue_jobs.config import Config
from glue_jobs.enrich.readers.resource import reader_key_resource
from glue_jobs.enrich.reference_data import ReferenceData, Resource
from glue_jobs.errors import ArgumentError
from glue_jobs.read.framing import Framing
from glue_jobs.read.parsed import DocumentId, ParsedDocument, ParsedDocuments, Parser, Positions
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.enrichment import Enrich, no_advice, unchanged
from glue_jobs.sources.layouts.day_names import DayNames, day_from_name
from glue_jobs.sources.layouts.discovery import discover, discover_snapshots
from glue_jobs.storage import Storage
from glue_jobs.tables.model import Table

Objects = Iterator[RawObject]
Staged = TypeVar("Staged", covariant=True)


class Stager(Protocol[Staged]):
    """Turns new raw objects into data files that no reader sees yet, for each kind of pipeline."""

    def stage_events(self, pipeline: EventPipeline) -> Staged: ...
    def stage_snapshots(self, pipeline: SnapshotPipeline) -> Staged: ...
    def stage_documents(self, pipeline: DocumentPipeline) -> Staged: ...
    def stage_uploads(self, pipeline: UploadPipeline) -> Staged: ...


@dataclass(frozen=True, kw_only=True)
class Pipeline(ABC):
    """One source, its table, and all that a run needs to know about them.

    A run lists objects of the last ``look_back_days`` again, because objects may arrive late. A byte of an object
    unpacks to about ``compression_ratio`` bytes of records. ``resources`` are the reference data that ``enrich`` needs.
    ``first_delivery`` says when the first object is delivered. ``advice`` returns a clause on what the configuration
    lacks, or an empty text. If a pipeline ``has_saved_queries``, its lake needs all tables that saved queries read.
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

    takes_any_name: ClassVar[bool] = False
    """Whether a run may be asked to take objects of any name; it otherwise finds them by the days in their names."""
    only_adds_rows: ClassVar[bool] = False
    """Whether objects only add rows and change no stored ones; they can then be read before a lake exists."""
    keeps_all_rows: ClassVar[bool] = True
    """Whether rows are removed only when a newer version of their object replaces them."""
    replaces_objects: ClassVar[bool] = False
    """Whether an object that is ingested again replaces its rows."""
    replaces_by_name: ClassVar[bool] = False
    """Whether an object also replaces the rows of an object of the same name in another folder."""

    @property
    def name(self) -> str:
        """The pipeline has the name of the table it fills."""
        return self.table.name

    @property
    def derived_tables(self) -> tuple[Table, ...]:
        """The pipeline's further tables, in the order in which a run commits to them after ``table``."""
        return ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables of the pipeline, in the order in which a run commits to them."""
        return self.table, *self.derived_tables

    @property
    def record_tables(self) -> tuple[Table, ...]:
        """The tables whose rows are the records of raw objects, one row for each."""
        return (self.table,)

    def is_named(self, address: str) -> bool:
        """Whether a run without ``any_name`` takes an object at this address."""
        return True

    def reference_data(self, config: Config, reader_keys: str | None = None) -> ReferenceData:
        """The reference data of a run that starts now; ``reader_keys`` is the file or secret with the reader id keys.

        Raises:
            StorageError: a resource cannot be read or used.
        """
        keys = (reader_key_resource(reader_keys),) if self.needs_reader_keys(config) else ()
        return ReferenceData((*(each for resources in self.resources for each in resources(config)), *keys))

    def needs_reader_keys(self, config: Config) -> bool:
        """Whether the table gets reader ids."""
        return bool(self.table.address) and config.privacy.addresses != "drop"

    def without_management_events(self) -> Pipeline:
        """The same pipeline, with management events filtered out.

        Raises:
            ArgumentError: the source has no management events.
        """
        raise ArgumentError(f"management_events is for CloudTrail: leave it out for {self.title}")

    @abstractmethod
    def discover(self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool) -> Objects:
        """The raw objects below ``raw`` whose day is in the window; ``skipped`` counts objects of other names.

        Raises:
            ArgumentError: ``raw`` is a folder without objects, or has more subfolders than any layout of logs.
            StorageError: it cannot be listed.
        """

    @abstractmethod
    def stage(self, stager: Stager[Staged]) -> Staged:
        """Call the method of the stager that suits this kind of pipeline."""


@dataclass(frozen=True, kw_only=True)
class EventPipeline(Pipeline):
    """A source whose objects hold events: each object is ingested exactly once.

    ``framing`` says how objects divide into records. ``parse_data_events`` does the same as ``parse``, but filters
    management events; None if the source has none.
    """

    names: DayNames
    framing: Framing
    parse: Parser
    parse_data_events: Parser | None = None

    takes_any_name = True
    only_adds_rows = True

    def is_named(self, address: str) -> bool:
        return day_from_name(self.names, address) is not None

    def without_management_events(self) -> Pipeline:
        if self.parse_data_events is None:
            return super().without_management_events()
        return replace(self, parse=self.parse_data_events)

    def discover(self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool) -> Objects:
        return discover(storage, raw, self.names, window, skipped, any_name)

    def stage(self, stager: Stager[Staged]) -> Staged:
        return stager.stage_events(self)


@dataclass(frozen=True, kw_only=True)
class SnapshotPipeline(Pipeline):
    """A source whose objects are manifests of snapshots.

    The latest snapshots keep their rows; all others keep only their ``totals``. ``changes`` records what each snapshot
    changed, which is computed while the previous snapshot still has its rows.
    """

    totals: Table
    changes: Table

    keeps_all_rows = False

    @property
    def derived_tables(self) -> tuple[Table, ...]:
        return self.changes, self.totals

    def discover(self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool) -> Objects:
        return discover_snapshots(storage, raw, window, skipped)

    def stage(self, stager: Stager[Staged]) -> Staged:
        return stager.stage_snapshots(self)


@dataclass(frozen=True, kw_only=True)
class ListedPipeline(Pipeline):
    """A source whose objects have no days in their names; a new version of an object replaces the rows of the old one.

    ``objects`` lists them, as `Pipeline.discover` does. ``document_id`` derives an object's identity from its address.
    The ``keys`` of the tables are the columns of that identity. The pipeline's table has one row per object.
    """

    objects: Callable[[Storage, str, Skipped], Objects]
    document_id: Callable[[str], DocumentId]
    enrich: Enrich = unchanged

    replaces_objects = True

    def kinds_in(self, table: Table, kinds: Set[str]) -> Set[str]:
        """The subset of ``kinds`` whose objects have rows in the table."""
        return kinds

    def discover(self, storage: Storage, raw: str, window: Window, skipped: Skipped, any_name: bool) -> Objects:
        return self.objects(storage, raw, skipped)


@dataclass(frozen=True, kw_only=True)
class DocumentPipeline(ListedPipeline):
    """A source whose objects are documents: each has rows in the tables of its kind.

    All its tables have the columns source_object and ingest_run_id. ``parse`` reads many documents, given the positions
    where they begin. ``parse_one`` is the slow reference that ``parse`` must agree with.
    """

    kinds: Mapping[str, tuple[Table, ...]]
    parse: Callable[[Sequence[DocumentId], bytes, Positions], ParsedDocuments]
    parse_one: Callable[[DocumentId, bytes], ParsedDocument]

    replaces_by_name = True

    @property
    def derived_tables(self) -> tuple[Table, ...]:
        return tuple(table for tables in self.kinds.values() for table in tables)

    @property
    def record_tables(self) -> tuple[Table, ...]:
        return self.derived_tables

    def kinds_in(self, table: Table, kinds: Set[str]) -> Set[str]:
        return {kind for kind, tables in self.kinds.items() if table in tables} & kinds

    def stage(self, stager: Stager[Staged]) -> Staged:
        return stager.stage_documents(self)


@dataclass(frozen=True, kw_only=True)
class UploadPipeline(ListedPipeline):
    """A source whose objects define their tables: the folder gives the name, the content gives the columns."""

    has_saved_queries: bool = False

    @property
    def record_tables(self) -> tuple[Table, ...]:
        return ()

    def stage(self, stager: Stager[Staged]) -> Staged:
        return stager.stage_uploads(self)
