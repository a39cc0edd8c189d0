"""Sums by names equal those that plain Python makes, whatever is null."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_jobs.columns import sums
from glue_jobs.columns.sums import summed_by

TYPES = pa.schema({"account": pa.string(), "class": pa.string(), "bytes": pa.int64(), "time": pa.timestamp("us")})
HOW = {"bytes": "sum", "least": "min", "most": "max"}

names = st.none() | st.sampled_from(["", "a", "b", "ü"])
numbers = st.none() | st.integers(-(2**50), 2**50)


def in_python(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int | None, ...]]:
    groups: defaultdict[tuple[Any, ...], list[tuple[int | None, int | None]]] = defaultdict(list)
    for account, storage_class, size, time in rows:
        groups[account, storage_class].append((size, time))
    found = {}
    for group, values in groups.items():
        sizes = [size for size, _ in values if size is not None]
        times = [time for _, time in values if time is not None]
        found[group] = (sum(sizes) if sizes else None, min(times, default=None), max(times, default=None))
    return found


@pytest.mark.parametrize("few", [0, sums.FEW])
@given(st.lists(st.tuples(names, names, numbers, numbers), max_size=30), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_are_those_of_plain_python(
    few: int, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[Any, ...]], encoded: bool
) -> None:
    monkeypatch.setattr(sums, "FEW", few)
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), TYPES.types, strict=False)]
    account, storage_class, size, time = columns or [pa.array([], kind) for kind in TYPES.types]
    if encoded:
        account = account.dictionary_encode()
    table = pa.table({"account": account, "class": storage_class, "bytes": size, "least": time, "most": time})
    found = summed_by(table, ("account", "class"), HOW)
    assert found["least"].type == pa.timestamp("us")
    names = found.select(["account", "class"]).to_pylist()
    values = [found[name].cast(pa.int64()).to_pylist() for name in HOW]
    got = {tuple(each.values()): some for each, some in zip(names, zip(*values, strict=True), strict=True)}
    assert got == in_python(rows)
    assert found.num_rows == len(got)
