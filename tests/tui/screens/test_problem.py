from __future__ import annotations

import pytest
from cases import slow_but
from textual.app import App
from textual.widgets import Static

from models.messages import Problem
from tui.screens.panel import SHOWN_LINES, TextPane, shown_text
from tui.screens.problem import ProblemScreen


class Tiny(App[None]):
    copied = ""
    restarted = 0

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text

    def action_restart(self) -> None:
        self.restarted += 1


async def test_title_and_text_are_data_and_can_be_copied() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        await app.push_screen(ProblemScreen(Problem("model", "[/]\x1b[31m", "[@click=app.quit]x[/]\nline", "a\x07b")))
        await pilot.pause()
        assert str(app.screen.query_one("#title", Static).render()) == "✗ [/]␛[31m"
        assert str(app.screen.query("#text Static").last(Static).render()) == "[@click=app.quit]x[/]\nline"
        assert app.screen.query_one("#panel").border_title == "a␇b"
        await pilot.press("y", "R", "escape")
        assert app.copied == "[/]\x1b[31m\n[@click=app.quit]x[/]\nline"
        assert app.restarted == 0
        assert len(app.screen_stack) == 1


async def test_the_engines_end_offers_a_new_one() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        await app.push_screen(ProblemScreen(Problem("engine", "signal 11 (SIGSEGV)", "Fatal Python error")))
        await pilot.press("R")
        await pilot.pause()
        assert app.restarted == 1
        assert len(app.screen_stack) == 1


async def test_what_was_open_can_be_opened_again() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        await app.push_screen(ProblemScreen(Problem("source", "net.py: SyntaxError", "line 3"), again=True))
        assert "opens it again" in str(app.screen.query_one("#panel").border_subtitle)
        await pilot.press("R")
        await pilot.pause()
        assert app.restarted == 1
        assert len(app.screen_stack) == 1


async def test_a_long_text_scrolls_inside_the_screen() -> None:
    app = Tiny()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(ProblemScreen(Problem("model", "word " * 50, "\n".join(map(str, range(500))))))
        await pilot.pause()
        panel, text = app.screen.query_one("#panel"), app.screen.query_one(TextPane)
        assert panel.region.height <= 22
        assert text.region.bottom < panel.region.bottom
        await pilot.press("G")
        await pilot.pause()
        assert text.scroll_offset.y == text.max_scroll_y > 400


@pytest.mark.parametrize("size", slow_but(1, [(80, 24), (40, 10)]))
async def test_all_of_a_long_refusal_can_be_read(size: tuple[int, int]) -> None:
    """Its title wraps, and scrolls with the text where both are too much."""
    title = " ".join(f"title{index}" for index in range(30))
    app = Tiny()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(ProblemScreen(Problem("source", title, "the remedy")))
        seen = ""
        for _ in range(40):
            await pilot.pause()
            seen += "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            await pilot.press("j")
        assert [word for word in [*title.split(), "remedy"] if word not in seen] == []


def test_the_end_of_a_very_long_text_is_reported() -> None:
    text = str(shown_text("\n".join(["x"] * (SHOWN_LINES + 7))))
    assert text.endswith("… 7 more lines")
