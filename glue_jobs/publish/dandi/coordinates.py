"""Where the places in the summaries are, for maps."""

from __future__ import annotations

import yaml

from glue_jobs.publish.asking import Engine
from glue_jobs.publish.dandi.counts import Counts

COORDINATES = "region_codes_to_coordinates.yaml"


def coordinates_text(counts: Counts, engine: Engine) -> str:
    """Latitude and longitude in degrees of every place that was read from, null where a place is nowhere.

    Raises:
        UsageLakeError: the query failed.
    """
    rows = engine.run("SELECT label, latitude, longitude FROM place").to_pylist()
    known = {row["label"]: (row["latitude"], row["longitude"]) for row in rows}
    places = sorted({region.place for region in counts.regions})
    nowhere = (None, None)
    entries = {place: dict(zip(("latitude", "longitude"), known.get(place, nowhere), strict=True)) for place in places}
    text: str = yaml.safe_dump(entries)
    return text
