"""Names of subscribers: copied from the configuration to a table that SQL can join."""

from __future__ import annotations

from contextlib import suppress

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.errors import LostRaceError
from glue_jobs.lake import Lake
from glue_jobs.tables.subscriber import SUBSCRIBER


def keep_names(lake: Lake, config: Config) -> None:
    """Replace the names in the lake by those of the configuration, if it has the section ``subscribers``.

    Raises:
        LakeError: the table cannot be read or written.
    """
    lake.create(SUBSCRIBER)
    names = named_subscribers(config)
    if names is None:
        return
    table = lake.load(SUBSCRIBER)
    if table.rows(("account_id", "name")).sort_by("account_id").equals(names):
        return
    # Another run may have just replaced the names. With the same configuration it wrote the same names; otherwise the
    # next run decides.
    with suppress(LostRaceError):
        table.replace(names)


def named_subscribers(config: Config) -> pa.Table | None:
    """The rows of the subscriber table from the configuration; None if it has no section ``subscribers``."""
    if "subscribers" not in config.model_fields_set:
        return None
    names = dict(sorted(config.subscriber_names.items()))
    return pa.table([[*names], [*names.values()]], schema=SUBSCRIBER.arrow_schema)
