"""The world by country, in five classes of a value. tools/world_map.py writes the countries."""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from math import log10
from typing import Any

from glue_jobs.publish.page import words
from glue_jobs.publish.page.markup import Html, element, text
from glue_jobs.publish.page.package_file import package_text

COUNTRIES = "world.json"
SOURCE = "Natural Earth 1:50m, public domain; Equal Earth projection"
WIDTH, HEIGHT = 1000, 452
"""The height ends south of Cape Horn."""
CLASSES = 5
DOT_RADIUS = 3.4


def bounds_of_classes(values: Collection[float]) -> list[int]:
    """The lower bounds of up to five classes for these positive values, at similar ratios to each other.

    Each class reaches to the bound of the next one.
    """
    smallest, largest = min(values, default=1), max(values, default=1)
    ideal = [smallest * (largest / smallest) ** (place / CLASSES) for place in range(1, CLASSES)]
    return sorted({1, *map(_round, ideal)})


def _round(value: float) -> int:
    """The largest of 1, 2, 5, 10, 20 and so on that is at most 1.2 times the value."""
    power = 10 ** int(log10(value))
    return int(max((factor * power for factor in (1, 2, 5, 10) if factor * power <= value * 1.2), default=1))


def country_name(code: str) -> str:
    """The name of a country by its ISO 3166-1 code; an unknown code is returned unchanged."""
    return str(_countries().get(code, {}).get("name", code))


def world_map(downloads: Mapping[str, int], title: str) -> Html:
    """The map of downloads by country, and its legend. Small countries are dots, drawn only if they have downloads."""
    bounds = bounds_of_classes([value for value in downloads.values() if value])
    areas, dots = [], []
    for code, country in _countries().items():
        value = downloads.get(code, 0)
        tooltip = f"<title>{text(country['name'])}: {words.plural(value, 'download')}</title>" if value else ""
        kind = f' class="m{bisect(bounds, value)}"' if value else ""
        if "path" in country:
            areas.append(f'<path{kind} d="{country["path"]}">{tooltip}</path>')
        if value and "dot" in country:
            x, y = country["dot"]
            dots.append(f'<circle{kind} cx="{x}" cy="{y}" r="{DOT_RADIUS}">{tooltip}</circle>')
    view, label = f"0 0 {WIDTH} {HEIGHT}", f"World map. {title}"
    picture = element("svg", Html("".join(areas + dots)), class_="map", viewBox=view, role="img", aria_label=label)
    return element("div", picture, _legend(bounds))


def _legend(bounds: Sequence[int]) -> Html:
    entries = [element("li", element("i", class_="m0"), "none")]
    for place, (bound, following) in enumerate(zip_longest(bounds, bounds[1:]), 1):
        entries.append(element("li", element("i", class_=f"m{place}"), words.span(bound, following)))
    return element("ul", *entries, class_="legend")


@cache
def _countries() -> dict[str, dict[str, Any]]:
    countries: dict[str, dict[str, Any]] = json.loads(package_text(COUNTRIES))
    return countries
