"""The names of subscribers in the lake follow the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs.config import Config, load_config
from glue_jobs.enrich.subscribers import keep_names
from glue_jobs.errors import LostRaceError
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.tables.subscriber import SUBSCRIBER


def config(**names: str) -> Config:
    lines = "".join(f'  - {{account: "{account[1:]}", name: {name}}}\n' for account, name in names.items())
    return load_config(f"subscribers:\n{lines}", "config.yaml", lambda name: b"")


def names(lake: Lake) -> dict[str, str]:
    rows = lake.load(SUBSCRIBER).rows(("account_id", "name"))
    return dict(zip(rows["account_id"].to_pylist(), rows["name"].to_pylist(), strict=True))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path), "usage_lake")


def test_the_table_exists_even_without_names(lake: Lake) -> None:
    keep_names(lake, Config())
    assert names(lake) == {}


def test_names_follow_the_configuration(lake: Lake) -> None:
    keep_names(lake, config(a111122223333="Ana", a123456789012="Bo"))
    assert names(lake) == {"111122223333": "Ana", "123456789012": "Bo"}
    keep_names(lake, config(a123456789012="Bob"))
    assert names(lake) == {"123456789012": "Bob"}


def test_the_same_names_or_no_section_change_nothing(lake: Lake) -> None:
    keep_names(lake, config(a111122223333="Ana"))
    before = lake.load(SUBSCRIBER).summaries()
    keep_names(lake, config(a111122223333="Ana"))
    keep_names(lake, Config())
    assert lake.load(SUBSCRIBER).summaries() == before


def test_an_emptied_list_empties_the_table(lake: Lake) -> None:
    keep_names(lake, config(a111122223333="Ana"))
    keep_names(lake, load_config("subscribers: []\n", "config.yaml", lambda name: b""))
    assert names(lake) == {}


def test_two_runs_at_once_leave_the_names_of_one(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_names(lake, config(a111122223333="Ana"))
    late = lake.load(SUBSCRIBER)
    keep_names(lake, config(a111122223333="Bo"))
    with pytest.raises(LostRaceError, match="another run replaced the rows of subscriber first"):
        late.replace(late.rows(("account_id", "name")))
    monkeypatch.setattr(LoadedTable, "replace", lambda *_: (_ for _ in ()).throw(LostRaceError("lost")))
    keep_names(lake, config(a111122223333="Cy"))
    assert names(lake) == {"111122223333": "Bo"}
