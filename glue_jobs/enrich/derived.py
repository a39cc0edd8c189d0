"""The derived columns of all sources of requests and events, as declared in `glue_jobs.tables.derived`."""

from __future__ import annotations

import pyarrow as pa

from glue_jobs.enrich.event_days import with_event_days
from glue_jobs.enrich.places.locate import PlaceColumns
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.robots import ROBOTS, is_robot


def with_derived(
    rows: pa.Table,
    dataset: tuple[pa.Array, pa.Array],
    own: pa.Array,
    user_agent: pa.DictionaryArray,
    places: PlaceColumns,
    reference: ReferenceData,
) -> pa.Table:
    """``rows`` with account and repository of the ``dataset``, own traffic, robots, places, and days of event_time."""
    account, repository = dataset
    columns = {
        "account": account,
        "repository": repository,
        "is_own": own,
        "is_robot": is_robot(user_agent, reference[ROBOTS]),
        "country": places.country,
        "place": places.place,
        "network": places.network,
    }
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return with_event_days(rows)
