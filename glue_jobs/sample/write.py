"""Write a whole sample: raw files, their configuration, and the truth about them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from glue_jobs.sample.database import open_database
from glue_jobs.sample.files.access_log_files import README_PATH, write_access_logs
from glue_jobs.sample.files.cloudfront_files import write_cloudfront_logs
from glue_jobs.sample.files.cloudtrail_files import skipped_files, write_trail
from glue_jobs.sample.files.config_files import write_config
from glue_jobs.sample.files.inventory_files import stray_path, write_inventories
from glue_jobs.sample.scenario.clients.requesters import make_requesters
from glue_jobs.sample.scenario.delivery import deliver
from glue_jobs.sample.scenario.publisher import make_objects
from glue_jobs.sample.scenario.requests.requests import MIDDLE_SHARE, make_requests
from glue_jobs.sample.scenario.requests.traffic import DAY_SECONDS
from glue_jobs.sample.scenario.stored.inventories import INVENTORIES, list_buckets
from glue_jobs.sample.scenario.stored.versions import make_versions
from glue_jobs.sample.truth.truth import Truth, ask

EPOCH = date(1970, 1, 1)


def write_sample(folder: Path, *, seed: int = 7, last_day: date, days: int = 45, scale: float = 1.0) -> Truth:
    """Write a made-up publisher's raw logs into ``folder``; returns the counts of a correct lake.

    Events are of the ``days`` days up to ``last_day``; ``scale`` 1 is about 60,000 lines, and the number of objects
    grows more slowly. The folder gets ``raw/s3_access_log/``, ``raw/cloudtrail_s3_event/`` with the data events of the
    same requests, ``raw/cloudfront_log/`` with the requests to a distribution of one bucket,
    ``raw/s3_inventory_object/`` with inventories of the buckets, ``config.yaml`` with the files it names, and
    ``truth.json``. The same arguments and versions of DuckDB and Arrow give the same bytes, names and modification
    times.

    Raises:
        ValueError: ``days`` or ``scale`` is not positive.
        FileExistsError: the folder already has raw files.
    """
    if days < 1 or scale <= 0:
        raise ValueError("a sample has at least one day and a scale above zero")
    sources = ("s3_access_log", "cloudtrail_s3_event", "cloudfront_log", "s3_inventory_object")
    places = [folder / "raw" / name for name in sources]
    for place in places:
        if place.exists() and any(place.iterdir()):
            raise FileExistsError(f"{place} already has files; choose another folder or remove it")
        place.mkdir(parents=True, exist_ok=True)
    first_day = last_day - timedelta(days=days - 1)
    start = (first_day - EPOCH).days * DAY_SECONDS
    end = start + days * DAY_SECONDS
    objects, requesters = make_objects(seed), make_requesters(seed, scale)
    requests = make_requests(objects, requesters, seed, start, days, scale)
    with open_database(seed, start, days, requests, objects, requesters) as database:
        deliver(database, end, start + int(days * MIDDLE_SHARE) * DAY_SECONDS)
        make_versions(database, INVENTORIES[0].times(start, end)[-1], scale)
        list_buckets(database, start, end)
        answers = ask(database) | {
            "s3_access_log/skipped": [{"path": README_PATH}],
            "cloudtrail_s3_event/skipped": [{"path": path} for path, _ in skipped_files(end)],
            "cloudfront_log/skipped": [],
            "s3_inventory_object/skipped": [{"path": stray_path(each, seed)} for each in INVENTORIES],
        }
        write_access_logs(database, places[0])
        write_trail(database, places[1], end)
        write_cloudfront_logs(database, places[2])
        write_inventories(database, places[3], seed)
    write_config(folder, last_day)
    truth = Truth(seed, scale, first_day.isoformat(), last_day.isoformat(), answers)
    (folder / "truth.json").write_text(truth.to_json(), encoding="utf-8")
    return truth
