"""Code in coloured pieces."""

from __future__ import annotations

import inspect

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.parts import code_colours
from tui.widgets.parts.code_colours import coloured


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\t\x00\ufeff"), max_size=200))
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "\n".join("".join(part for part, _ in line) for line in coloured(text)) == text


def test_real_code_keeps_its_lines() -> None:
    text = inspect.getsource(code_colours)
    assert ["".join(part for part, _ in line) for line in coloured(text)] == text.split("\n")


def test_kinds() -> None:
    pieces = coloured("class Net(Module):\n    # why\n    size = 3 if x else 'a'")
    assert ("class", "keyword") in pieces[0]
    assert ("Net", "name") in pieces[0]
    assert ("# why", "comment") in pieces[1]
    assert ("3", "number") in pieces[2]
