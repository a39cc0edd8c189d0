"""``usage-lake open``: show the page of published reports in a browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from glue_jobs.errors import ArgumentError, StorageError

PAGE = "index.html"
# The folders to which `usage-lake report` in the README and `usage-lake demo` write the page.
FOLDERS = ("reports", "demo/reports")


def open_page(folder: str | None) -> str:
    """Open the page in ``folder``, or in the first of `FOLDERS` that has one; returns a sentence about the result.

    Raises:
        ArgumentError: the folder is on S3, which a browser cannot read without a signature.
        StorageError: no folder has a page.
    """
    if folder is not None and folder.startswith("s3://"):
        raise ArgumentError(f"{folder} is on S3; copy it to a folder first: aws s3 cp --recursive {folder} reports")
    candidates = [Path(name) for name in ((folder,) if folder else FOLDERS)]
    pages = [path if path.suffix == ".html" else path / PAGE for path in candidates]
    page = next((page for page in pages if page.is_file()), None)
    if page is None:
        looked = " nor ".join(map(str, pages))
        raise StorageError(f"there is no {looked}; usage-lake report writes one")
    address = page.resolve().as_uri()
    if webbrowser.open(address):
        return f"opened {address}"
    return f"no browser was found here; the page is {address}"
