"""Names of subscribers: copied from the configuration to a table that SQL can join."""

from __future__ import annotations

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.errors import LostRaceError
from glue_jobs.lake import Lake
from glue_jobs.tables.subscriber import SUBSCRIBER


def keep_names(lake: Lake, config: Config) -> None:
    """Replace the names in the lake by those of the configuration, if it has a section for subscribers.

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
        # Another run has just replaced the names. With the same configuration it wrote the same names; otherwise the
        # next run decides.
        return
