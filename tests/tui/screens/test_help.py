from __future__ import annotations

import pytest
from textual.app import App
from textual.widgets import Static

from tui.actions import ACTIONS, keys_of
from tui.screens.help import HelpScreen, arranged, groups


@pytest.mark.parametrize(("size", "columns"), [((50, 24), 1), ((80, 24), 2), ((120, 40), 3)])
async def test_every_action_is_shown_in_columns_that_fit(size: tuple[int, int], columns: int) -> None:
    app: App[None] = App()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(HelpScreen([("⇄ of two names", "shared [/]")]))
        await pilot.pause()
        shown = [column for column in app.screen.query(".column").results(Static) if column.display]
        assert len(shown) == columns
        texts = [str(column.render()) for column in shown]
        words = " ".join(" ".join(texts).split())
        for action in ACTIONS:
            assert keys_of(action) in words
            assert all(word in words for word in action.title.split())
        assert "⇄ of two names shared [/]" in words
        for column, text in zip(shown, texts, strict=True):
            assert max(map(len, text.splitlines())) <= column.content_size.width


@pytest.mark.parametrize("key", ["escape", "q", "question_mark"])
async def test_it_closes(key: str) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(HelpScreen())
        await pilot.press(key)
        assert not isinstance(app.screen, HelpScreen)


def test_columns_are_about_equally_high_and_tear_no_group() -> None:
    columns = [str(column) for column in arranged(groups(), 3, 34)]
    heights = [len(column.splitlines()) for column in columns]
    assert max(heights) <= sum(heights) / 3 + 20
    for title, pairs in groups():
        (column,) = [column for column in columns if f"\n{title}\n" in f"\n{column}"]
        assert all(key in column for key, _ in pairs)
