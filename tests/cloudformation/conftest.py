"""The packaged templates, created once for all tests."""

from __future__ import annotations

import pytest

from tools.package import ZONES, packaged


@pytest.fixture(scope="session")
def template() -> str:
    """The text of the packaged template."""
    return packaged()


@pytest.fixture(scope="session")
def zones_template() -> str:
    """The text of the packaged template of a data lake."""
    return packaged(ZONES)
