"""Fields of an inventory, and the columns of the table they become.

CSV names them as the API does (``ETag``), ORC and Parquet in small letters (``e_tag``), as the table. The manifest's
fileSchema tells which ones a snapshot has; every one but bucket and key is optional.
"""

from __future__ import annotations

import re

from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

NOT_FIELDS = {"other_fields", "source_object"}

COLUMNS = {
    field.name: field.type
    for field in S3_INVENTORY_OBJECT.arrow_schema
    if field.name in S3_INVENTORY_OBJECT.record and field.name not in NOT_FIELDS
}
"""Arrow type of every field that has a column."""

# Text that is different in nearly every row: a dictionary of it would cost more than it saves.
DISTINCT = frozenset({"key", "version_id", "e_tag"})

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def field_names(form: str, schema: str) -> tuple[str, ...]:
    """The names of the fields in a fileSchema, as ORC and Parquet have them, in order; none when it is no schema."""
    if form == "CSV":
        return tuple(_WORD.sub("_", name.strip()).lower() for name in schema.split(","))
    if form == "ORC":
        inside = re.fullmatch(r"\s*struct<(.*)>\s*", schema, re.DOTALL)
        return tuple(re.findall(r"(?:^|,)\s*(\w+)\s*:", inside[1])) if inside else ()
    # message s3.inventory { required binary bucket (UTF8); optional int64 size; … }
    return tuple(re.findall(r"(\w+)\s*(?:\([^()]*(?:\([^()]*\))?[^()]*\))?\s*(?:=\s*\d+\s*)?;", schema))
