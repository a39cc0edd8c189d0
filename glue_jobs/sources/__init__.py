"""The raw sources, by their nouns: a pipeline, its table and its queries call a source alike."""

from __future__ import annotations

from pkgutil import iter_modules

# What the sources have in common.
SHARED = "layouts"

SOURCES = tuple(sorted(module.name for module in iter_modules(__path__) if module.ispkg and module.name != SHARED))
"""The names of the folders here. `pipelines` has the pipeline of each; to import it takes time."""
