from __future__ import annotations

import math

import pytest

from models.messages import Signal, SignalLayer, Signals
from tests.tui.stage import Stage
from tui.widgets.grid.signal_chart import SignalChart


def signals(*activations: list[float], problem: str = "") -> Signals:
    layers = [SignalLayer(path=f"layers.{at}", kind="Linear") for at in range(max(map(len, activations)))]
    return Signals(
        layers=layers,
        signals=[
            Signal(label=f"scheme {at}", activations=each, gradients=[1.0] * len(each), problem=problem)
            for at, each in enumerate(activations)
        ],
    )


async def lines(given: Signals | None, width: int = 80) -> list[str]:
    chart = SignalChart()
    async with Stage(chart).run_test(size=(width, 30)) as pilot:
        chart.show(given)
        await pilot.pause()
        return [chart.render_line(y).text.rstrip() for y in range(chart.size.height)]


def marks(line: str) -> str:
    """The cells of the first scale."""
    return line[24 : line.index("  ", 24)].split(" ")[0]


async def test_a_power_of_ten_is_as_wide_everywhere_and_zero_and_infinity_stand_at_the_ends() -> None:
    found = await lines(signals([1.0, 0.1, 0.01, 0.0, math.inf]))
    places = [marks(line).index(mark) for line, mark in zip(found[3:8], "1111!", strict=True)]
    width = len(marks(found[3]))
    assert places[3:] == [0, width - 1]
    assert places[0] - places[1] == places[1] - places[2]
    assert found[3].split()[:2] == ["layers.0", "Linear"]
    assert "0.01" in found[2]


async def test_schemes_that_meet_are_one_mark_and_what_is_unknown_none() -> None:
    found = await lines(signals([1.0, 1.0, math.nan], [1.0, 0.001, 0.5]))
    assert found[0] == "1 scheme 0  2 scheme 1  + where several meet"
    assert "+" in marks(found[3])
    assert [mark in marks(found[4]) for mark in "12+"] == [True, True, False]
    assert [mark in marks(found[5]) for mark in "12+"] == [False, True, False]


async def test_a_run_that_failed_shows_what_there_is_and_why() -> None:
    found = await lines(signals([1.0, 0.5], [1.0], problem="forward: RuntimeError: \x1b[2J [/]"))
    assert "scheme 1: forward: RuntimeError:" in " ".join(found[:3])
    assert "\x1b" not in "".join(found)
    assert found[-1].split()[:2] == ["layers.1", "Linear"]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
async def test_it_fits_whatever_the_width(width: int) -> None:
    found = await lines(signals([1e-300, 1e300, 5.0]), width)
    assert len(found) >= 6
    assert await lines(None) in ([], [""])
