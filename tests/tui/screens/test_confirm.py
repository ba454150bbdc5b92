from __future__ import annotations

import pytest
from cases import slow_but
from textual.app import App

from tui.screens.confirm import ConfirmScreen


@pytest.mark.parametrize(
    ("keys", "answer"),
    slow_but(
        4,
        [
            ("y", True),
            ("n", False),
            ("enter", False),
            ("right enter", True),
            ("right left enter", False),
            ("escape", None),
        ],
        several=True,
    ),
)
async def test_the_safe_answer_is_the_first(keys: str, answer: bool | None) -> None:
    app: App[None] = App()
    answers: list[bool | None] = []
    async with app.run_test() as pilot:
        app.push_screen(ConfirmScreen("The engine does not react", "Kill [/] it?"), answers.append)
        await pilot.pause()
        await pilot.press(*keys.split())
        await pilot.pause()
    assert answers == [answer]
