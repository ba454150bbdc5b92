"""Heat maps as text."""

from __future__ import annotations

import math

import pytest
from textual.app import App, ComposeResult

from models.messages import HeatCells
from tests.tui.number_engine import NumberEngine
from tui.widgets import heat
from tui.widgets.palette import LEVELS, Palette, strength
from tui.widgets.value_grid import ValueGrid


class GridApp(App[None]):
    def compose(self) -> ComposeResult:
        yield ValueGrid(NumberEngine().request)


def cells(rows: list[list[float]], block: tuple[int, int] = (1, 1)) -> HeatCells:
    return HeatCells(path="w", of="value", shape=[len(rows), len(rows[0])], height=len(rows), width=len(rows[0]),
                     values=[value for row in rows for value in row], block=block)  # fmt: skip


async def palette_of(mixes: bool, theme: str = "textual-dark") -> Palette:
    app = GridApp()
    async with app.run_test(size=(50, 10)):
        app.theme = theme
        palette = Palette(app.query_one(ValueGrid))
        palette.mixes = mixes
        return palette


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 70), (7, 3), (33, 70), (40, 1)])
@pytest.mark.parametrize("mixes", [True, False])
async def test_a_picture_fits_the_room_it_was_asked_for(height: int, width: int, mixes: bool) -> None:
    palette = await palette_of(mixes)
    rows, columns = heat.room(70, 20, mixes)
    shown = cells([[1.0] * min(width, columns)] * min(height, rows))
    lines = heat.picture(shown, palette, 70, 20)
    assert 1 <= len(lines) <= 20
    assert len({sum(len(segment.text) for segment in line) for line in lines}) == 1
    assert sum(len(segment.text) for segment in lines[0]) <= 70


async def test_two_rows_share_a_line_of_half_blocks() -> None:
    palette = await palette_of(mixes=True)
    lines = heat.picture(cells([[1.0], [-1.0], [0.0]]), palette, 1, 2)
    assert len(lines) == 2
    segment = lines[0][0]
    assert segment.text == "▀"
    assert segment.style is not None
    assert segment.style == palette.pair(1.0, -1.0, 1.0)
    assert segment.style.color != segment.style.bgcolor


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_signs_have_different_colours_and_zero_the_ground(theme: str) -> None:
    palette = await palette_of(mixes=True, theme=theme)
    above, below, zero = (palette.pair(value, value, 1.0).color for value in (1.0, -1.0, 0.0))
    assert len({above, below, zero}) == 3
    assert palette.pair(0.0, 0.0, 5.0).color == zero


async def test_without_colours_the_sign_is_a_character() -> None:
    palette = await palette_of(mixes=False)
    line = heat.picture(cells([[-1.0, -0.4, 0.0, 0.1, 1.0, math.nan]]), palette, 12, 1)[0]
    assert [segment.text for segment in line] == ["-█", "-▒", "  ", " ░", " █", "!!"]


def test_only_zero_has_no_strength() -> None:
    assert strength(0.0, 1.0) == 0
    assert strength(1e-9, 1.0) == 1
    assert strength(-1.0, 1.0) == LEVELS
    assert strength(2.0, 1.0) == LEVELS


@pytest.mark.parametrize("mixes", [True, False])
async def test_the_legend_tells_range_loss_of_detail_and_what_is_loud(mixes: bool) -> None:
    palette = await palette_of(mixes)
    text = "".join(part.text for part in heat.legend(cells([[-0.5, math.nan], [0.25, 0.0]], block=(4, 2)), palette))
    assert text.startswith("-0.5 ")
    assert " 0.25" in text
    assert "NaN or infinite" in text
    assert "each |max| of 4×2" in text


async def test_a_matrix_of_zeros_says_so() -> None:
    palette = await palette_of(mixes=True)
    assert "every entry is 0" in "".join(part.text for part in heat.legend(cells([[0.0, 0.0]]), palette))
