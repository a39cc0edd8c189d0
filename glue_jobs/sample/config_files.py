"""The publisher's configuration: how keys become data sets, who the subscribers are, what is own traffic."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from glue_jobs.sample.publisher import ACCESS_POINT_ARN, PUBLISHER_ACCOUNT, REPOSITORIES, SHARED_REPOSITORY
from glue_jobs.sample.requesters import OWN_NETWORKS, OWN_PRINCIPAL, SUBSCRIBERS

CONFIG = """\
# Account ids are quoted: without quotes YAML takes some of them for octal numbers.
datasets:
  - layout: "{{account}}/{{repository}}/…"
access_points:
  {access_point}:
    account: {account}
    repository: {repository}
subscribers:
  - csv: subscribers.csv
own_traffic:
  accounts: {accounts}
  principals: {principals}
  cidrs: {cidrs}
"""


def write_config(folder: Path) -> None:
    """Writes ``config.yaml`` and the ``subscribers.csv`` that it names into the folder."""
    shared = REPOSITORIES[SHARED_REPOSITORY]
    values = {
        "access_point": ACCESS_POINT_ARN,
        "account": shared.account,
        "repository": shared.name,
        "accounts": [PUBLISHER_ACCOUNT],
        "principals": [OWN_PRINCIPAL],
        "cidrs": list(map(str, OWN_NETWORKS)),
    }
    # Every JSON text is YAML too, with the quotes that account ids need.
    config = CONFIG.format_map({name: json.dumps(value) for name, value in values.items()})
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    with (folder / "subscribers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("account", "name"), *SUBSCRIBERS.items()])
