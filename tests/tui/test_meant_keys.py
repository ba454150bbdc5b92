from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tui.meant_keys import meant


class Fields(App[None]):
    def compose(self) -> ComposeResult:
        yield from (Input(""), Input("bias"), TextArea(""), TextArea("x = 1"))


def keys(key: str, character: str | None, target: Widget) -> list[tuple[str, str | None]]:
    found = meant(Key(key, character), target)
    return [(one.key, one.character) for one in found if one is not None]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("？", "question_mark"), ("：", "colon"), ("／", "slash"), ("、", "slash"),
        ("，", "comma"), ("。", "full_stop"), ("＞", "greater_than_sign"), ("》", "greater_than_sign"),
        ("ｊ", "j"), ("Ｇ", "G"), ("３", "3"), ("＊", "asterisk"), ("＿", "underscore"),
        ("【", "left_square_bracket"), ("」", "right_square_bracket"), ("＝", "equals_sign"),
        ("－", "minus"), ("\u3000", "space"), ("q", "q"),
    ],
)  # fmt: skip
def test_a_full_width_character_is_its_key_outside_of_text(typed: str, key: str) -> None:
    (found,) = keys("whatever", typed, Widget())
    assert found[0] == (key if typed != "q" else "whatever")  # what needs no other key stays as it was sent
    for field in (Input(), TextArea()):
        assert keys("whatever", typed, field) == [("whatever", typed)]


@pytest.mark.parametrize(
    ("pair", "character", "then", "in_text"),
    [
        ("alt+f", "f", "f", "ctrl+right"),
        ("alt+b", "b", "b", "ctrl+left"),
        ("alt+backspace", "\x7f", "backspace", "ctrl+w"),
        ("alt+enter", "\r", "enter", "alt+enter"),
    ],
)
async def test_a_pair_edits_where_there_is_text_and_is_two_keys_elsewhere(
    pair: str, character: str, then: str, in_text: str
) -> None:
    two = [("escape", "\x1b"), (then, character)]
    assert keys(pair, None, Widget()) == [(pair, None)]  # the terminal says itself that it is Alt
    app = Fields()
    async with app.run_test():
        line, full_line, area, full_area = app.query("Input, TextArea").results(Widget)
        for without in (app.screen, line, area):
            assert keys(pair, character, without) == two
        assert keys(pair, character, full_area) == [(in_text, None)]
        assert keys(pair, character, full_line) == (two if pair == "alt+enter" else [(in_text, None)])
