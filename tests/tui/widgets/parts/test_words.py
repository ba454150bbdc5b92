from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.widgets.parts.words import say


class Noted(Static):
    """Notes each time whether it wants to be laid out."""

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id, markup=False)
        self.refreshed: list[bool] = []

    def refresh(self, *regions: Any, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Noted:
        if hasattr(self, "refreshed"):
            self.refreshed.append(layout)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class WordsApp(App[None]):
    CSS = "#line { width: auto; height: 1; } #lines { width: 10; height: auto; }"

    def compose(self) -> ComposeResult:
        yield Noted(id="line")
        yield Noted(id="lines")


@pytest.mark.parametrize(
    ("name", "texts", "layouts"),
    [
        ("line", ["[a] 1", "[a] 1", "[a] 2"], [[True], [], [False]]),
        ("line", ["日本", "1234"], [[True], [False]]),
        ("line", ["12", "123", "12"], [[True], [True], [True]]),
        ("lines", ["aaaa bbbb cc", "aaaa bbbb cc"], [[True], []]),
        ("lines", ["aaaa bbbb cc", "aaaabbbb  cc", ""], [[True], [True], [True]]),
    ],
)
async def test_it_is_laid_out_where_it_takes_other_room(name: str, texts: list[str], layouts: list[list[bool]]) -> None:
    app = WordsApp()
    async with app.run_test(size=(40, 10)) as pilot:
        place = app.query_one(f"#{name}", Noted)
        await pilot.pause()
        found = []
        for text in texts:
            place.refreshed.clear()
            say(place, text)
            found.append(list(place.refreshed))
            await pilot.pause()
            lines = [place.render_line(y).text.rstrip() for y in range(place.size.height)]
            assert " ".join(lines).split() == text.split()
        assert found == layouts
