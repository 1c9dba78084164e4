"""Line charts on logarithmic axes, as SVG that can be read on light and dark pages alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 78, 204, 62, 52
_BETWEEN_LABELS = 17.0
# Told apart by people who do not see all colours, and on the card in both themes.
COLOURS = ("#9aa4b2", "#e4572e", "#2e86ab", "#5b8e3e", "#8f6bb3")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """``lines`` maps labels to points; all values are above 0."""

    title: str
    unit: str
    across: str
    lines: Mapping[str, Points]
    dashed: Mapping[str, Points]
    """Second lines of some of the labels, drawn in the same colours."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic axis from ``low`` to ``high``, laid between two pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        span = math.log(self.high) - math.log(self.low) or 1.0
        part = (math.log(value) - math.log(self.low)) / span
        return self.start + part * (self.end - self.start)


def draw(chart: Chart) -> str:
    """The chart as one SVG document."""
    points = [
        point for lines in (chart.lines, chart.dashed) for some in lines.values() for point in some
    ]
    x = Scale(min(p[0] for p in points), max(p[0] for p in points), LEFT, WIDTH - RIGHT)
    y = Scale(*bounds([p[1] for p in points]), HEIGHT - BOTTOM, TOP)
    body = [
        *_frame(chart),
        *_across(x, sorted({p[0] for p in points})),
        *_up(y),
        *_lines(chart, x, y),
    ]
    return "\n".join([_HEAD, _STYLE, *body, "</svg>", ""])


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """A little room around the values, at steps of 1, 2 and 5."""
    steps = ticks(min(values) / 10, max(values) * 10)
    low = max(step for step in steps if step <= min(values) * 1.001)
    high = min(step for step in steps if step >= max(values) * 0.999)
    return (low, high) if low < high else (low / 2, high * 2)


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten from ``low`` to ``high``."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = [m * 10.0**n for n in range(first, last + 1) for m in (1, 2, 5)]
    return [step for step in steps if low * 0.999 <= step <= high * 1.001]


def apart(wanted: Sequence[float], distance: float = _BETWEEN_LABELS) -> list[float]:
    """Places for labels, as near to ``wanted`` as they can be without touching."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    placed = [wanted[n] for n in order]
    for _ in range(50):
        for n in range(1, len(placed)):
            if (overlap := distance - (placed[n] - placed[n - 1])) > 0:
                placed[n - 1] -= overlap / 2
                placed[n] += overlap / 2
    return [placed[order.index(n)] for n in range(len(wanted))]


def _frame(chart: Chart) -> Iterator[str]:
    yield f'<rect class="card" x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="10"/>'
    yield _text(24, 30, chart.title, "title")
    yield _text(24, 48, chart.unit, "unit")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, chart.across, "unit", "middle")


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'


def _across(x: Scale, values: Sequence[float]) -> Iterator[str]:
    for value in values:
        at = f"{x.at(value):.1f}"
        yield f'<path class="grid" d="M{at} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield _text(x.at(value), HEIGHT - BOTTOM + 18, f"{value:,.0f}", "tick", "middle")


def _up(y: Scale) -> Iterator[str]:
    for value in ticks(y.low, y.high):
        at = y.at(value)
        yield f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
        yield _text(LEFT - 8, at + 4, f"{value:,g}", "tick", "end")


def _lines(chart: Chart, x: Scale, y: Scale) -> Iterator[str]:
    labels = list(chart.lines)
    ends = apart([y.at(chart.lines[label][-1][1]) for label in labels])
    for label, end, colour in zip(labels, ends, _colours(labels), strict=True):
        yield from _line(chart.lines[label], x, y, colour, "")
        if label in chart.dashed:
            yield from _line(chart.dashed[label], x, y, colour, ' stroke-dasharray="5 4"')
        last = x.at(chart.lines[label][-1][0])
        near = y.at(chart.lines[label][-1][1])
        yield f'<path class="lead" d="M{last + 5:.1f} {near:.1f}L{WIDTH - RIGHT + 12} {end:.1f}"/>'
        yield _text(WIDTH - RIGHT + 16, end + 4, label, f"label colour-{colour[1:]}")


def _line(points: Points, x: Scale, y: Scale, colour: str, dash: str) -> Iterator[str]:
    places = [(x.at(across), y.at(up)) for across, up in points]
    path = "L".join(f"{across:.1f} {up:.1f}" for across, up in places)
    yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.2"{dash}/>'
    for across, up in places:
        yield f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3" fill="{colour}"/>'


def _colours(labels: Sequence[str]) -> Iterator[str]:
    return (COLOURS[n % len(COLOURS)] for n in range(len(labels)))


_HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    f' width="{WIDTH}" height="{HEIGHT}" role="img">'
)
_FILLS = "\n".join(f".colour-{each[1:]} {{ fill: {each} }}" for each in COLOURS)
_STYLE = f"""<style>
text {{ font: 12px system-ui, sans-serif; fill: #3c4653 }}
.title {{ font-size: 16px; font-weight: 600; fill: #1d2733 }}
.unit {{ fill: #66717f }}
.label {{ font-weight: 600 }}
.card {{ fill: #fbfcfd; stroke: #d5dbe2 }}
.grid {{ stroke: #e4e8ed }}
.lead {{ stroke: #b9c2cc; fill: none }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #c6ced8 }} .title {{ fill: #eef2f6 }} .unit {{ fill: #93a0ae }}
.card {{ fill: #171c22; stroke: #313a45 }} .grid {{ stroke: #262e37 }} .lead {{ stroke: #45515d }}
}}
{_FILLS}
</style>"""
