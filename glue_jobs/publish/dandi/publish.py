"""Query the counts and write the summary files: each completely or not at all, the totals last."""

from __future__ import annotations

import yaml

from glue_jobs.config import Rounding
from glue_jobs.progress import Reporter, counted
from glue_jobs.publish.dandi.counts import Counts, as_dandi_adds_up, count
from glue_jobs.publish.dandi.summaries import summaries
from glue_jobs.publish.engine import Engine
from glue_jobs.publish.publish import Published
from glue_jobs.publish.published_file import JSON, TSV, YAML, write_file

COORDINATES = "region_codes_to_coordinates.yaml"
CONTENT_TYPES = {"tsv": TSV, "json": JSON}


def publish_summaries(
    engine: Engine, folder: str, rounding: Rounding, as_dandi_does: bool, reporter: Reporter
) -> Published:
    """Write DANDI's summaries of all data sets and of the archive below ``folder``.

    The same lake always gives the same files. With ``as_dandi_does``, totals and archive files sum rounded numbers.

    Raises:
        StorageError: the folder cannot be written to.
        UsageLakeError: a query failed; nothing is written.
    """
    counts = count(engine)
    coordinates = _coordinates(counts, engine)
    together = as_dandi_adds_up(counts, rounding) if as_dandi_does else counts
    reporter.say(f"{counted(len(counts.datasets), 'data set')} with reads")
    files = [write_file(folder, COORDINATES, coordinates, YAML)]
    for name, text in summaries(counts, together, rounding):
        files.append(write_file(folder, name, text, CONTENT_TYPES[name.rpartition(".")[2]]))
    return Published(folder, tuple(files), ())


def _coordinates(counts: Counts, engine: Engine) -> str:
    """YAML with latitude and longitude, in degrees, of every place with reads; null if a place has no location."""
    rows = engine.run("SELECT label, latitude, longitude FROM place").to_pylist()
    known = {row["label"]: (row["latitude"], row["longitude"]) for row in rows}
    places = {place: known.get(place, (None, None)) for place in {region.place for region in counts.regions}}
    entries = {place: {"latitude": north, "longitude": east} for place, (north, east) in places.items()}
    text: str = yaml.safe_dump(entries)
    return text
