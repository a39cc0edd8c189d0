"""The lake: its tables in a catalog.

A commit succeeds only while its table is at the snapshot that was loaded. So a caller first loads a table, then works,
and then `LoadedTable.append` either adds all files in one snapshot or raises LostRaceError.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import Table as IcebergTable
from sqlalchemy import URL
from sqlalchemy.exc import IntegrityError, OperationalError

from glue_jobs.errors import LakeError
from glue_jobs.lake.failures import explained
from glue_jobs.lake.loaded import LoadedTable
from glue_jobs.lake.location_check import check_location
from glue_jobs.lake.schema import (
    check_ids,
    first_schema,
    iceberg_type,
    partition_spec,
    properties,
)
from glue_jobs.lake.trusted_code import ignoring_named_code
from glue_jobs.storage import region, storage_for
from glue_jobs.storage.endpoint import endpoint, partition_endpoint
from glue_jobs.tables.model import Table

# Tables that pyiceberg creates in a SQLite catalog for itself.
TABLES_OF_A_CATALOG = 2


class Lake:
    """The tables of one database below one location.

    ``location`` is a folder or ``s3://bucket/prefix``. ``catalog`` is ``sqlite``, a file in the lake's folder and the
    default there, or ``glue``, the default on S3.
    """

    def __init__(self, location: str, database: str, catalog: str | None = None) -> None:
        self.location = location.rstrip("/")
        self.database = database
        self.catalog_type = catalog or ("glue" if location.startswith("s3://") else "sqlite")
        if self.catalog_type == "sqlite" and location.startswith("s3://"):
            raise LakeError(f"a sqlite catalog is a file in the lake's folder and cannot be in {location}; use glue")

    @property
    def _catalog_file(self) -> str:
        return f"{self.location}/catalog.db"

    @cached_property
    def _catalog(self) -> Catalog:
        # boto3 takes the endpoint of Glue from the environment.
        properties: dict[str, str | None] = {"type": "glue"}
        if self.location.startswith("s3://"):
            # Without these, pyiceberg asks AWS for S3's Region without credentials, and uses Glue's default Region.
            where = region(self.location)
            properties |= {"s3.region": where, "glue.region": where}
            properties["s3.endpoint"] = endpoint() or partition_endpoint(where)
        if self.catalog_type == "sqlite":
            check_location(Path(self._catalog_file), self.location)
            # A path may have characters that mean something else in a URL.
            url = URL.create("sqlite", database=self._catalog_file, query={"timeout": "60"})
            properties = {"type": "sql", "uri": url.render_as_string()}
        given = {name: value for name, value in properties.items() if value is not None}
        with explained(f"open the {self.catalog_type} catalog of {self.location}"):
            for _ in range(TABLES_OF_A_CATALOG):
                # Another first run may create each of the catalog's own tables between pyiceberg's look and its own.
                with suppress(OperationalError):
                    return ignoring_named_code(load_catalog("usage_lake", warehouse=self.location, **given))
            return ignoring_named_code(load_catalog("usage_lake", warehouse=self.location, **given))

    def create(self, table: Table) -> None:
        """Create the table, or add the columns and properties that a newer version of the program declares.

        Raises:
            LakeError: the catalog or the storage failed, or a table of that name has other field ids.
        """
        if self.catalog_type == "sqlite" and not Path(self._catalog_file).exists():
            storage_for(self.location).put(f"{self.location}/.usage-lake", b"s3-usage-lake\n")
        with explained(f"create the table {table.name} in {self.location}"):
            try:
                existing = self._catalog.load_table((self.database, table.name))
            except NoSuchTableError:
                existing = self._create(table)
            while not _brought_up_to_date(existing, table):
                # Another run has changed the table since it was loaded, perhaps in the same way.
                existing = self._catalog.load_table((self.database, table.name))
        check_ids(table, existing.schema())

    def _create(self, table: Table) -> IcebergTable:
        with suppress(TableAlreadyExistsError):
            return self._catalog.create_table(
                (self._namespace, table.name),
                schema=first_schema(table),
                location=f"{self.location}/{self.database}/{table.name}",
                partition_spec=partition_spec(table),
                properties=properties(table),
            )
        return self._catalog.load_table((self.database, table.name))

    @cached_property
    def _namespace(self) -> str:
        # Two first runs may start at the same moment. The SQLite catalog reports this as IntegrityError.
        with suppress(NamespaceAlreadyExistsError, IntegrityError):
            # A role that may not create databases can still use one that exists.
            if not self._catalog.namespace_exists(self.database):
                self._catalog.create_namespace(self.database)
        return self.database

    def load(self, table: Table) -> LoadedTable:
        """The table as it is now.

        Raises:
            LakeError: there is no such table, or it cannot be read.
        """
        try:
            with explained(f"read the table {table.name} of {self.location}"):
                return LoadedTable(table, self._catalog.load_table((self.database, table.name)))
        except NoSuchTableError as error:
            raise LakeError(
                f"there is no table {table.name} in database {self.database} of {self.location}; ingest something first"
            ) from error

    def has(self, table: Table) -> bool:
        """Whether the table exists. Asking creates nothing.

        Raises:
            LakeError: the catalog cannot be read.
        """
        with explained(f"look for the table {table.name} of {self.location}"):
            if self.catalog_type == "sqlite" and not Path(self._catalog_file).exists():
                return False
            return self._catalog.table_exists((self.database, table.name))

    def databases(self) -> list[str]:
        """The databases of a lake in a folder. Glue's catalog lists those of others too, so there it is this one.

        Raises:
            LakeError: the catalog cannot be read.
        """
        if self.catalog_type == "glue" or not Path(self._catalog_file).exists():
            return [self.database]
        with explained(f"list the databases of {self.location}"):
            return sorted(".".join(name) for name in self._catalog.list_namespaces())

    def check_any(self, tables: Iterable[Table]) -> None:
        """Make sure that there is a lake to query: a mistyped address must not be answered with zeros.

        Raises:
            LakeError: none of the tables exists, or the catalog cannot be read.
        """
        if not any(map(self.has, tables)):
            raise LakeError(
                f"there are no tables in database {self.database} of {self.location}; ingest something first,"
                " or name another lake or database"
            )


def _brought_up_to_date(existing: IcebergTable, table: Table) -> bool:
    """Add the columns and properties that the table lacks; False when somebody else changed it since it was loaded."""
    present = {field.name for field in existing.schema().fields}
    # Iceberg gives each added column the next free number.
    columns = sorted(table.columns, key=lambda column: column.field_id)
    missing = [column for column in columns if column.name not in present]
    new_properties = {name: value for name, value in properties(table).items() if name not in existing.properties}
    # Iceberg keeps the version of the format elsewhere.
    new_properties.pop("format-version")
    try:
        with existing.transaction() as transaction:
            if new_properties:
                transaction.set_properties(new_properties)
            if missing:
                with transaction.update_schema() as update:
                    for column in missing:
                        update.add_column(column.name, iceberg_type(column), column.description)
    except CommitFailedException:
        return False
    return True
