"""The packaged template, created once for all tests."""

from __future__ import annotations

import pytest

from tools.package import packaged


@pytest.fixture(scope="session")
def template() -> str:
    """The text of the packaged template."""
    return packaged()
