"""The countries of the map, and the classes of their colours."""

from __future__ import annotations

import json
import re

import pytest

from glue_jobs.publish.page.charts.world_map import HEIGHT, WIDTH, bounds_of_classes, world_map
from glue_jobs.publish.page.package_file import package_text
from tools.world_map import equal_earth, path, projected, rings, simplified

COUNTRIES = json.loads(package_text("world.json"))


def test_every_country_has_a_shape_or_a_dot_inside_the_map() -> None:
    # Antarctica is not on the map.
    assert len(COUNTRIES) >= 249
    for country in COUNTRIES.values():
        starts = re.findall(r"M([-\d.]+) ([-\d.]+)", country.get("path", ""))
        dots = [country["dot"]] if "dot" in country else []
        assert starts or dots
        assert all(0 <= float(x) <= WIDTH and -1 <= float(y) <= HEIGHT for x, y in [*starts, *dots])


@pytest.mark.parametrize("code", ["SG", "BH", "HK", "MT", "GI", "TV"])
def test_a_small_country_is_a_dot_where_it_has_a_value(code: str) -> None:
    picture = world_map({code: 5}, "One country")
    assert re.findall(r"<circle class=.m\d.*?<title>(.*?)</title>", picture) == [
        f"{COUNTRIES[code]['name']}: 5 downloads"
    ]
    assert "<circle" not in world_map({"DE": 5}, "One country")


def test_the_file_is_small_enough_for_a_page() -> None:
    assert len(package_text("world.json").encode()) < 115_000


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([], [1]),
        ([7], [1, 5]),
        ([1, 30, 5230], [1, 5, 20, 200, 1000]),
        ([400, 11_641], [1, 500, 1000, 2000, 5000]),
        ([1, 10**9], [1, 50, 2000, 200_000, 10**7]),
    ],
)
def test_classes_reach_from_the_smallest_value_to_the_largest(values: list[int], bounds: list[int]) -> None:
    assert bounds_of_classes(values) == bounds


def test_the_projection_is_equal_earth() -> None:
    # The corners of the projection, as its authors give them.
    assert equal_earth(180, 0)[0] == pytest.approx(2.7066, abs=1e-4)
    assert equal_earth(0, 90)[1] == pytest.approx(1.3174, abs=1e-4)
    assert projected(11, 0)[0] == pytest.approx(500)


def test_a_line_keeps_its_ends_and_corners_when_it_is_simplified() -> None:
    almost_straight = [(0.0, 0.0), (1.0, 0.001), (2.0, 0.0), (3.0, 0.001), (4.0, 0.0), (4.0, 4.0)]
    assert simplified(almost_straight) == [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]


def test_neighbours_share_an_arc_in_both_directions() -> None:
    lines = [[(0.0, 0.0), (0.0, 2.0)], [(0.0, 2.0), (2.0, 2.0), (0.0, 0.0)], [(0.0, 2.0), (-2.0, 2.0), (0.0, 0.0)]]
    east = rings({"type": "Polygon", "arcs": [[0, 1]]}, lines)
    west = rings({"type": "MultiPolygon", "arcs": [[[~0, ~2]]]}, lines)
    assert east == [[(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (0.0, 0.0)]]
    assert west == [[(0.0, 2.0), (0.0, 0.0), (-2.0, 2.0), (0.0, 2.0)]]
    assert path(east) == "M0 0l0 2 2 0z"
