from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui.actions import bindings
from tui.widgets.parts.key_line import KeyLine, name_of


class Pane(Widget, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "fold"),
        Binding("x", "hide", "hide", show=False),
    ]


class KeyApp(App[None], inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("explorer"), *bindings("app")]
    CSS = "Pane { height: 1; }"
    helped = 0

    def compose(self) -> ComposeResult:
        yield Pane()
        yield Input()
        yield KeyLine()

    @property
    def words(self) -> list[str]:
        return [hint.word for hint in self.query_one(KeyLine).hints]

    def action_help(self) -> None:
        self.helped += 1


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
async def test_help_and_quit_stay_and_nothing_is_cut(width: int) -> None:
    app = KeyApp()
    async with app.run_test(size=(width, 10)) as pilot:
        app.query_one(Pane).focus()
        await pilot.pause()
        line = app.query_one(KeyLine).render_line(0).text
        assert app.words[-2:] == ["help", "quit"]
        assert line.rstrip().endswith("q quit")
        assert ("copy" in app.words) is (width >= 80)
        if width > 20:
            assert app.words[0] == "fold", "what the pane with the focus does comes first"


async def test_a_key_that_would_be_typed_is_not_offered() -> None:
    app = KeyApp()
    async with app.run_test(size=(120, 10)) as pilot:
        app.query_one(Input).focus()
        await pilot.pause()
        assert app.words == ["help", "quit"]
        assert app.query_one(KeyLine).render_line(0).text.split()[-4:] == ["F1", "help", "^Q", "quit"]


async def test_a_click_presses_the_key() -> None:
    app = KeyApp()
    async with app.run_test(size=(120, 10)) as pilot:
        app.query_one(Pane).focus()
        await pilot.pause()
        at = app.query_one(KeyLine).render_line(0).text.index("help")
        await pilot.click(KeyLine, offset=(at, 0))
        await pilot.pause()
        assert app.helped == 1
        await pilot.click(KeyLine, offset=(119, 0))
        assert app.helped == 1


def test_keys_as_people_write_them() -> None:
    assert [name_of(key) for key in ("ctrl+q", "question_mark", "f", "enter")] == ["^Q", "?", "f", "Enter"]
