"""Names of subscribers, from the configuration to a table that SQL can join."""

from __future__ import annotations

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.errors import LostRaceError
from glue_jobs.lake import Lake
from glue_jobs.tables.subscriber import SUBSCRIBER


def keep_names(lake: Lake, config: Config) -> None:
    """Make the lake's names those of the configuration; one that says nothing of subscribers leaves them as they are.

    Raises:
        LakeError: the table cannot be read or written.
    """
    lake.create(SUBSCRIBER)
    names = sorted(config.subscriber_names.items())
    if "subscribers" not in config.model_fields_set:
        return
    table = lake.load(SUBSCRIBER)
    known = table.rows(("account_id", "name"))
    if sorted(zip(known["account_id"].to_pylist(), known["name"].to_pylist(), strict=True)) == names:
        return
    columns = [[account for account, _ in names], [name for _, name in names]]
    try:
        table.replace(pa.table(columns, schema=SUBSCRIBER.arrow_schema))
    except LostRaceError:
        # A run of another pipeline with the same configuration was quicker; with another one, the next run decides.
        return
