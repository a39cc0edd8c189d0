"""Tables that a catalog has for another lake, or does not have any more, are neither read nor changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import glue_jobs
from glue_jobs.errors import LakeError
from glue_jobs.lake import Lake
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.subscriber import SUBSCRIBER
from tests.lake.test_damaged_files import LINE


@pytest.mark.parametrize("folder", ["", "/curated"])
def test_a_database_belongs_to_one_lake(new_bucket: Callable[[], str], folder: str) -> None:
    mine, theirs = new_bucket(), new_bucket()
    database = mine.removeprefix("s3://").replace("-", "_")
    first, second = Lake(f"{mine}{folder}/", database), Lake(f"{theirs}{folder}", database)
    first.create(INGESTED_OBJECT)
    sentence = f"the tables of database {database} are not in {theirs}{folder}, but in {mine}{folder}; name that lake"
    for use in (second.create, second.load, second.notes):
        with pytest.raises(LakeError) as error:
            use(INGESTED_OBJECT)
        assert str(error.value).startswith(sentence)
    # Nor is it used from a folder above: runs would look for each other's unfinished work in different places.
    if folder:
        with pytest.raises(LakeError, match=f"are not in {mine}, but in {mine}{folder}; name that lake"):
            Lake(mine, database).load(INGESTED_OBJECT)
    # What stays of the first lake is as it was, and the first lake goes on.
    first.create(INGESTED_OBJECT)
    first.create(SUBSCRIBER)
    assert first.load(SUBSCRIBER).location == f"{mine}{folder}/{database}/subscriber"


@pytest.mark.parametrize("is_whole_catalog", [True, False])
def test_files_of_a_table_that_the_catalog_has_lost_are_not_taken_for_those_of_a_new_one(
    tmp_path: Path, is_whole_catalog: bool
) -> None:
    def ingest() -> None:
        glue_jobs.Lake(tmp_path / "lake").ingest("s3_access_log", tmp_path / "raw")

    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/2026-05-08-00-00-00-0123456789ABCDEF").write_text(LINE)
    ingest()
    if is_whole_catalog:
        (tmp_path / "lake/catalog.db").unlink()
    else:
        Lake(str(tmp_path / "lake"), "usage_lake")._catalog.drop_table(f"usage_lake.{S3_ACCESS_LOG.name}")
    before = sorted((tmp_path / "lake").rglob("*.parquet"))
    sentence = f"the files of a table are in {tmp_path}/lake/usage_lake/"
    for use in (ingest, lambda: Lake(str(tmp_path / "lake"), "usage_lake").load(S3_ACCESS_LOG)):
        with pytest.raises(LakeError, match=sentence):
            use()
    assert sorted((tmp_path / "lake").rglob("*.parquet")) == before
    if is_whole_catalog:
        with pytest.raises(LakeError, match=sentence):
            glue_jobs.Lake(tmp_path / "lake").sql("SELECT 1 FROM s3_access_log")
