from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from tui.widgets.lists.plane import FARTHEST, Plane


class Blank(Plane):
    def render_line(self, y: int) -> Strip:
        return Strip.blank(self.size.width)


class PlaneApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.plane = Blank()
        self.laid_out = 0

    def compose(self) -> ComposeResult:
        yield self.plane

    def on_mount(self) -> None:
        self.screen.screen_layout_refresh_signal.subscribe(self, self._count)

    def _count(self, _: object) -> None:
        self.laid_out += 1


async def test_the_screen_is_laid_out_when_a_bar_comes_or_goes_and_not_when_the_plane_grows() -> None:
    app = PlaneApp()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.plane.extend(10, 11)
        await pilot.pause()
        await pilot.pause()
        assert app.plane.show_vertical_scrollbar
        before = app.laid_out
        for rows in range(12, 400):
            app.plane.extend(10, rows)
            await pilot.pause(0)
        assert app.laid_out == before
        assert app.plane.vertical_scrollbar.window_virtual_size == app.plane.virtual_size.height == 399
        app.plane.scroll_to(y=10_000, animate=False, force=True)
        assert app.plane.scroll_offset.y == 389
        app.plane.extend(10, 20)
        assert app.plane.scroll_offset.y == 10, "the end stays in sight"
        app.plane.extend(10, 10)
        while app.laid_out == before:
            await pilot.pause()
        assert not app.plane.show_vertical_scrollbar


@pytest.mark.parametrize("size", [2**62, 10**20, 10**30])
async def test_there_is_an_end_to_what_is_scrolled_over(size: int) -> None:
    app = PlaneApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.plane.extend(size, size)
        app.plane.scroll_to(x=1e30, y=1e30, animate=False, force=True)
        await pilot.pause()
        assert app.plane.virtual_size == (FARTHEST, FARTHEST)
        assert app.plane.scroll_offset == (FARTHEST - 38, FARTHEST - 9)
        assert float(FARTHEST - 9) != float(FARTHEST - 8), "each cell of it differs from the next"
