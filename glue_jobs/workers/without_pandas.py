"""Prevent the import of pandas in this project's own programs: it takes half a second, and nothing here uses it.

If pandas is installed, Arrow imports it as soon as it creates an array from a Python list. A notebook that imports the
library keeps its pandas: only the command line and the worker processes call this.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

PANDAS = "pandas"


class NoPandas:
    """A module finder that hides pandas, so that Arrow works as if it were not installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise an error for pandas; None for every other module passes it on to the next finder."""
        if fullname == PANDAS:
            raise ModuleNotFoundError("pandas is kept out of this program", name=PANDAS)
        return None


def without_pandas() -> None:
    """Make every later import of pandas in this process fail as if it were not installed."""
    sys.meta_path.insert(0, NoPandas())
