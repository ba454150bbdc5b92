from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from models.messages import LayerGradient
from tui.widgets.grid.depth_chart import BAD, FAR_COLUMN, Chart, chart_of
from tui.widgets.grid.statistics_bar import BLOCKS


def layers(*norms: float | None) -> list[LayerGradient]:
    return [LayerGradient(path=f"net.{at}", op="Linear", norm=norm) for at, norm in enumerate(norms)]


def text_of(chart: Chart) -> list[str]:
    return ["".join(text for text, _ in line) for line in chart.lines]


def heights(chart: Chart) -> list[int]:
    """Return how high each column is, in eighths of a line."""
    lines = text_of(chart)[1:-1]
    return [sum(BLOCKS.find(line[each.start]) + 1 for line in lines) for each in chart.columns]


def test_a_power_of_ten_a_layer_is_a_staircase() -> None:
    chart = chart_of(layers(*[10.0**-power for power in range(12, -1, -1)]), "net", 60, 6)
    found = heights(chart)
    assert found == [1, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48], "4 eighths a power; the least has one"
    title, *lines, names = text_of(chart)
    assert title == "gradient at 13 layers: 1e-12 … 1, shrinks ×0.1 a layer"
    assert lines[0].startswith("  1e0 ")
    assert lines[-1].startswith("1e-12 ")
    assert names.split() == ["0", "12"]
    far = [style == FAR_COLUMN for _, style in chart.lines[-2][1:]]
    assert (far[:5], far[6:]) == ([True] * 5, [False] * 7), "1e-7 is 1e6 below the last three"


def test_what_differs_by_little_looks_level() -> None:
    chart = chart_of(layers(0.5, 1.0, 0.7, 0.9), "net", 60, 6)
    assert max(heights(chart)) - min(heights(chart)) < 4, "less than half a line"
    assert text_of(chart)[0] == "gradient at 4 layers: 0.5 … 0.9"


def test_growing_gradients_are_said_to_grow() -> None:
    chart = chart_of(layers(*[10.0**power for power in range(12, -1, -1)]), "net", 60, 6)
    assert text_of(chart)[0].endswith("grows ×10 a layer")
    assert heights(chart) == sorted(heights(chart), reverse=True)


def test_none_zero_and_not_finite_have_their_own_faces() -> None:
    chart = chart_of(layers(None, 0.0, math.nan, math.inf, 1.0), "net", 60, 4)
    title, *lines, _ = text_of(chart)
    assert title == "gradient at 5 layers: none … 1"
    feet = [lines[-1][each.start] for each in chart.columns]
    tops = [lines[0][each.start] for each in chart.columns]
    assert feet == ["·", "0", "!", "!", "█"]
    assert tops == [" ", " ", "!", "!", "█"]
    assert [style for _, style in chart.lines[-2][1:]].count(BAD) == 2
    assert text_of(chart_of(layers(0.0, math.nan), "net", 60, 4))[0].endswith("0 … NaN")


@given(
    st.lists(st.none() | st.floats(min_value=0), min_size=1, max_size=300),
    st.integers(min_value=12, max_value=200),
    st.integers(min_value=2, max_value=8),
)
def test_it_fits_whatever_the_room(norms: list[float | None], width: int, height: int) -> None:
    chart = chart_of(layers(*norms), "", width, height)
    assert len(chart.lines) == height + 2
    assert [layer for group in chart.groups for layer in group] == layers(*norms)
    assert len(chart.columns) == len(chart.groups)
    for line in text_of(chart)[1:]:
        assert cell_len(line) <= width
    assert all(column.stop <= width for column in chart.columns)


@pytest.mark.parametrize("name", ["[/]", "\x1b[31mred", "長い名前" * 9, ""])
def test_names_from_a_model_are_made_safe(name: str) -> None:
    found = [LayerGradient(path=name, op=name, norm=1.0) for _ in range(4)]
    lines = text_of(chart_of(found, "", 40, 4))
    assert "\x1b" not in "".join(lines)
    assert cell_len(lines[-1]) <= 40


@pytest.mark.parametrize("norm", [1e300, 1e-300, 5e-324, 1.7e308, -1e300, -0.0])
def test_norms_at_the_ends_of_a_float_are_drawn(norm: float) -> None:
    chart = chart_of(layers(*[norm] * 8, *[1.0] * 8, *[1e-300] * 8), "net", 60, 6)
    assert len(chart.columns) == 24
    turned = chart_of(layers(*[1e-300] * 8, *[norm] * 8), "net", 100, 6)
    assert ("a layer" in text_of(turned)[0]) is (norm in (1e300, 1.7e308, 5e-324))
