"""The raw sources. The pipeline, the table and the queries of a source share its name."""

from __future__ import annotations

from pkgutil import iter_modules

# The folder of the code that sources share.
SHARED = "layouts"

SOURCES = tuple(sorted(module.name for module in iter_modules(__path__) if module.ispkg and module.name != SHARED))
"""The names of the sources' folders. Their pipelines are in `pipelines`, which is slow to import."""
