"""The lake's catalog and the creation of its tables, with pyiceberg."""

from __future__ import annotations

from contextlib import suppress

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
from glue_jobs.lake.file_io import with_own_file_io
from glue_jobs.lake.location_check import check_not_lost, check_table
from glue_jobs.lake.schema import by_id, check_ids, check_kept, check_spec, first_schema, partition_spec, properties
from glue_jobs.lake.without_pyiceberg.catalog_file import CATALOG, WAIT_SECONDS
from glue_jobs.storage import region
from glue_jobs.storage.endpoint import endpoint, partition_endpoint
from glue_jobs.tables.model import Table
from glue_jobs.tables.uploaded import INFERRED

# The number of tables that pyiceberg creates in a SQLite catalog for itself.
TABLES_OF_A_CATALOG = 2


def open_catalog(location: str, file: str | None) -> Catalog:
    """The catalog of the lake at ``location``: the SQLite database in ``file``; if this is None, AWS Glue's."""
    # No endpoint for Glue is set here, because boto3 takes it from the environment.
    properties: dict[str, str | None] = {"type": "glue"}
    if where := region(location):
        # Without these, pyiceberg asks AWS for S3's Region without credentials, and uses Glue's default Region.
        properties |= {"s3.region": where, "glue.region": where}
        properties["s3.endpoint"] = endpoint() or partition_endpoint(where)
    if file is not None:
        # A path may have characters with a special meaning in a URL.
        url = URL.create("sqlite", database=file, query={"timeout": str(WAIT_SECONDS)})
        properties = {"type": "sql", "uri": url.render_as_string()}
    given = {name: value for name, value in properties.items() if value is not None}
    for _ in range(TABLES_OF_A_CATALOG):
        # Another first run may create one of the catalog's own tables between pyiceberg's check and its own creation.
        with suppress(OperationalError):
            return with_own_file_io(load_catalog(CATALOG, warehouse=location, **given))
    return with_own_file_io(load_catalog(CATALOG, warehouse=location, **given))


def create_table(catalog: Catalog, location: str, database: str, table: Table) -> None:
    """Create the table in ``location``, or add the columns and properties that it lacks.

    Raises:
        LakeError: a table of that name has other field ids, or is in another lake.
    """
    try:
        existing = catalog.load_table((database, table.name))
    except NoSuchTableError:
        existing = _create(catalog, location, database, table)
    check_table(location.rsplit("/", 2)[0], database, existing.location())
    check_kept(table, existing.metadata)
    check_spec(table, existing.spec())
    while not _brought_up_to_date(existing, table):
        # Another run has changed the table since it was loaded, perhaps in the same way.
        existing = catalog.load_table((database, table.name))
    check_ids(table, existing.schema())


def load_table(catalog: Catalog, database: str, name: str) -> IcebergTable | None:
    """The table as it is now; None if there is none."""
    with suppress(NoSuchTableError):
        return catalog.load_table((database, name))
    return None


def _create(catalog: Catalog, location: str, database: str, table: Table) -> IcebergTable:
    _create_namespace(catalog, database)
    try:
        check_not_lost(location)
    except LakeError:
        # The error is no problem if another run has created and filled the table since.
        if not catalog.table_exists((database, table.name)):
            raise
    with suppress(TableAlreadyExistsError):
        return catalog.create_table(
            (database, table.name),
            schema=first_schema(table),
            location=location,
            partition_spec=partition_spec(table),
            properties=properties(table) | ({INFERRED: table.inferred} if table.inferred else {}),
        )
    return catalog.load_table((database, table.name))


def _create_namespace(catalog: Catalog, database: str) -> None:
    # Two first runs may start at the same moment, which the SQLite catalog reports as IntegrityError.
    with suppress(NamespaceAlreadyExistsError, IntegrityError):
        # A role that may not create databases can still use one that exists.
        if not catalog.namespace_exists(database):
            catalog.create_namespace(database)


def _brought_up_to_date(existing: IcebergTable, table: Table) -> bool:
    """Add the columns and properties that the table lacks; False if another commit came first."""
    present = {field.name for field in existing.schema().fields}
    # In this order, because Iceberg gives each added column the next free field id.
    missing = [field for field in by_id(table) if field.name not in present]
    new_properties = {name: value for name, value in properties(table).items() if name not in existing.properties}
    # Iceberg stores the format version elsewhere, not as a property.
    new_properties.pop("format-version")
    if not (missing or new_properties):
        return True
    try:
        with existing.transaction() as transaction:
            if new_properties:
                transaction.set_properties(new_properties)
            if missing:
                with transaction.update_schema() as update:
                    for field in missing:
                        update.add_column(field.name, field.field_type, field.doc)
    except CommitFailedException:
        return False
    return True
