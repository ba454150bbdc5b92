"""From the cursor to the next NaN or infinity."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from models.messages import NextNonfinite, Problem, Progress
from tests.tui.number_engine import NumberEngine, Numbers, wave
from tests.tui.stage import Stage, lines_of, settled, until
from tui.widgets.grid.value_grid import ValueGrid


def broken(shape: list[int], *where: Sequence[int], value: float = math.nan) -> Numbers:
    """Finite but at these indices."""
    places = [tuple(index) for index in where]
    return Numbers(shape, lambda index: value if tuple(index) in places else wave(index))


class Sight:
    """A grid that shows the tensor `w`."""

    def __init__(self, engine: NumberEngine, grid: ValueGrid, pilot: Pilot[None]) -> None:
        self.engine, self.grid, self.pilot = engine, grid, pilot

    async def press(self, *keys: str) -> str:
        for key in keys:
            await self.pilot.press(key)
            await settled(self.pilot)
        return self.last

    @property
    def last(self) -> str:
        """The line that shows the element under the cursor."""
        return lines_of(self.grid)[self.grid.view.height - 1]


@asynccontextmanager
async def on_screen(w: Numbers, size: tuple[int, int] = (80, 14)) -> AsyncIterator[Sight]:
    engine = NumberEngine(w=w)
    grid = ValueGrid(engine.request)
    async with Stage(grid).run_test(size=size) as pilot:
        grid.focus()
        grid.show("w")
        await settled(pilot)
        yield Sight(engine, grid, pilot)


async def test_x_walks_them_all_and_begins_again() -> None:
    async with on_screen(broken([300, 500], [7, 3], [7, 499], [299, 0])) as sight:
        assert (await sight.press("x")).startswith("[7, 3] = nan")
        assert (await sight.press("x")).startswith("[7, 499] = nan")
        assert (await sight.press("x")).startswith("[299, 0] = nan")
        assert 299 in sight.grid.seen_rows
        line = await sight.press("x")
        assert line.startswith("[7, 3] = nan")
        assert line.endswith("from the start again")
        assert (await sight.press("X")).endswith("from the end again")
        assert (await sight.press("X")).split("  ")[0] == "[7, 499] = nan"
        assert sight.last.endswith("[300, 500] float64")


async def test_of_a_tensor_with_more_dimensions_the_slice_is_turned_too() -> None:
    async with on_screen(broken([3, 4, 5, 6], [0, 0, 1, 1], [2, 3, 4, 5], value=-math.inf)) as sight:
        await sight.press("x")
        assert (await sight.press("x")).startswith("[2, 3, 4, 5] = -inf")
        assert sight.grid.data.leading == (2, 3)
        assert lines_of(sight.grid)[0].startswith("[2, ‹3›, :, :]")


@pytest.mark.parametrize("shape", [[900], [1]])
async def test_of_a_row(shape: list[int]) -> None:
    async with on_screen(broken(shape, [shape[0] - 1])) as sight:
        assert (await sight.press("x")).startswith(f"[{shape[0] - 1}] = nan")


async def test_of_a_single_number() -> None:
    async with on_screen(Numbers([], lambda index: math.inf)) as sight:
        assert (await sight.press("x")).startswith("[] = inf")
        assert sight.last.endswith("the only one")


@pytest.mark.parametrize("width", [36, 80])
async def test_where_there_is_none_it_says_so_until_the_cursor_moves(width: int) -> None:
    async with on_screen(Numbers([8, 8]), (width, 14)) as sight:
        await sight.press("j")
        assert (await sight.press("x")).endswith("no NaN or infinity in this tensor")
        assert sight.grid.cursor == (1, 0)
        assert (await sight.press("j")).startswith("[2, 0] = ")
        assert "no NaN" not in sight.last


async def test_a_heat_map_gives_way_to_the_numbers() -> None:
    async with on_screen(broken([50, 50], [40, 40])) as sight:
        await sight.press("H")
        assert (await sight.press("x")).startswith("[40, 40] = nan")
        assert not sight.grid.heat


async def test_a_long_search_shows_how_far_it_is_and_Esc_ends_it() -> None:
    async with on_screen(broken([50, 50], [40, 40])) as sight:
        sight.engine.gates[NextNonfinite] = asyncio.Event()
        await sight.pilot.press("x")
        await until(sight.pilot, lambda: sight.engine.of(NextNonfinite))
        assert sight.engine.progress is not None
        sight.engine.progress(Progress(id=0, text="looking", done=0.25))
        await sight.pilot.press("x")  # goes on
        assert "looking for NaN … 25%  Esc stops" in sight.last
        await sight.pilot.press("escape")
        await until(sight.pilot, lambda: sight.engine.cancelled)
        assert (await sight.press()).endswith("stopped")
        assert sight.grid.cursor == (0, 0)
        assert len(sight.engine.of(NextNonfinite)) == 1


async def test_moving_the_cursor_gives_up() -> None:
    async with on_screen(broken([50, 50], [40, 40])) as sight:
        sight.engine.gates[NextNonfinite] = asyncio.Event()
        await sight.pilot.press("x")
        await until(sight.pilot, lambda: sight.engine.of(NextNonfinite))
        await sight.pilot.press("j")
        await until(sight.pilot, lambda: sight.engine.cancelled)
        sight.engine.gates[NextNonfinite].set()
        assert (await sight.press()).startswith("[1, 0] = ")


async def test_what_goes_wrong_is_reported() -> None:
    async with on_screen(broken([5, 5], [4, 4])) as sight:
        sight.engine.problem = Problem("gone", "There is nothing at 'w' any more")
        assert (await sight.press("x")).endswith("There is nothing at 'w' any more")
