from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.widgets.option_list import Option

from tui.widgets.lists.options import Options


class OptionsApp(App[None]):
    """A list alone."""

    def compose(self) -> ComposeResult:
        yield Options(Option("a text of some length"), Option("\u6f22\u5b57"), "third")


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
async def test_a_list_without_a_column_for_its_texts_is_no_fault(width: int) -> None:
    app = OptionsApp()
    async with app.run_test(size=(20, 5)) as pilot:
        listed = app.query_one(Options)
        listed.styles.width = width
        listed.styles.border = None
        await pilot.pause()
        listed.display = False
        listed.clear_options().add_options(["one more text", "\u6f22\u5b57\u6f22\u5b57", "third"])
        listed.display = True
        await pilot.pause()
        await pilot.press("down", "pagedown", "up")
        assert listed.get_content_height(Size(20, 5), Size(20, 5), width) >= 3
        listed.styles.width = 20
        await pilot.pause()
        assert listed.virtual_size.height == 3
