"""The grid of numbers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.containers import Vertical
from textual.pilot import Pilot

from models.messages import HeatMap, Problem, Progress, Window
from tests.tui.number_engine import NumberEngine, Numbers, wave
from tests.tui.stage import Stage, lines_of, settled
from tui.widgets.grid.jump import Jump
from tui.widgets.grid.value_grid import ValueGrid


class Sight:
    """A grid on a screen."""

    def __init__(self, engine: NumberEngine, grid: ValueGrid, app: Stage, pilot: Pilot[None]) -> None:
        self.engine, self.grid, self.app, self.pilot = engine, grid, app, pilot

    async def show(self, path: str) -> list[str]:
        self.grid.show(path)
        return await self.look()

    async def press(self, *keys: str) -> list[str]:
        await self.pilot.press(*keys)
        return await self.look()

    async def look(self) -> list[str]:
        await settled(self.pilot)
        return lines_of(self.grid)

    @property
    def exact(self) -> str:
        return lines_of(self.grid)[self.grid.view.height - 1]


@asynccontextmanager
async def on_screen(size: tuple[int, int] = (80, 14), **tensors: Numbers) -> AsyncIterator[Sight]:
    engine = NumberEngine(**tensors)
    grid = ValueGrid(engine.request)
    app = Stage(grid, listen=(ValueGrid.Known,))
    async with app.run_test(size=size) as pilot:
        grid.focus()
        yield Sight(engine, grid, app, pilot)


async def test_numbers_stand_under_their_column_and_behind_their_row() -> None:
    async with on_screen(w=Numbers([8, 4])) as sight:
        lines = await sight.show("w")
        assert lines[0].split() == ["0", "1", "2", "3"]
        for row in range(8):
            assert lines[row + 1].split() == [str(row), *(f"{wave([row, column]):.4f}" for column in range(4))]
        assert sight.exact.startswith(f"[0, 0] = {wave([0, 0])}")
        assert sight.exact.endswith("[8, 4] float64")


@pytest.mark.parametrize("width", [50, 80, 120])
async def test_lines_are_exactly_as_wide_as_the_widget(width: int) -> None:
    async with on_screen((width, 14), w=Numbers([300, 50]), v=Numbers([300])) as sight:
        for path in ("w", "v"):
            await sight.show(path)
            strips = [sight.grid.render_line(y) for y in range(sight.grid.view.height)]
            assert {strip.cell_length for strip in strips} == {sight.grid.view.width}


@pytest.mark.parametrize(
    ("shape", "exact"), [([], "[] = "), ([5], "[4] = "), ([1, 1], "[0, 0] = "), ([2, 3, 4], "[0, 2, 3] = ")]
)
async def test_any_number_of_dimensions(shape: list[int], exact: str) -> None:
    async with on_screen(w=Numbers(shape)) as sight:
        await sight.show("w")
        await sight.press("G")
        assert sight.exact.startswith(exact)


async def test_a_huge_matrix_is_fetched_only_where_it_is_seen() -> None:
    async with on_screen(w=Numbers([50_000_000, 4096])) as sight:
        await sight.show("w")
        lines = await sight.press("G")
        assert lines[0].split()[-1] == "4095"
        assert lines[sight.grid.view.height - 2].split()[0] == "49999999"
        assert sight.exact.startswith(f"[49999999, 4095] = {wave([49_999_999, 4095])}")
        asked = sight.engine.of(Window)
        assert sum(request.rows * request.columns for request in asked) <= 8 * 2048
        assert all(request.rows * request.columns <= 20_000 for request in asked)


async def test_scrolling_back_asks_nothing() -> None:
    async with on_screen(w=Numbers([1000, 4])) as sight:
        await sight.show("w")
        await sight.press("pagedown", "pagedown", "pagedown", "pagedown")
        asked = len(sight.engine.asked)
        await sight.press("g")
        assert len(sight.engine.asked) == asked


async def test_what_is_scrolled_past_is_cancelled() -> None:
    async with on_screen(w=Numbers([100_000, 4])) as sight:
        await sight.show("w")
        gate = sight.engine.gates[Window] = asyncio.Event()
        before = len(sight.engine.asked)
        for key in ("G", "g", "G"):
            await sight.pilot.press(key)
            while sight.grid.scroll_y and len(sight.engine.asked) == before:
                await sight.pilot.pause(0.005)
        await sight.pilot.press("g")
        while not sight.engine.cancelled:
            await sight.pilot.pause(0.005)
        gate.set()
        lines = await sight.look()
        assert lines[1].split()[:2] == ["0", f"{wave([0, 0]):.4f}"]


async def test_refreshing_keeps_the_old_numbers_until_the_new_ones_come() -> None:
    async with on_screen(w=Numbers([2, 2], lambda index: 1.0)) as sight:
        await sight.show("w")
        gate = sight.engine.gates[Window] = asyncio.Event()
        sight.engine.tensors["w"].value = lambda index: 2.0
        sight.grid.refresh_values()
        await sight.pilot.pause()
        assert lines_of(sight.grid)[1].split() == ["0", "1.0000", "1.0000"]
        gate.set()
        assert (await sight.look())[1].split() == ["0", "2.0000", "2.0000"]


async def test_another_shape_after_a_refresh_is_taken() -> None:
    async with on_screen(w=Numbers([8, 8])) as sight:
        await sight.show("w")
        await sight.press("G")
        sight.engine.tensors["w"].shape = [2, 3]
        sight.grid.refresh_values()
        lines = await sight.look()
        assert lines[0].split() == ["0", "1", "2"]
        assert sight.exact.startswith("[1, 2] = ")


async def test_keys_move_the_cursor_and_stop_at_the_edges() -> None:
    async with on_screen(w=Numbers([8, 4])) as sight:
        await sight.show("w")
        for keys, place in [
            (["down", "l"], "[1, 1]"), (["up", "k", "k"], "[0, 1]"), (["left", "h", "h"], "[0, 0]"),
            (["end"], "[7, 3]"), (["j", "right"], "[7, 3]"), (["home"], "[0, 0]"), (["pagedown"], "[7, 0]"),
        ]:  # fmt: skip
            await sight.press(*keys)
            assert sight.exact.startswith(place + " = "), keys


async def test_a_vector_is_folded() -> None:
    async with on_screen(w=Numbers([256])) as sight:
        lines = await sight.show("w")
        assert lines[0].split()[:2] == ["+0", "+1"]
        across = sight.grid.geometry.columns
        assert lines[2].split()[0] == str(across)
        await sight.press("down", "right")
        assert sight.exact.startswith(f"[{across + 1}] = {wave([across + 1])}")


async def test_a_click_chooses_the_entry() -> None:
    async with on_screen(w=Numbers([8, 4])) as sight:
        await sight.show("w")
        line = lines_of(sight.grid)[4]
        await sight.pilot.click(ValueGrid, offset=(line.index(f"{wave([3, 2]):.4f}") + 2, 4))
        assert sight.exact.startswith("[3, 2] = ")


async def test_the_wheel_moves_view_and_cursor_together() -> None:
    async with on_screen(w=Numbers([100, 4])) as sight:
        await sight.show("w")
        for _ in range(3):
            await sight.pilot._post_mouse_events([events.MouseScrollDown], sight.grid, button=0)
        await sight.look()
        assert sight.grid.scroll_y == 9
        assert sight.grid.cursor == (9, 0)


async def test_leading_indices() -> None:
    async with on_screen(w=Numbers([4, 3, 2, 2])) as sight:
        lines = await sight.show("w")
        assert lines[0].startswith("[0, ‹0›, :, :]  of [4, 3, 2, 2]")
        await sight.press("d", "full_stop", "full_stop", "d", "full_stop")
        lines = lines_of(sight.grid)
        assert lines[0].startswith("[2, ‹1›, :, :]")
        assert lines[2].split()[1] == f"{wave([2, 1, 0, 0]):.4f}"
        await sight.press("comma")
        assert lines_of(sight.grid)[0].startswith("[2, ‹0›, :, :]")
        assert sight.exact.startswith(f"[2, 0, 0, 0] = {wave([2, 0, 0, 0])}")


async def test_past_the_end_of_a_leading_index_the_one_before_goes_on() -> None:
    async with on_screen(w=Numbers([4, 3, 2, 2])) as sight:
        await sight.show("w")
        await sight.press("comma")
        assert sight.grid.data.leading == (0, 0)
        await sight.press(*["full_stop"] * 4)
        assert sight.grid.data.leading == (1, 1)
        await sight.press("comma", "comma")
        assert sight.grid.data.leading == (0, 2)
        await sight.press(*["full_stop"] * 20)
        assert sight.grid.data.leading == (3, 2)


@pytest.mark.parametrize(
    ("tensor", "sentence"),
    [
        (Numbers([3], absence="none"), "No gradient yet.  b runs backward after f."),
        (Numbers([3], absence="none", reason="no gradient (None): why"), "No gradient (None): why."),
        (Numbers([3], absence="meta"), "A meta tensor: it has a shape, and no values."),
        (Numbers([], absence="unsupported", reason="sparse \x1b[31m"), "sparse ␛[31m"),
        (Numbers([0, 4]), "Empty: shape [0, 4] holds no values."),
    ],
)
@pytest.mark.parametrize("heat", [False, True])
async def test_absence_is_a_sentence(tensor: Numbers, sentence: str, heat: bool) -> None:
    async with on_screen(w=tensor) as sight:
        sight.grid.heat = heat
        lines = await sight.show("w")
        assert [line.strip() for line in lines if line.strip()] == [sentence]
        assert sight.app.posted[0].grid is sight.grid


async def test_numbers_come_back_after_absence() -> None:
    async with on_screen(w=Numbers([2, 2], absence="none")) as sight:
        await sight.show("w")
        sight.engine.tensors["w"].absence = ""
        sight.grid.refresh_values()
        lines = await sight.look()
        assert lines[1].split() == ["0", f"{wave([0, 0]):.4f}", f"{wave([0, 1]):.4f}"]


async def test_a_failing_engine_is_reported_and_a_dead_one_leaves_the_numbers() -> None:
    async with on_screen(w=Numbers([2, 2])) as sight:
        before = await sight.show("w")
        sight.engine.gone = True
        sight.grid.refresh_values()
        assert await sight.look() == before
        sight.engine.gone, sight.engine.problem = False, Problem("model", "cannot [read] it")
        sight.grid.refresh_values()
        assert [line.strip() for line in await sight.look() if line.strip()] == ["cannot [read] it"]


@pytest.mark.parametrize(
    ("tensor", "texts"),
    [
        (Numbers([2], lambda index: index[0], "int64", "int"), ["0", "1"]),
        (Numbers([2], lambda index: index[0], "bool", "bool"), ["False", "True"]),
        (
            Numbers([2], lambda index: complex(index[0], -1), "complex128", "complex"),
            ["0.0000-1.0000j", "1.0000-1.0000j"],
        ),
        (Numbers([2], lambda index: [math.nan, -math.inf][index[0]]), ["nan", "-inf"]),
    ],
)
async def test_kinds_of_numbers(tensor: Numbers, texts: list[str]) -> None:
    async with on_screen(w=tensor) as sight:
        assert (await sight.show("w"))[1].split() == ["0", *texts]


async def test_what_is_not_finite_is_loud_and_zero_is_quiet() -> None:
    values = [math.nan, 0.0, 1.0, -1.0]
    async with on_screen(w=Numbers([1, 4], lambda index: values[index[1]])) as sight:
        await sight.show("w")
        await sight.press("G")  # the cursor off the first three
        styles = {part.text.strip(): part.style for part in sight.grid.render_line(1) if part.text.strip()}
        assert styles["nan"].reverse
        assert styles["0.0000"] != styles["1.0000"]


async def test_bounds_of_the_tensor_fix_the_format() -> None:
    async with on_screen(w=Numbers([4, 4], lambda index: 1e-5)) as sight:
        assert (await sight.show("w"))[1].split()[1] == "1.0000e-05"
        sight.grid.bound(0.5)
        assert (await sight.look())[1].split()[1] == "1.0e-05"


@pytest.mark.parametrize("width", [50, 80, 120])
async def test_the_heat_map_asks_for_what_fits_and_again_after_a_resize(width: int) -> None:
    async with on_screen((width, 14), w=Numbers([3000, 2000])) as sight:
        await sight.show("w")
        lines = await sight.press("H")
        mixes = sight.grid.palette.mixes
        margin, lines_beside = 5, 4  # indices of up to 2999; indices of columns, two lines of legend, the cursor's
        request = sight.engine.of(HeatMap)[-1]
        down, across = 14 - lines_beside, width - margin
        assert (request.height, request.width) == ((2 * down, across) if mixes else (down, across // 2))
        assert "each cell the |max| of" in "".join(lines[-3:-1])
        await sight.pilot.resize_terminal(width - 10, 10)
        await sight.look()
        request = sight.engine.of(HeatMap)[-1]
        down, across = 10 - lines_beside + 1, width - 10 - margin
        assert (request.height, request.width) == ((2 * down, across) if mixes else (down, across // 2))
        await sight.press("H")
        assert lines_of(sight.grid)[0].split()[0] == "0"


async def test_the_heat_map_turns_with_the_leading_index() -> None:
    async with on_screen(w=Numbers([4, 2, 2])) as sight:
        await sight.show("w")
        await sight.press("H", "full_stop")
        assert sight.engine.of(HeatMap)[-1].leading == [1]
        await sight.press("down")  # which moves the cursor
        assert sight.engine.of(HeatMap)[-1].leading == [1]
        assert sight.exact.startswith(f"[1, 1, 0] = {wave([1, 1, 0])}")


async def test_a_heat_map_has_indices_and_a_cursor_with_index_and_value() -> None:
    async with on_screen(w=Numbers([6, 4])) as sight:
        await sight.show("w")
        lines = await sight.press("H")
        assert lines[0].split() == ["0", "1", "2", "3"]
        assert [line.split()[0] for line in lines[1:-3] if line[0].strip()] == ["0", "1", "2", "3", "4", "5"]
        await sight.press("down", "l", "l")
        assert sight.exact.startswith(f"[1, 2] = {wave([1, 2])}")
        await sight.press("G")
        assert sight.exact.startswith(f"[5, 3] = {wave([5, 3])}")
        place = sight.grid.plan
        assert place is not None
        await sight.pilot.click(ValueGrid, offset=(sight.grid.heat_margin + place.left_of(1), sight.grid.top))
        await sight.look()
        assert sight.exact.startswith(f"[0, 1] = {wave([0, 1])}")
        await sight.press("H")
        assert sight.exact.startswith(f"[0, 1] = {wave([0, 1])}")  # among the numbers it is at the same place


async def test_of_a_block_the_cursor_names_the_largest_element() -> None:
    async with on_screen((70, 10), w=Numbers([200, 300])) as sight:
        await sight.show("w")
        await sight.press("H", "down", "right")
        assert sight.grid.plan is not None
        down, across = sight.grid.data.picture.block  # type: ignore[union-attr]
        inside = [[row, column] for row in range(down, 2 * down) for column in range(across, 2 * across)]
        largest = max(inside, key=lambda index: abs(wave(index)))
        assert sight.exact.startswith(f"{largest} = {wave(largest)}")
        await sight.press("H")
        assert sight.exact.startswith(f"{largest} = {wave(largest)}")


async def test_how_far_a_heat_map_is_stands_in_its_place() -> None:
    async with on_screen(w=Numbers([6, 4])) as sight:
        await sight.show("w")
        sight.grid.data.picture = None
        sight.grid.set_reactive(ValueGrid.heat, True)
        sight.grid.draws(Progress(id=1, text="heat map", done=0.4))
        assert "heat map 40%" in "".join(lines_of(sight.grid))


async def test_jump_goes_there() -> None:
    async with on_screen(w=Numbers([4, 300, 70])) as sight:
        await sight.show("w")
        await sight.press("i")
        assert isinstance(sight.app.screen, Jump)
        await sight.press(*"2,250,69", "enter")
        assert sight.exact.startswith(f"[2, 250, 69] = {wave([2, 250, 69])}")
        await sight.press("i", *"1 2", "enter")
        assert sight.exact.startswith("[2, 1, 2] = ")
        await sight.press("i", "escape")
        assert sight.exact.startswith("[2, 1, 2] = ")


async def test_nothing_is_asked_while_it_is_not_seen() -> None:
    engine = NumberEngine(w=Numbers([4, 4]))
    grid = ValueGrid(engine.request)
    box = Vertical(grid)
    app = Stage(box)
    async with app.run_test() as pilot:
        box.display = False
        await settled(pilot)
        grid.show("w")
        await settled(pilot)
        assert engine.asked == []
        box.display = True
        await settled(pilot)
        assert len(engine.asked) == 1
        assert "·" not in "".join(lines_of(grid))


async def test_every_theme_draws() -> None:
    async with on_screen(w=Numbers([8, 8])) as sight:
        first = await sight.show("w")
        for theme in ("textual-light", "ansi-dark", "ansi-light", "nord"):
            sight.app.theme = theme
            assert await sight.look() == first
            await sight.press("H", "H")
