"""Which listed objects the ledger has: only the ledger of their days is read, once, and little of it is kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import pyarrow as pa

from glue_jobs.ingest.discovery.known_objects import KnownObjects
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import Entry
from glue_jobs.tables.model import Table

DAY = date(2024, 5, 7)
NEXT = DAY + timedelta(days=1)

Row = tuple[str, str, str | None, date | None]


class Ledger:
    """A lake whose ledger has these rows; notes the days that it was asked for."""

    def __init__(self, *rows: Row) -> None:
        self._rows = rows
        self.asked: list[set[date | None]] = []

    def load(self, _table: Table) -> Ledger:
        return self

    def batches(self, columns: tuple[str, ...], **partition: Iterable[date | None]) -> Iterator[pa.Table]:
        assert partition["pipeline"] == ["s3_access_log"]
        days = {*partition["object_day"]}
        self.asked.append(days)
        types = (pa.string(), pa.string(), pa.string(), pa.date32())
        for row in self._rows:
            if row[3] in days:
                yield pa.table([pa.array([cell], kind) for cell, kind in zip(row, types, strict=True)], [*columns])


def raw_object(name: str, day: date | None = DAY, etag: str = "etag") -> RawObject:
    return RawObject(Entry(name, 10, etag, datetime(2024, 5, 8)), day)


def known(*rows: Row) -> tuple[KnownObjects, Ledger]:
    ledger = Ledger(*rows)
    return KnownObjects(ledger, "s3_access_log"), ledger  # type: ignore[arg-type]


def test_an_object_is_new_if_the_ledger_does_not_have_it_with_its_etag() -> None:
    objects, _ = known(("a", "etag", None, DAY), ("b", "etag", None, DAY), ("c", "etag", None, None))
    listed = [raw_object("b", etag="changed"), raw_object("a"), raw_object("new"), raw_object("c", None)]
    assert objects.subtract(listed) == [(listed[0], None), (listed[2], None)]


def test_an_object_that_could_not_be_read_is_new_until_it_is_ingested() -> None:
    objects, _ = known(("a", "etag", "archived", DAY), ("b", "etag", "archived", DAY), ("b", "etag", None, DAY))
    listed = [raw_object("a"), raw_object("b")]
    assert objects.subtract(listed) == [(listed[0], "archived")]


def test_the_ledger_of_a_day_is_read_once() -> None:
    objects, ledger = known(("a", "etag", None, DAY), ("b", "etag", None, NEXT))
    assert objects.subtract([raw_object("a"), raw_object("z", None)]) == [(raw_object("z", None), None)]
    assert objects.subtract([raw_object("a"), raw_object("b", NEXT)]) == []
    assert objects.subtract([raw_object("b", NEXT)]) == []
    assert ledger.asked == [{DAY, None}, {NEXT}]


def test_without_objects_the_ledger_is_not_read() -> None:
    objects, ledger = known()
    assert (objects.subtract([]), ledger.asked) == ([], [])


def test_what_is_known_of_an_object_takes_few_bytes() -> None:
    count = 20_000

    class Many(Ledger):
        def batches(self, columns: tuple[str, ...], **_: Iterable[date | None]) -> Iterator[pa.Table]:
            for start in range(0, count, 1_000):
                keys = [f"s3://logs/{number:0120}" for number in range(start, start + 1_000)]
                cells = [keys, ["0" * 32] * 1_000, pa.nulls(1_000, pa.string()), pa.array([DAY] * 1_000)]
                yield pa.table(cells, [*columns])

    objects = KnownObjects(Many(), "s3_access_log")  # type: ignore[arg-type]
    tracemalloc.start()
    assert objects.subtract([raw_object("new")]) == [(raw_object("new"), None)]
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 25 * count
