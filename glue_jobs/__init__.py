"""Usage and storage analytics for data published from Amazon S3.

The public API is `Lake`; every error it raises is a `UsageLakeError`. Examples: docs/python.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glue_jobs.errors import UsageLakeError as UsageLakeError
    from glue_jobs.jobs.library.lake import Lake as Lake

__version__ = "0.1.0"

# Imported on first use, so that importing the package costs nothing.
_PUBLIC = {"Lake": "glue_jobs.jobs.library.lake", "UsageLakeError": "glue_jobs.errors"}

__all__ = ["Lake", "UsageLakeError"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
