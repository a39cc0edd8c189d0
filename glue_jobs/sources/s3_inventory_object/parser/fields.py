"""Fields of an inventory and the table's columns for them.

CSV inventories name fields as the API does (``ETag``). ORC and Parquet use the table's names (``e_tag``). The
manifest's fileSchema lists the fields; only bucket and key are mandatory.
"""

from __future__ import annotations

import re

from glue_jobs.read.parsed import parsed_schema
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

# Text that differs on nearly every row: a dictionary of it would cost more than it saves.
_HIGH_CARDINALITY = frozenset({"key", "version_id", "e_tag"})
_FIELDS = set(S3_INVENTORY_OBJECT.record) - {"other_fields", "source_object"}

COLUMNS = {field.name: field.type for field in parsed_schema(S3_INVENTORY_OBJECT, _FIELDS, _HIGH_CARDINALITY)}
"""Arrow type of each field that has a column of its own."""

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def field_names(form: str, schema: str) -> tuple[str, ...]:
    """The fields of a fileSchema by their column names, in order; empty if the schema cannot be understood."""
    if form == "CSV":
        return tuple(_WORD.sub("_", name.strip()).lower() for name in schema.split(","))
    if form == "ORC":
        inside = re.fullmatch(r"\s*struct<(.*)>\s*", schema, re.DOTALL)
        return tuple(re.findall(r"(?:^|,)\s*(\w+)\s*:", inside[1])) if inside else ()
    # message s3.inventory { required binary bucket (UTF8); optional int64 size; … }
    return tuple(re.findall(r"(\w+)\s*(?:\([^()]*(?:\([^()]*\))?[^()]*\))?\s*(?:=\s*\d+\s*)?;", schema))
