"""Keep pandas out of programs of our own: it takes half a second to import, and nothing here uses it.

Arrow imports pandas where it is installed, as soon as it makes an array of a Python list. A notebook that imports the
library keeps its pandas: only the command line and the worker processes call this.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

PANDAS = "pandas"


class NoPandas:
    """A finder of modules that finds no pandas, so that Arrow works as if it was not installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for every other module, so that the next finder looks."""
        if fullname == PANDAS:
            raise ModuleNotFoundError("pandas is kept out of this program", name=PANDAS)
        return None


def without_pandas() -> None:
    """Let every later import of pandas in this process fail as if it was not installed."""
    sys.meta_path.insert(0, NoPandas())
