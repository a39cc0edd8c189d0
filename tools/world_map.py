"""Write glue_jobs/publish/page/world.json, the countries of the page's map.

    python -m tools.world_map countries-50m.json iso3166-1.json

The first file is Natural Earth's 1:50m countries (https://www.naturalearthdata.com, public domain) as TopoJSON, from
the npm package world-atlas. Borders are shared arcs, so neighbours still meet after each arc is simplified. The second
file has the codes and names of ISO 3166-1, from Debian's package iso-codes or the Python package pycountry.
The projection is Equal Earth.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

Point = tuple[float, float]

TARGET = Path(__file__).parents[1] / "glue_jobs/publish/page/world.json"
WIDTH = 1000.0
# The map is cut at the Bering Strait, so that Russia is in one piece.
WEST = -169.0
# Smaller details are removed, in square units of the map: less than a pixel of a map 1,200 pixels wide.
MIN_TRIANGLE = 0.2
MIN_RING = 0.6
# Countries with a smaller area are dots, and so are those that Natural Earth's 1:50m lacks.
MAX_DOT_AREA = 14.0
ANTARCTICA = "AQ"
# Natural Earth has no number for Kosovo. The others have no ISO 3166-1 code and are drawn as part of the country with
# this code.
CODE_OF_NAME = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
# Longitude and latitude of countries that Natural Earth's 1:50m lacks, or has as a part of another country.
PLACES: dict[str, Point] = {
    "BQ": (-68.3, 12.2), "BV": (3.4, -54.4), "CC": (96.8, -12.2), "CX": (105.6, -10.5), "GF": (-53.1, 4.0),
    "GI": (-5.35, 36.1), "GP": (-61.6, 16.2), "MQ": (-61.0, 14.6), "RE": (55.5, -21.1), "SJ": (16.0, 78.6),
    "TK": (-171.8, -9.2), "TV": (179.2, -8.5), "UM": (166.6, 19.3), "YT": (45.2, -12.8),
}  # fmt: skip
# Names of countries for which the part before a comma is not suitable.
SHORT_NAMES = {
    "BN": "Brunei", "CD": "DR Congo", "FK": "Falkland Islands", "FM": "Micronesia", "KP": "North Korea", "RU": "Russia",
    "SH": "Saint Helena", "SY": "Syria", "VA": "Vatican City", "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands", "XK": "Kosovo",
}  # fmt: skip
# https://observablehq.com/@d3/equal-earth and Šavrič, Patterson, Jenny (2018), doi:10.1080/13658816.2018.1504949.
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
SQRT3 = sqrt(3)


def equal_earth(longitude: float, latitude: float) -> Point:
    """Degrees to coordinates of the sphere with radius 1."""
    angle = asin(SQRT3 / 2 * sin(radians(latitude)))
    square = angle * angle
    sixth = square**3
    x = 2 * SQRT3 * radians(longitude) * cos(angle)
    x /= 3 * (9 * A4 * square * sixth + 7 * A3 * sixth + 3 * A2 * square + A1)
    return x, angle * (A4 * square * sixth + A3 * sixth + A2 * square + A1)


SCALE = WIDTH / (2 * equal_earth(180, 0)[0])
TOP = equal_earth(0, 84)[1]


def projected(longitude: float, latitude: float) -> Point:
    """Degrees to units of the map; the map begins at 84 degrees north."""
    x, y = equal_earth((longitude - WEST) % 360 - 180, latitude)
    return WIDTH / 2 + SCALE * x, SCALE * (TOP - y)


def simplified(points: Sequence[Point]) -> list[Point]:
    """The line without the points that change it least (Visvalingam's algorithm); both ends are kept."""
    kept = list(points)
    while len(kept) > 2:
        areas = [_triangle(*kept[place - 1 : place + 2]) for place in range(1, len(kept) - 1)]
        least = min(areas)
        if least >= MIN_TRIANGLE:
            break
        # Remove all small triangles whose neighbours are not removed in the same round.
        removed: set[int] = set()
        for place, area in sorted(enumerate(areas, 1), key=lambda entry: entry[1]):
            if area < MIN_TRIANGLE and not removed & {place - 1, place + 1}:
                removed.add(place)
        kept = [point for place, point in enumerate(kept) if place not in removed]
    return kept


def _triangle(a: Point, b: Point, c: Point) -> float:
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs of a TopoJSON file, projected and simplified."""
    scale, offset = topology["transform"]["scale"], topology["transform"]["translate"]
    drawn = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append(projected(x * scale[0] + offset[0], y * scale[1] + offset[1]))
        drawn.append(simplified(points))
    return drawn


def rings(geometry: dict[str, Any], lines: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The rings of a polygon or multipolygon; arc ~n is arc n reversed."""
    if geometry["type"] is None:
        return []
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    found = []
    for ring in (ring for polygon in polygons for ring in polygon):
        points: list[Point] = []
        for number in ring:
            line = lines[number] if number >= 0 else lines[~number][::-1]
            points += line[1:] if points else line
        found += _at_the_cut(points)
    return found


def _at_the_cut(ring: list[Point]) -> list[list[Point]]:
    """The ring without its part beyond the cut, where only small islands are."""
    right = [point for point in ring if point[0] > WIDTH / 2]
    crosses = any(abs(a[0] - b[0]) > WIDTH / 3 for a, b in pairwise(ring))
    return [max(right, [point for point in ring if point not in right], key=len)] if crosses else [ring]


def area(ring: Sequence[Point]) -> float:
    """The area inside a ring."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))) / 2


def path(drawn: Iterable[Sequence[Point]]) -> str:
    """SVG's path data: one absolute point for each ring, then relative steps of tenths."""
    written = []
    for ring in drawn:
        tenths = [(round(10 * x), round(10 * y)) for x, y in ring]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(tenths)]
        steps = [step for step in steps if step != (0, 0)][:-1]
        written.append(f"M{_tenth(tenths[0][0])} {_tenth(tenths[0][1])}l{_steps(steps)}z")
    return "".join(written)


def _steps(steps: Iterable[tuple[int, int]]) -> str:
    numbers = [_tenth(number) for step in steps for number in step]
    return "".join(f"{' ' if place and number[0] != '-' else ''}{number}" for place, number in enumerate(numbers))


def _tenth(number: int) -> str:
    text = f"{number / 10:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def world(topology: dict[str, Any], codes: dict[str, tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Name and shape of each country by its code: a path, the position of its dot if it is small, or both."""
    lines = arcs(topology)
    by_code: dict[str, list[list[Point]]] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        code = codes[geometry["id"]][0] if geometry.get("id") in codes else CODE_OF_NAME.get(name)
        if code and code != ANTARCTICA:
            by_code.setdefault(code, []).extend(rings(geometry, lines))
    names = {code: name.partition(",")[0] for code, name in codes.values()} | SHORT_NAMES
    countries: dict[str, dict[str, Any]] = {}
    for code, found in sorted(by_code.items()):
        largest = max(found, key=area)
        whole = sum(map(area, found))
        countries[code] = {"name": names[code]}
        if whole < MAX_DOT_AREA:
            xs, ys = [x for x, _ in largest], [y for _, y in largest]
            countries[code]["dot"] = [round((min(xs) + max(xs)) / 2, 1), round((min(ys) + max(ys)) / 2, 1)]
        shown = [ring for ring in found if len(ring) > 3 and (area(ring) >= MIN_RING or ring is largest)]
        if shown and max(map(area, shown)) >= MIN_RING:
            countries[code]["path"] = path(shown)
    for code, place in PLACES.items():
        x, y = projected(*place)
        countries.setdefault(code, {"name": names[code], "dot": [round(x, 1), round(y, 1)]})
    return dict(sorted(countries.items()))


def main(arguments: Sequence[str]) -> None:
    """Write the file and print its size."""
    topology = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    entries = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))["3166-1"]
    codes = {entry["numeric"]: (entry["alpha_2"], entry.get("common_name", entry["name"])) for entry in entries}
    text = json.dumps(world(topology, codes), ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"')
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
