"""The table of subscriber names: those of the configuration, for joins in SQL."""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

SUBSCRIBER = Table(
    name="subscriber",
    description="One row per reader that the configuration names; rewritten when these names change.",
    columns=(
        Column(1, "account_id", "string", "Account id (12 digits) or canonical user id (64 hexadecimal digits)."),
        Column(2, "name", "string", "Name of the reader, by the configuration."),
    ),
    partitions=(),
    sort=("account_id",),
)
