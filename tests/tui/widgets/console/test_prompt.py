"""The prompt's editor whatever its text and size are."""

from __future__ import annotations

import pytest
from fake_app import opened
from textual import events

from tui.statements import LINE_LIMIT, LONGEST_LINE, too_much
from tui.widgets.console import prompt as prompts

LINES = "".join(f"a{number} = {number}\n" for number in range(30))


@pytest.mark.parametrize("size", [(120, 40), (20, 5), (3, 120), (120, 3), (1, 1)])
@pytest.mark.parametrize("text", [LINES, "x" * 3_000, "漢字🔎" * 300 + "\n" + "\t" * 90])
async def test_undo_and_redo_of_what_needs_a_scrollbar(text: str, size: tuple[int, int]) -> None:
    async with opened() as played:
        await played.press("greater_than_sign", "a")
        prompt = played.explorer.console.prompt
        await played.pilot.resize_terminal(*size)
        prompt.post_message(events.Paste(text))
        await played.rest()
        for keys in ("ctrl+end ctrl+z", "ctrl+y", "ctrl+z ctrl+y", "ctrl+home ctrl+z"):
            for key in keys.split():
                prompt.post_message(events.Key(key, None))
            await played.pilot.resize_terminal(*size)
            await played.rest()
        assert prompt.text in ("", "a")
        await played.pilot.resize_terminal(120, 40)
        await played.rest()
        assert len(prompt.wrapped_document.lines) == prompt.document.line_count == 1


async def test_a_long_line_is_looked_at_only_around_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as played:
        looked: list[int] = []
        console = played.explorer.console

        class Pattern:
            def search(self, text: str) -> None:
                looked.append(len(text))

        monkeypatch.setattr("tui.widgets.console.console._ASKS_BY_ITSELF", Pattern())
        coloured: list[int] = []

        def colours(line: str) -> list[tuple[int, int, str]]:
            coloured.append(len(line))
            return []

        monkeypatch.setattr(prompts, "python_colours", colours)
        await played.press("greater_than_sign")
        console.prompt.post_message(events.Paste("z" * LONGEST_LINE))
        await played.rest()
        assert len(console.prompt.text) == LONGEST_LINE
        assert looked
        assert max(looked) <= 200
        assert max(coloured, default=0) <= prompts.LONGEST_COLOURED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * LONGEST_LINE, ""),
        ("x" * (LONGEST_LINE + 1), "a line of 10,001 characters"),
        ("x\n" * LINE_LIMIT, "5,001 lines"),
        (("x" * 999 + "\n") * 201, "201,000 characters"),
    ],
)
def test_how_much_can_be_edited(text: str, reason: str) -> None:
    assert too_much(text) == reason


async def test_pastes_that_are_too_much_together_are_refused() -> None:
    async with opened() as played:
        await played.press("greater_than_sign")
        prompt = played.explorer.console.prompt
        prompt.post_message(events.Paste("x" * LONGEST_LINE))
        prompt.post_message(events.Paste("y"))
        await played.rest()
        assert prompt.text == "x" * LONGEST_LINE
        assert "a line of 10,001 characters" in "\n".join(played.log)
