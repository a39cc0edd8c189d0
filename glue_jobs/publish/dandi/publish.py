"""Count, and write the files of the summaries: each completely or not at all, the totals last."""

from __future__ import annotations

from glue_jobs.config import Rounding
from glue_jobs.progress import Reporter
from glue_jobs.publish.asking import Engine
from glue_jobs.publish.dandi.coordinates import COORDINATES, coordinates_text
from glue_jobs.publish.dandi.counts import as_dandi_adds_up, count
from glue_jobs.publish.dandi.summaries import summaries
from glue_jobs.publish.publish import Published
from glue_jobs.publish.written import write_file

TSV, JSON, YAML = "text/tab-separated-values; charset=utf-8", "application/json", "application/yaml"
CONTENT_TYPES = {"tsv": TSV, "json": JSON}


def publish_summaries(
    engine: Engine, folder: str, rounding: Rounding, as_dandi_does: bool, reporter: Reporter
) -> Published:
    """Write DANDI's summaries of all data sets and of the archive below ``folder``.

    Equal lakes give equal files. With ``as_dandi_does``, totals and the archive's files add up rounded numbers.

    Raises:
        StorageError: the folder cannot be written to.
        UsageLakeError: a query failed; nothing is written.
    """
    counts = count(engine)
    coordinates = coordinates_text(counts, engine)
    together = as_dandi_adds_up(counts, rounding) if as_dandi_does else counts
    reporter.say(f"{len(counts.datasets):,} data sets were read")
    files = [write_file(folder, COORDINATES, coordinates, YAML)]
    for name, text in summaries(counts, together, rounding):
        files.append(write_file(folder, name, text, CONTENT_TYPES[name.rpartition(".")[2]]))
    return Published(folder, tuple(files), ())
