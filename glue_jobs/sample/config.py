"""The publisher's configuration: how keys become data sets, who the subscribers are, what is own traffic."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from glue_jobs.sample.publisher import Publisher
from glue_jobs.sample.readers import OWN_ACCOUNT, OWN_NETWORKS, OWN_PRINCIPAL, SUBSCRIBERS

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


def write_config(folder: Path, publisher: Publisher) -> None:
    """Writes ``config.yaml`` and the ``subscribers.csv`` that it names into the folder."""
    shared = publisher.repositories[publisher.shared]
    texts = {
        "access_point": publisher.access_point,
        "account": shared.account,
        "repository": shared.name,
        "accounts": [OWN_ACCOUNT],
        "principals": [OWN_PRINCIPAL],
        "cidrs": list(OWN_NETWORKS),
    }
    # Every JSON text is YAML too, with the quotes that account ids need.
    config = CONFIG.format_map({name: json.dumps(value) for name, value in texts.items()})
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    with (folder / "subscribers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("account", "name"), *SUBSCRIBERS.items()])
