"""A stranger's lake cannot run code: classes that its metadata names are never imported."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.lake import Lake
from glue_jobs.tables.subscriber import SUBSCRIBER

EVIL = "raise SystemExit('a stranger ran code')\n"


@pytest.mark.parametrize("name", ["py-io-impl", "write.py-location-provider.impl"])
def test_a_class_named_by_the_metadata_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "stranger.py").write_text(EVIL)
    monkeypatch.syspath_prepend(tmp_path)
    folder = str(tmp_path / "lake")
    Lake(folder, "usage_lake").create(SUBSCRIBER)
    (metadata,) = Path(folder).rglob("*.metadata.json")
    content = json.loads(metadata.read_text())
    content["properties"][name] = "stranger.Reader"
    metadata.write_text(json.dumps(content))
    opened = Lake(folder, "usage_lake").load(SUBSCRIBER)
    opened.replace(pa.table({"account_id": ["111122223333"], "name": ["Ada"]}, schema=SUBSCRIBER.arrow_schema))
    assert Lake(folder, "usage_lake").load(SUBSCRIBER).rows(("name",))["name"].to_pylist() == ["Ada"]
    assert "stranger" not in sys.modules
