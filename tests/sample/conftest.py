"""One sample for all tests that read raw files."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs.sample import Truth, write_sample
from tests.sample.declared import DAYS, LAST_DAY


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_sample(folder, last_day=LAST_DAY, days=DAYS, scale=0.2)


@pytest.fixture(scope="session")
def folder(written: tuple[Path, Truth]) -> Path:
    return written[0]


@pytest.fixture(scope="session")
def truth(written: tuple[Path, Truth]) -> Truth:
    return written[1]
