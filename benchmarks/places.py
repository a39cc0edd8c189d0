"""The cost of locating requests: ingestion of access logs with a country database, and without any places."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa

from benchmarks.measure import Contestant, Line, Settings, interleaved
from benchmarks.sample_files import log_files, once, sample
from glue_jobs.config import Config
from glue_jobs.enrich.places.countries import COUNTRIES
from glue_jobs.enrich.places.locate import PlaceColumns
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.robots import robot_resources
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest, IngestSummary
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.sample.scenario.clients.place_database import write_database
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.s3_access_log import source

# About 1,000,000 lines.
SCALE = 17
QUICK_SCALE = 0.1
ADDRESSES = 27_000

WITH, WITHOUT = "with countries", "without places"

# The address follows the time.
ADDRESS = re.compile(rb"(?m)(^\S+ \S+ \[[^\]]*\] )\S+")


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: the seconds of both, and their ratio."""
    raw, database = _files(settings)
    lake = settings.folder / "places-lake"
    pipeline = BY_NAME["s3_access_log"]
    contestants = {
        WITHOUT: Contestant(
            partial(_run, replace(pipeline, enrich=_enrich_nowhere, resources=(robot_resources,)), raw, lake, None)
        ),
        WITH: Contestant(partial(_run, pipeline, raw, lake, database)),
    }
    runs = interleaved(contestants, settings.rounds, partial(shutil.rmtree, lake))
    yield runs[WITHOUT].line(WITHOUT, f"{runs[WITHOUT].result.totals.rows:,} rows, {ADDRESSES:,} addresses")
    ratio = runs[WITH].over(runs[WITHOUT], f"{WITH} / {WITHOUT}", note="the target is for CPU seconds")
    yield replace(ratio, target="at most 1.1", met=float(ratio.cpu) <= 1.1 if ratio.cpu else None)


def _run(pipeline: Pipeline, raw: Path, lake: Path, database: Path | None) -> IngestSummary:
    config = Config.model_validate({"places": {"addresses": [str(database)]}} if database else {})
    return ingest(IngestRequest(pipeline, str(raw), Lake(str(lake), "usage_lake"), config), SilentReporter())


class _Nowhere:
    def locate(self, remote_ip: pa.Array, source_region: pa.Array) -> PlaceColumns:
        nothing = pa.DictionaryArray.from_arrays(pa.nulls(len(remote_ip), pa.int32()), pa.array([], pa.string()))
        return PlaceColumns(nothing, nothing, nothing)


def _enrich_nowhere(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    with patch.object(source, "locator", lambda *_: _Nowhere()):
        return source.enrich_access_log(rows, config, reference)


def _files(settings: Settings) -> tuple[Path, Path]:
    """The sample's lines with addresses of the whole internet, and a database with a country for each address."""
    scale = QUICK_SCALE if settings.quick else SCALE
    logs = sample(settings.folder, scale)
    folder = once(settings.folder / f"places-{scale:g}", partial(_write, logs))
    return folder / "raw", folder / "countries.mmdb"


def _write(logs: Path, target: Path) -> None:
    rng = np.random.default_rng(7)
    parts = rng.integers((1, 0, 0, 0), (224, 256, 256, 256), (ADDRESSES, 4))
    texts = [b".".join(b"%d" % part for part in address) for address in parts.tolist()]
    picked = iter(rng.integers(0, ADDRESSES, 2_000_000 * SCALE // 17))
    for path in log_files(logs):
        place = target / "raw" / path.relative_to(logs)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(ADDRESS.sub(lambda match: match[1] + texts[next(picked)], path.read_bytes()))
    codes = rng.choice(list(COUNTRIES), 224 * 16)
    names = {"de": "Ein Land", "en": "A country", "es": "Un país", "fr": "Un pays", "ja": "国", "pt-BR": "Um país"}
    records = {
        f"{first}.{16 * second}.0.0/12": {"country": {"iso_code": str(codes[16 * first + second]), "names": names}}
        for first in range(1, 224)
        for second in range(16)
    }
    write_database(target / "countries.mmdb", records, "DBIP-Country-Lite", date(2026, 1, 1))
