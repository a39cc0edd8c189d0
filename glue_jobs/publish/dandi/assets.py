"""Asset types by file name extension."""

from __future__ import annotations

from pathlib import PurePosixPath

MICROSCOPY, MISCELLANEOUS = "Microscopy", "Miscellaneous"

# Order matters: the first kind that shares an ending with the name is used.
ENDINGS = {
    "Neurophysiology": {".nwb"},
    MICROSCOPY: {".nii", ".ome", ".tiff", ".tif", ".bvecs", ".bvals", ".trk"},
    "Video": {".mp4", ".mov", ".wmv", ".avi", ".mkv"},
}

ASSET_TYPES = (*ENDINGS, MISCELLANEOUS)


def asset_type(path: str) -> str:
    """The kind of the asset at ``path``, one of `ASSET_TYPES`."""
    endings = [ending.lower() for ending in PurePosixPath(path).suffixes]
    for kind, wanted in ENDINGS.items():
        if wanted.intersection(endings) or (kind == MICROSCOPY and endings == [".zarr"]):
            return kind
    return MISCELLANEOUS
