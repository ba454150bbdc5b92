"""The prompt for an index."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.widgets import Static

from tui.widgets.grid.jump import Jump, parse_index


@pytest.mark.parametrize(
    ("text", "shape", "index"),
    [
        ("3,17", [8, 20], [3, 17]),
        ("3 17", [8, 20], [3, 17]),
        (" [3, 17] ", [8, 20], [3, 17]),
        ("-1 -1", [8, 20], [7, 19]),
        ("[2,0,3,17]", [4, 3, 8, 20], [2, 0, 3, 17]),
        ("3 17", [4, 3, 8, 20], [1, 2, 3, 17]),
        ("5", [9], [5]),
    ],
)
def test_indices_as_people_write_them(text: str, shape: list[int], index: list[int]) -> None:
    assert parse_index(text, shape, leading=[1, 2]) == index


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("8,0", [8, 20], "8 is outside dimension 0: 0 to 7"),
        ("0,-21", [8, 20], "-21 is outside dimension 1: 0 to 19"),
        ("3", [8, 20], "shape [8, 20] takes 2 numbers, not 1"),
        ("1 2 3", [9], "shape [9] takes 1 number, not 3"),
        ("3", [2, 3, 4], "shape [2, 3, 4] takes 3 numbers (or the last two), not 1"),
        ("a,1", [8, 20], "“a” is not a whole number"),
        ("1.5 2", [8, 20], "“1.5” is not a whole number"),
        ("", [8], "shape [8] takes 1 number, not 0"),
        ("٣", [8], "“٣” is not a whole number"),
        ("9" * 5000, [8], "“9999999999999999999…” is not a whole number"),
    ],
)
def test_what_is_wrong_is_said(text: str, shape: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=r"^") as caught:
        parse_index(text, shape)
    assert str(caught.value) == message


class JumpApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.answers: list[list[int] | None] = []

    def on_mount(self) -> None:
        self.push_screen(Jump([8, 20]), self.answers.append)


async def test_enter_answers_and_a_wrong_index_stays() -> None:
    app = JumpApp()
    async with app.run_test(size=(50, 12)) as pilot:
        await pilot.press(*"9,1", "enter")
        assert app.answers == []
        assert "9 is outside dimension 0" in str(app.screen.query_one(Static).content)
        await pilot.press("backspace", "backspace", "backspace", *"7,1", "enter")
        assert app.answers == [[7, 1]]


async def test_escape_cancels() -> None:
    app = JumpApp()
    async with app.run_test(size=(50, 12)) as pilot:
        await pilot.press(*"3,1", "escape")
        assert app.answers == [None]
