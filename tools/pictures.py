"""Write docs/page*.png: screenshots of the demo's published page, taken with the system's Chromium."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "demo/reports/index.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAX_PICTURE_BYTES = 300_000


class Picture(NamedTuple):
    """One screenshot: the top of the page, in pixels."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]


PICTURES = (
    Picture("page.png", 1280, 1060, "light"),
    Picture("page-dark.png", 1280, 1060, "dark"),
    Picture("page-phone.png", 390, 1000, "light"),
)


def main() -> int:
    """Write the pictures; returns 1 if there is no page or no browser, or a picture is too large for the repository."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or not PAGE.exists():
        missing = (
            "make demo writes the page first" if browser else "install chromium (Debian: apt-get install chromium)"
        )
        print(f"no pictures: {missing}", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for picture in PICTURES:
            page = chromium.new_page(
                viewport={"width": picture.width, "height": picture.height}, color_scheme=picture.scheme
            )
            page.goto(PAGE.as_uri())
            page.screenshot(path=ROOT / "docs" / picture.name)
    sizes = {picture.name: (ROOT / "docs" / picture.name).stat().st_size for picture in PICTURES}
    for name, size in sizes.items():
        print(f"wrote docs/{name}: {size:,} bytes")
    return int(max(sizes.values()) > MAX_PICTURE_BYTES)


if __name__ == "__main__":
    sys.exit(main())
