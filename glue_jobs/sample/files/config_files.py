"""The publisher's configuration: rules for data sets, names of subscribers, own traffic, places."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import yaml

from glue_jobs.sample.scenario.clients.places import write_place_files
from glue_jobs.sample.scenario.clients.requesters import OWN_NETWORKS, OWN_PRINCIPAL, SUBSCRIBERS
from glue_jobs.sample.scenario.publisher import (
    ACCESS_POINT_ARN,
    BUCKETS,
    DOMAIN,
    MAPS,
    PUBLISHER_ACCOUNT,
    REPOSITORIES,
    SHARED_REPOSITORY,
)


def write_config(folder: Path, built: date) -> None:
    """Write ``config.yaml`` and the files it names into the folder; ``built`` is the build date of the place files."""
    shared = REPOSITORIES[SHARED_REPOSITORY]
    config = {
        "datasets": [{"layout": "{account}/{repository}/…"}],
        "access_points": {ACCESS_POINT_ARN: {"account": shared.account, "repository": shared.name}},
        "distributions": {DOMAIN: BUCKETS[MAPS].name},
        "subscribers": [{"csv": "subscribers.csv"}],
        "own_traffic": {
            "accounts": [PUBLISHER_ACCOUNT],
            "principals": [OWN_PRINCIPAL],
            "cidrs": [str(network) for network in OWN_NETWORKS],
        },
        "places": write_place_files(folder, built),
    }
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    with (folder / "subscribers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("account", "name"), *SUBSCRIBERS.items()])
