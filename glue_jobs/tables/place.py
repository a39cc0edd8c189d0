"""The table of places: the location of each label, for SQL and maps."""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

PLACE = Table(
    name="place",
    description="One row per label that the columns place and country of requests can have.",
    columns=(
        Column(1, "label", "string", "The label: US, US/California, AWS/us-east-2, GitHub, VPN, bogon or unknown."),
        Column(2, "country", "string", "ISO 3166-1 alpha-2 code of the country the place is in; null where unknown."),
        Column(3, "name", "string", "Name of the country, region, cloud Region or network."),
        Column(4, "latitude", "double", "Degrees north, near the middle of the place; null where it has none."),
        Column(5, "longitude", "double", "Degrees east, near the middle of the place; null where it has none."),
        Column(6, "source", "string", "Source of the row, with the licence line."),
    ),
    partitions=(),
    sort=("label",),
)
