from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.widgets.parts.words import say


class WordsApp(App[None]):
    CSS = "#line { width: auto; height: 1; } #lines { width: 10; height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.laid_out = 0

    def compose(self) -> ComposeResult:
        yield Static("", id="line", markup=False)
        yield Static("", id="lines", markup=False)

    def on_mount(self) -> None:
        self.screen.screen_layout_refresh_signal.subscribe(self, self._count)

    def _count(self, _: object) -> None:
        self.laid_out += 1


@pytest.mark.parametrize(
    ("name", "texts", "layouts"),
    [
        ("line", ["[a] 1", "[a] 1", "[a] 2"], [True, False, False]),
        ("line", ["日本", "1234"], [True, False]),
        ("line", ["12", "123", "12"], [True, True, True]),
        ("lines", ["aaaa bbbb cc", "aaaa bbbb cc"], [True, False]),
        ("lines", ["aaaa bbbb cc", "aaaabbbb  cc", ""], [True, True, True]),
    ],
)
async def test_it_is_laid_out_where_it_takes_other_room(name: str, texts: list[str], layouts: list[bool]) -> None:
    app = WordsApp()
    async with app.run_test(size=(40, 10)) as pilot:
        place = app.query_one(f"#{name}", Static)
        await pilot.pause()
        await pilot.pause()
        found = []
        for text in texts:
            before = app.laid_out
            say(place, text)
            await pilot.pause()
            await pilot.pause()
            found.append(app.laid_out > before)
            lines = [place.render_line(y).text.rstrip() for y in range(place.size.height)]
            assert " ".join(lines).split() == text.split()
        assert found == layouts
