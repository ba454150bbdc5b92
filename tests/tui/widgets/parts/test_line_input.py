from __future__ import annotations

import pytest
from fake_app import opened
from textual import events
from textual.widgets import Input

from tui.widgets.parts.line_input import LONGEST_INPUT


@pytest.mark.parametrize("key", ["slash", "colon", "o", "i", "F"])
@pytest.mark.parametrize(
    ("pasted", "taken"),
    [
        ("0.bias\nsecond", "0.bias"),
        ("\n \n1", "1"),
        ("a\x1b[2Jb\x07\x00", "a␛[2Jb␇␀"),
        ("x" * 1_000_000, "x" * LONGEST_INPUT),
        ("\n", ""),
    ],
)
async def test_of_a_paste_one_line_is_taken_safe_to_draw(key: str, pasted: str, taken: str) -> None:
    async with opened() as played:
        if key == "i":
            await played.selected("0.block 0.0.weight")
        await played.press("1", key)
        await played.until(lambda: isinstance(played.app.focused, Input) or key == "o", "the line")
        played.app.post_message(events.Paste(pasted))
        await played.rest()
        field = played.app.focused if isinstance(played.app.focused, Input) else played.app.screen.query_one(Input)
        assert field.value in (taken, taken[:-1] + "…")
        assert "\x1b" not in played.text
        await played.press("escape", "escape")
        await played.rest()
        assert played.app.screen is played.explorer
