"""Files of this package: style, script and map."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def package_text(name: str) -> str:
    """The text of a file; Glue reads the package from a zip."""
    return files("glue_jobs.publish.page").joinpath(name).read_text(encoding="utf-8")
