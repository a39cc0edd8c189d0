"""One sample for all tests that read raw files."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs.sample import Truth, write_sample
from tests.sample.declared import DAYS, LAST_DAY


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, last_day=LAST_DAY, days=DAYS, scale=0.2)
    return folder


@pytest.fixture(scope="session")
def truth(folder: Path) -> Truth:
    return Truth.from_json((folder / "truth.json").read_text(encoding="utf-8"))
