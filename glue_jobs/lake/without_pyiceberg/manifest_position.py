"""Positions in the order in which manifests were written. Free of pyiceberg, whose import takes half a second."""

from __future__ import annotations

from dataclasses import dataclass

# Sorts after all names of manifests.
LAST = "\U0010ffff"


@dataclass(frozen=True, order=True)
class ManifestPosition:
    """A position in the order of manifests: the number of the commit that wrote the manifest, then its name."""

    commits: int = 0
    name: str = LAST
