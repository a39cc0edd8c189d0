"""The saved views in the Glue Data Catalog, for queries in Athena.

A job writes the catalog entries itself: Athena's CREATE VIEW would need a query per view and the right to run queries.
The format is that of views in Athena, and of any Trino on a Hive catalog.

https://github.com/trinodb/trino/blob/master/plugin/trino-hive/src/main/java/io/trino/plugin/hive/ViewReaderUtil.java
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection, Iterator
from typing import Any

from glue_jobs.lake import Lake
from glue_jobs.query.saved.files import VIEWS
from glue_jobs.query.saved.view import SavedView, base_tables
from glue_jobs.storage import region
from glue_jobs.tables.model import Table

# Trino's names of types that have other names in Hive and Glue. Times of Iceberg tables have microseconds.
TRINO_TYPES = {"string": "varchar", "int": "integer", "timestamp": "timestamp(6)"}

VIRTUAL_VIEW = "VIRTUAL_VIEW"

# https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
MAX_COMMENT = 255


def keep_views(lake: Lake, replaceable: Collection[Table]) -> Iterator[tuple[str, str]]:
    """Create the saved views that are missing in a lake's Glue catalog, and replace changed views on ``replaceable``.

    ``replaceable`` are the tables whose views the caller may replace; views on other tables are only created. If there
    is nothing to do, one listing is the only request. Yields the name of each view that failed, with the reason. Lakes
    with another catalog are left unchanged.
    """
    if lake.catalog_type != "glue":
        return
    # Imported late, because boto3 is slow to import.
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    views = SavedView.all()
    try:
        glue: Any = boto3.Session().client("glue", region_name=region(lake.location))
        stored = _stored(glue, lake.database, views)
    except (BotoCoreError, ClientError) as error:
        yield VIEWS, str(error)
        return
    own = {table.name for table in replaceable}
    for view in views:
        there = stored.get(view.name)
        wanted = view_table(view, lake.database)
        if there and (there == _identity(wanted) or not own & base_tables([view.name])):
            continue
        try:
            if not there:
                glue.create_table(DatabaseName=lake.database, TableInput=wanted)
            elif there[0] == VIRTUAL_VIEW:
                glue.update_table(DatabaseName=lake.database, TableInput=wanted, SkipArchive=True)
            else:
                yield f"{VIEWS}/{view.name}", "there is a table of that name; rename or delete it"
        except (BotoCoreError, ClientError) as error:
            # Another job may create the same view at the same moment.
            if getattr(error, "response", {}).get("Error", {}).get("Code") != "AlreadyExistsException":
                yield f"{VIEWS}/{view.name}", str(error)


def view_table(view: SavedView, database: str) -> dict[str, Any]:
    """The view as a TableInput of Glue's API: text and columns for Trino, and the columns again for Glue."""
    returns = view.metadata.returns
    definition = {
        "originalSql": view.select,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": each.name.lower(), "type": TRINO_TYPES.get(each.type, each.type)} for each in returns],
    }
    text = b64encode(json.dumps(definition).encode()).decode()
    columns = [
        {"Name": each.name.lower(), "Type": each.type, "Comment": each.description[:MAX_COMMENT]} for each in returns
    ]
    return {
        "Name": view.name,
        "Description": view.metadata.title,
        "TableType": VIRTUAL_VIEW,
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": f"/* Presto View: {text} */",
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {"Columns": columns, "SerdeInfo": {}},
    }


def _stored(glue: Any, database: str, views: Collection[SavedView]) -> dict[str, tuple[str, str]]:
    """The identity of each catalog table that has the name of a view, by name."""
    pattern = "|".join(view.name for view in views)
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database, Expression=pattern)
    return {table["Name"]: _identity(table) for page in pages for table in page["TableList"]}


def _identity(table: dict[str, Any]) -> tuple[str, str]:
    return table.get("TableType", ""), table.get("ViewOriginalText", "")
