"""Heat maps as text."""

from __future__ import annotations

import math

import msgspec
import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult

from models.messages import HeatCells
from tests.tui.number_engine import NumberEngine
from tui.cell_format import short
from tui.widgets.grid import heat
from tui.widgets.grid.heat_plan import HeatPlan, Room
from tui.widgets.grid.heat_scale import HeatScale
from tui.widgets.grid.palette import LEVELS, LOUD, CellColours, strength
from tui.widgets.grid.value_grid import ValueGrid


class GridApp(App[None]):
    def compose(self) -> ComposeResult:
        yield ValueGrid(NumberEngine().request)


def cells(rows: list[list[float]], block: tuple[int, int] = (1, 1)) -> HeatCells:
    return HeatCells(path="w", of="value", shape=[len(rows), len(rows[0])], height=len(rows), width=len(rows[0]),
                     values=[value for row in rows for value in row], block=block)  # fmt: skip


async def palette_of(mixes: bool, theme: str = "textual-dark") -> CellColours:
    app = GridApp()
    async with app.run_test(size=(50, 10)):
        app.theme = theme
        palette = CellColours(app.query_one(ValueGrid))
        palette.mixes = mixes
        return palette


def planned(shown: HeatCells, width: int, height: int, mixes: bool) -> tuple[HeatPlan, HeatScale]:
    size = (shown.height * shown.block[0], shown.width * shown.block[1])
    return HeatPlan(shown, size, Room(width, height, mixes)), HeatScale(shown.values)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 70), (7, 3), (33, 35), (20, 1)])
@pytest.mark.parametrize("mixes", [True, False])
async def test_a_picture_is_as_large_as_its_plan(height: int, width: int, mixes: bool) -> None:
    palette = await palette_of(mixes)
    plan, scale = planned(cells([[1.0] * width] * min(height, 20)), 70, 20, mixes)
    lines = heat.picture(plan, scale, palette)
    assert len(lines) == plan.lines
    assert {sum(len(segment.text) for segment in line) for line in lines} == {plan.width}
    marked = heat.with_cursor(lines, plan, scale, palette, (0, 0), palette.loud)
    assert {sum(len(segment.text) for segment in line) for line in marked} == {plan.width}
    assert marked != lines


async def test_two_rows_share_a_line_of_half_blocks() -> None:
    palette = await palette_of(mixes=True)
    plan, scale = planned(cells([[1.0], [-1.0], [0.0], [0.5]]), 1, 2, True)
    lines = heat.picture(plan, scale, palette)
    assert len(lines) == 2
    segment = lines[0][0]
    assert segment.text == "▀"
    assert segment.style == palette.pair(scale.level(1.0), scale.level(-1.0))
    assert segment.style.color != segment.style.bgcolor


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_signs_have_different_colours_and_zero_the_ground(theme: str) -> None:
    palette = await palette_of(mixes=True, theme=theme)
    above, below, zero, loud = (palette.pair(level, level).color for level in (LEVELS, -LEVELS, 0, LOUD))
    assert len({above, below, zero, loud}) == 4


async def test_without_colours_the_sign_is_a_character() -> None:
    palette = await palette_of(mixes=False)
    values = [-1000.0, -0.02, 0.0, 0.1, 100.0, math.nan] + [0.01] * 50
    plan, scale = planned(cells([values]), 200, 1, False)
    found = [segment.text[:2] for segment in heat.picture(plan, scale, palette)[0][:6]]
    assert [text[0] for text in found] == ["-", "-", " ", " ", " ", "!"]
    assert [found[2], found[5]] == ["  ", "!!"]
    strengths = [heat.SHADES.index(found[index][1]) for index in (2, 1, 3, 4, 0)]
    assert strengths == sorted(strengths)
    assert (strengths[0], strengths[-1]) == (0, len(heat.SHADES) - 1)


def test_only_zero_has_no_strength() -> None:
    assert strength(0.0, 1.0) == 0
    assert strength(1e-9, 1.0) == 1
    assert strength(-1.0, 1.0) == LEVELS
    assert strength(2.0, 1.0) == LEVELS


@pytest.mark.parametrize("mixes", [True, False])
async def test_the_legend_shows_range_loss_of_detail_and_what_is_loud(mixes: bool) -> None:
    palette = await palette_of(mixes)
    plan, scale = planned(cells([[-0.5, math.nan], [0.25, 0.0]], block=(4, 2)), 70, 20, mixes)
    text = text_of(heat.legend(plan, scale, palette, 120, 1))
    assert text.startswith("-+")
    assert "≤0.25" in text
    assert "≤0.5" in text
    assert "NaN or infinite" in text
    assert "each cell the |max| of 4×2" in text
    assert "sample" not in text


async def test_a_sample_is_said_to_be_one() -> None:
    palette = await palette_of(mixes=True)
    shown = msgspec.structs.replace(cells([[1.0, 2.0]], block=(100, 10)), read=500)
    assert "a sample: 25.0% of the elements" in text_of(heat.legend(*planned(shown, 70, 20, True), palette, 120, 1))
    shown = msgspec.structs.replace(shown, read=2_000)
    assert "sample" not in text_of(heat.legend(*planned(shown, 70, 20, True), palette, 120, 1))


@pytest.mark.parametrize("width", [20, 40, 80])
async def test_a_legend_keeps_to_its_lines_and_width(width: int) -> None:
    palette = await palette_of(mixes=True)
    values = [[math.sin(index) * 1e-7 * index for index in range(200)] + [math.nan]]
    lines = heat.legend(*planned(cells(values, block=(4, 2)), 70, 20, True), palette, width, 2)
    assert len(lines) <= 2
    assert f"≤{short(scale_end(values[0]), 3)}" in text_of(lines)  # the end of the scale has room first
    assert all(sum(len(part.text) for part in line) <= width for line in lines)


async def test_a_matrix_of_zeros_says_so() -> None:
    palette = await palette_of(mixes=True)
    assert "every element is 0" in text_of(heat.legend(*planned(cells([[0.0, 0.0]]), 9, 9, True), palette, 70, 1))


@pytest.mark.parametrize("width", [12, 30, 70])
async def test_column_indices_stand_over_their_columns_and_apart(width: int) -> None:
    palette = await palette_of(mixes=True)
    plan, _ = planned(cells([[1.0] * 10], block=(1, 30)), width, 5, True)
    for here in range(10):
        text = "".join(part.text for part in heat.columns_line(plan, here, palette.faint, palette.zero))
        assert str(here * 30) in text.split()
        assert all(int(label) % 30 == 0 for label in text.split())
        if plan.left_of(here) + 3 <= plan.width:
            assert text[plan.left_of(here) :].startswith(str(here * 30))


def scale_end(values: list[float]) -> float:
    return max(abs(value) for value in values if math.isfinite(value))


def text_of(lines: list[list[Segment]]) -> str:
    return "".join(part.text for line in lines for part in line)
