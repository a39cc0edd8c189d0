"""Bars over time, stacked or not. Sizes along the time axis are in per cent, so that the picture fits every width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

from glue_jobs.publish.page.markup import Html, element, text

HEIGHT = 260
TOP, BASE = 14, 230
"""The ends of the value axis, in pixels from the top; page.js repeats these three numbers."""
COLOURS = 6
LABELS_OF_TIME, LABELS_OF_PHONE = 6, 4
BAR_SHARE = 0.78
"""The share of its period's width that a bar covers."""


@dataclass(frozen=True)
class Period:
    """One period: ``name`` in full for the title of its bar, ``label`` for the axis."""

    name: str
    label: str
    is_complete: bool = True


@dataclass(frozen=True)
class Layer:
    """One value per period; ``name`` is empty when there is one layer only."""

    name: str
    values: Sequence[float]


def time_chart(
    periods: Sequence[Period],
    layers: Sequence[Layer],
    unit: Callable[[float], str],
    label: str,
    *,
    identity: str = "",
    max_labels: int = LABELS_OF_TIME,
) -> Html:
    """The picture as SVG: a value axis on the left and the bars beside it.

    ``unit`` writes a value. ``label`` describes the picture for people who cannot see it. The script finds it by its
    ``identity`` and redraws it. ``max_labels`` limits the labels of the time axis.
    """
    sums = [sum(layer.values[place] for layer in layers) for place in range(len(periods))]
    top, step = _top_and_step(max(sums, default=0))
    lines = [step * place for place in range(round(top / step) + 1)]
    height = {value: BASE - (BASE - TOP) * value / top for value in lines}
    axis = [
        f'<text x="100%" y="{number(y + 4)}" text-anchor="end">{text(unit(value)) if value else 0}</text>'
        for value, y in height.items()
    ]
    zero = ' class="zero"'
    grid = [
        f'<line x1="0" x2="100%" y1="{number(y)}" y2="{number(y)}"{"" if value else zero}/>'
        for value, y in height.items()
    ]
    marks = [*grid, *_bars(periods, layers, unit, top), *_labels(periods, max_labels)]
    return element(
        "div",
        Html(f'<svg class="axis" height="{HEIGHT}" aria-hidden="true">{"".join(axis)}</svg>'),
        element(
            "svg", Html("".join(marks)), class_="plot", height=HEIGHT, role="img", aria_label=label, id=identity or None
        ),
        class_="chart",
    )


def few_layers(layers: Sequence[Layer], rest: str) -> list[Layer]:
    """The layers; if there are more than colours, the last ones are summed as ``rest``."""
    if len(layers) <= COLOURS:
        return [*layers]
    last = zip(*(layer.values for layer in layers[COLOURS - 1 :]), strict=True)
    return [*layers[: COLOURS - 1], Layer(rest, [*map(sum, last)])]


def legend(names: Sequence[str]) -> Html:
    """The colours of the layers."""
    return element(
        "ul",
        *(element("li", element("i", class_=f"c{place}"), name) for place, name in enumerate(names)),
        class_="legend",
    )


def _bars(periods: Sequence[Period], layers: Sequence[Layer], unit: Callable[[float], str], top: float) -> list[str]:
    width = 100 / max(len(periods), 1)
    # Bars of a few periods stay narrow.
    share = BAR_SHARE if width < 12 else BAR_SHARE * 12 / width
    bars = []
    for place, period in enumerate(periods):
        y = float(BASE)
        for layer_place, layer in enumerate(layers):
            value = layer.values[place]
            if not value:
                continue
            size = max((BASE - TOP) * value / top, 0.75)
            y -= size
            kind = "" if period.is_complete else " partial"
            title = f"{period.name}: {f'{layer.name}, ' if layer.name else ''}{unit(value)}"
            bars.append(
                f'<rect class="c{layer_place}{kind}" x="{number(width * (place + (1 - share) / 2))}%" '
                f'y="{number(y)}" width="{number(width * share)}%" height="{number(size)}">'
                f"<title>{text(title)}</title></rect>"
            )
    return bars


def _labels(periods: Sequence[Period], most: int) -> list[str]:
    width = 100 / max(len(periods), 1)
    written = []
    # The last period has a label, and so have others at equal distances before it.
    places = range(len(periods) - 1, -1, -max(-(-len(periods) // most), 1))
    for order, place in enumerate(places):
        middle = width * (place + 0.5)
        anchor, x = ("start", width * place) if middle < 5 else ("end", 100) if middle > 95 else ("middle", middle)
        # Narrow pages hide every second label, unless all labels fit.
        kind = ' class="second"' if order % 2 and len(places) > LABELS_OF_PHONE else ""
        written.append(
            f'<text{kind} x="{number(x)}%" y="{BASE + 20}" text-anchor="{anchor}">{text(periods[place].label)}</text>'
        )
    return written


def _top_and_step(largest: float) -> tuple[float, float]:
    """The end of an axis that starts at 0 and fits ``largest``, and the step between its two to five lines."""
    if largest <= 0:
        return 1.0, 1.0
    power = 10.0 ** floor(log10(largest))
    for factor in (0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0):
        step = max(factor * power, 1.0)
        lines = -(-largest // step)
        # Counts have no fractions.
        if lines <= 4 and step.is_integer():
            return step * lines, step
    raise AssertionError(largest)


def number(value: float) -> str:
    """A coordinate with at most two decimal places."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
