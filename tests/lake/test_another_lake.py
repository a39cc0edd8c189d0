"""Two lakes on S3 with one name of a database: the second neither reads nor changes the tables of the first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from glue_jobs.errors import LakeError
from glue_jobs.lake import Lake
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.subscriber import SUBSCRIBER


@pytest.mark.parametrize("folder", ["", "/curated"])
def test_a_database_belongs_to_one_lake(new_bucket: Callable[[], str], folder: str) -> None:
    mine, theirs = new_bucket(), new_bucket()
    database = mine.removeprefix("s3://").replace("-", "_")
    first, second = Lake(f"{mine}{folder}/", database), Lake(f"{theirs}{folder}", database)
    first.create(INGESTED_OBJECT)
    sentence = f"the tables of database {database} are not in {theirs}{folder}, but in {mine}{folder}; name that lake"
    for use in (second.create, second.load, second.old_snapshots, second.orphan_files, second.notes):
        with pytest.raises(LakeError) as error:
            use(INGESTED_OBJECT)
        assert str(error.value).startswith(sentence)
    # What stays of the first lake is as it was, and the first lake goes on.
    first.create(INGESTED_OBJECT)
    first.create(SUBSCRIBER)
    assert first.load(SUBSCRIBER).location == f"{mine}{folder}/{database}/subscriber"
