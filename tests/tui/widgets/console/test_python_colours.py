from __future__ import annotations

import pytest

from tui.widgets.console.python_colours import python_colours


@pytest.mark.parametrize(
    ("line", "coloured"),
    [
        ("for p in x:", [("for", "keyword"), ("in", "keyword")]),
        ("net[0].weight * 1e-3", [("0", "number"), ("1e", "number"), ("3", "number")]),
        ("d['a # b'] # c", [("'a # b'", "string"), ("# c", "comment")]),
        ("f'it\\'s' + \"open", [("f'it\\'s'", "string"), ('"open', "string")]),
        ("layer1.bias", []),
    ],
)
def test_what_has_a_colour(line: str, coloured: list[tuple[str, str]]) -> None:
    assert [(line[start:end], kind) for start, end, kind in python_colours(line)] == coloured
