from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest

from benchmarks import svg
from benchmarks.svg import Chart, Scale

CHART = Chart(
    "Throughput & more",
    "per second",
    "subscribers",
    {"one": [(100, 5_000), (1_000, 60_000)], "two": [(100, 4_900), (1_000, 59_000)]},
    {"one": [(100, 9_000), (1_000, 90_000)]},
)


def test_equal_ratios_are_equal_distances() -> None:
    scale = Scale(1, 100, 0, 200)

    assert [scale.at(value) for value in (1, 10, 100)] == pytest.approx([0, 100, 200])


def test_ticks_are_at_one_two_and_five() -> None:
    assert svg.ticks(0.5, 20) == pytest.approx([0.5, 1, 2, 5, 10, 20])


@pytest.mark.parametrize("values", [[3.0], [10.0], [1.0, 1_000.0], [0.4, 71_000.0]])
def test_all_values_are_within_the_bounds(values: list[float]) -> None:
    low, high = svg.bounds(values)

    assert low <= min(values) <= max(values) <= high
    assert low < high


def test_labels_do_not_touch_and_keep_their_order() -> None:
    placed = svg.apart([100, 101, 300, 99], 17)

    by_place = sorted(placed)
    assert all(b - a >= 16.9 for a, b in itertools.pairwise(by_place))
    assert placed[3] < placed[0] < placed[1] < placed[2]


def test_a_chart_is_well_formed_and_labels_each_line_once() -> None:
    root = ElementTree.fromstring(svg.draw(CHART))

    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("one") == texts.count("two") == 1
    assert "Throughput & more" in texts
    assert "1,000" in texts
