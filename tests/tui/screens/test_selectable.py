from __future__ import annotations

from textual.app import App

from tui.screens.selectable import Selectable


async def test_the_text_stands_alone_in_its_lines() -> None:
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(Selectable("0.block 1.0.bias\nsecond\x1b[31m"))
        await pilot.pause()
        lines = [
            "".join(segment.text for segment in line).rstrip() for line in app.screen._compositor.render_strips()[1:3]
        ]
        assert lines == ["0.block 1.0.bias", "second␛[31m"]
        await pilot.press("escape")
        assert len(app.screen_stack) == 1
