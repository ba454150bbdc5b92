"""Statistics in two lines."""

from __future__ import annotations

import asyncio
import math

import pytest
from textual.app import App, ComposeResult

from models.messages import Problem, Progress, Statistics, StatisticsOf
from tests.tui.number_engine import NumberEngine, Numbers
from tui.widgets.grid.statistics_bar import StatisticsBar, bars_of, flow


class BarApp(App[None]):
    def __init__(self, engine: NumberEngine, of: str = "value") -> None:
        super().__init__()
        self.engine = engine
        self.bar = StatisticsBar(engine.request, of=of)  # type: ignore[arg-type]
        self.known: list[StatisticsBar] = []

    def compose(self) -> ComposeResult:
        yield self.bar

    def on_statistics_bar_known(self, event: StatisticsBar.Known) -> None:
        self.known.append(event.control)

    @property
    def text(self) -> str:
        return self.bar.render().plain


def of_values(*values: float) -> NumberEngine:
    return NumberEngine(w=Numbers([len(values)], lambda index: values[index[0]]))


async def shown(engine: NumberEngine, width: int = 120, of: str = "value") -> tuple[str, int]:
    app = BarApp(engine, of)
    async with app.run_test(size=(width, 10)) as pilot:
        app.bar.show("w")
        await app.workers.wait_for_complete()
        await pilot.pause()
        return app.text, app.bar.size.height


async def test_the_figures_are_reported() -> None:
    text, height = await shown(of_values(-0.5, 0.0, 0.25, 0.25))
    assert text.split("\n")[0] == "4 elements  min -0.5  max 0.25  mean 0  std 0.3536  zeros 1  NaN 0"
    assert height == 2


async def test_the_histogram_stands_between_its_bounds() -> None:
    text, _ = await shown(of_values(0.0, 0.0, 0.0, 0.0, 1.0))
    line = text.split("\n")[1]
    assert line.startswith("0 █")
    assert line.endswith("▂ 1")


@pytest.mark.parametrize("width", [30, 50, 80, 120])
async def test_no_line_is_longer_than_the_screen(width: int) -> None:
    text, height = await shown(of_values(-0.123456, 0.987654, math.nan), width)
    lines = text.split("\n")
    assert max(map(len, lines)) <= width - 2
    assert height == len(lines)


async def test_nan_and_infinity_are_loud_and_left_out_of_the_rest() -> None:
    app = BarApp(of_values(1.0, 3.0, math.nan, math.inf, -math.inf))
    async with app.run_test(size=(120, 10)) as pilot:
        app.bar.show("w")
        await app.workers.wait_for_complete()
        await pilot.pause()
        content = app.bar.render()
        loud = [content.plain[span.start : span.end] for span in content.spans if "reverse" in str(span.style)]
        assert loud == [" NaN 1 ", " infinite 2 "]
        assert "mean 2" in content.plain


async def test_a_tensor_without_finite_values_has_no_range() -> None:
    text, _ = await shown(of_values(math.nan, math.nan))
    assert text.split() == ["2", "elements", "NaN", "2", "x", "goes", "there"]


async def test_constants_are_reported() -> None:
    text, height = await shown(of_values(1.0, 1.0, 1.0))
    assert text == "3 elements  constant: every element is 1"
    assert height == 1


async def test_a_zero_gradient_is_distinguished_from_none() -> None:
    text, _ = await shown(of_values(0.0, 0.0), of="gradient")
    assert text.startswith("All zero")
    app = BarApp(NumberEngine(w=Numbers([2], absence="none")), "gradient")
    async with app.run_test() as pilot:
        app.bar.show("w")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not app.bar.display


async def test_old_figures_stay_until_new_ones_come() -> None:
    engine = of_values(1.0, 2.0)
    app = BarApp(engine)
    async with app.run_test(size=(120, 10)) as pilot:
        app.bar.show("w")
        await app.workers.wait_for_complete()
        gate = engine.gates[Statistics] = asyncio.Event()
        engine.known["w"] = StatisticsOf(path="w", of="value", count=2, minimum=5.0, maximum=5.0)
        app.bar.refresh_values()
        await pilot.pause()
        assert "max 2" in app.text
        assert engine.progress is not None
        engine.progress(Progress(id=1, text="reading\x1b", done=0.25))
        assert "max 2" in app.text
        assert "reading␛ 25%" in app.text
        gate.set()
        await app.workers.wait_for_complete()
        assert app.text == "2 elements  constant: every element is 5"


async def test_what_is_below_stays_in_its_place_while_the_figures_of_another_tensor_are_on_their_way() -> None:
    engine = NumberEngine(w=Numbers([4]), v=Numbers([4]))
    app = BarApp(engine)
    async with app.run_test(size=(120, 10)) as pilot:
        app.bar.show("w")
        await app.workers.wait_for_complete()
        await pilot.pause()
        height = app.bar.outer_size.height
        assert height > 1
        gate = engine.gates[Statistics] = asyncio.Event()
        app.bar.show("v")
        await pilot.pause()
        assert app.text.strip() == ""
        assert app.bar.outer_size.height == height
        engine.known["v"] = StatisticsOf(path="v", of="value", count=2, minimum=5.0, maximum=5.0)
        gate.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.text == "2 elements  constant: every element is 5"
        assert app.bar.outer_size.height == 1


async def test_the_room_for_figures_on_their_way_is_that_of_the_terminal_as_it_is_now() -> None:
    engine = NumberEngine(w=Numbers([4]), v=Numbers([4]))
    app = BarApp(engine)
    async with app.run_test(size=(120, 10)) as pilot:
        app.bar.show("w")
        await app.workers.wait_for_complete()
        await pilot.pause()
        wide = app.bar.outer_size.height
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        narrow = app.bar.outer_size.height
        assert narrow > wide
        engine.gates[Statistics] = asyncio.Event()
        app.bar.show("v")
        await pilot.pause()
        assert app.bar.outer_size.height == narrow


async def test_moving_on_cancels() -> None:
    engine = NumberEngine(w=Numbers([4]), v=Numbers([4]))
    engine.gates[Statistics] = asyncio.Event()
    app = BarApp(engine)
    async with app.run_test() as pilot:
        app.bar.show("w")
        await pilot.pause()
        app.bar.show("v")
        await pilot.pause()
        assert [body.path for body in engine.cancelled] == ["w"]  # type: ignore[attr-defined]
        assert app.text == ""


async def test_a_failure_takes_no_room_and_a_dead_engine_keeps_the_figures() -> None:
    engine = of_values(1.0, 2.0)
    app = BarApp(engine)
    async with app.run_test() as pilot:
        app.bar.show("w")
        await app.workers.wait_for_complete()
        engine.gone = True
        app.bar.refresh_values()
        await app.workers.wait_for_complete()
        assert "max 2" in app.text
        engine.gone, engine.problem = False, Problem("model", "broken")
        app.bar.refresh_values()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert not app.bar.display


@pytest.mark.parametrize(
    ("counts", "width", "bars"),
    [
        ([0, 1, 8], 10, " ▁█"),
        ([1, 1, 1, 1, 2, 2, 0, 0], 4, "▄▄█ "),
        ([1_000_000, 1], 10, "█▁"),
        ([0, 0], 10, "  "),
        ([1, 2], 3, ""),
    ],
)
def test_bars(counts: list[int], width: int, bars: str) -> None:
    assert bars_of(counts, width) == bars


def test_flow_breaks_between_facts_only() -> None:
    lines = flow([("aaaa", ""), ("bbbb", ""), ("cccccccccccc", "")], 10)
    assert ["".join(text for text, _ in line) for line in lines] == ["aaaa  bbbb", "cccccccccccc"]


@pytest.mark.parametrize(("width", "reported"), [(120, True), (72, False)])
async def test_the_norm_is_reported_where_it_costs_no_line(width: int, reported: bool) -> None:
    engine = of_values(-0.5, 0.0, 0.25, 0.25)
    engine.known["w"] = StatisticsOf(
        path="w", of="value", count=4, minimum=-0.5, maximum=0.25, mean=0.0, std=0.3536, zeros=1, l2=0.6124
    )
    text, height = await shown(engine, width)
    assert ("L2 0.6124" in text) is reported
    assert height == 1


async def test_one_finite_value_beside_nan_has_no_histogram() -> None:
    text, height = await shown(of_values(1.0, math.nan))
    assert "min 1  max 1" in text
    assert height == 1
