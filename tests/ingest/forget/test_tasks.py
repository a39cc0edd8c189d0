"""What is counted of a person's rows in a data file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.ingest.forget.person import person
from glue_jobs.ingest.forget.tasks import search
from glue_jobs.tables.rejected_record import REJECTED_RECORD


def test_a_rejected_row_counts_for_all_the_records_that_it_stands_for(tmp_path: Path) -> None:
    rows = [
        {"object": "a", "record": b"192.0.2.7 -"},
        {"object": "a", "record": b"192.0.2.7 +", "records": 40},
        {"object": "b", "record": b"192.0.2.7"},
        {"object": "b", "record": b"192.0.2.8", "records": 9},
    ]
    file = str(tmp_path / "1.parquet")
    pq.write_table(pa.Table.from_pylist(rows, schema=REJECTED_RECORD.arrow_schema), file)
    found = search(None, person(["192.0.2.7"], [], []), REJECTED_RECORD, file)
    assert (found.rows, found.records, found.files) == (3, Counter(a=41, b=1), ())
