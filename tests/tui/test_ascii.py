"""Drawing in ASCII: everything that the interface draws has a character that stands for it, as wide as it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from rich.cells import cell_len

import tui
from tui.ascii import ascii_only, drawn

NEVER_DRAWN = ("meant_keys.py",)
"""Characters there are typed."""
SOURCES = sorted(file for file in Path(tui.__file__).parent.rglob("*.py") if file.name not in NEVER_DRAWN)


def drawn_characters(file: Path) -> set[str]:
    """Characters beyond ASCII in the texts of a file, its docstrings left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
    ]
    return {character for character in "".join(texts) if not character.isascii()}


def test_everything_that_is_drawn_has_a_replacement() -> None:
    for file in SOURCES:
        without = {character for character in drawn_characters(file) if "?" in drawn(character)}
        assert not {character for character in without if not is_chinese(character)}, file  # which is not shown there


def is_chinese(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


@pytest.mark.parametrize("text", ["╭─╮│╰╯┼", "日本語", "e\u0301", "▁▂▃▄▅▆▇█", "ü", "\U0001f600", "plain \x1b[31m"])
def test_the_room_is_the_same_and_nothing_is_beyond_ascii(text: str) -> None:
    assert drawn(text).isascii()
    assert cell_len(drawn(text)) == cell_len(text)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, ""),
        ({"LANG": "C.UTF-8"}, ""),
        ({"LANG": "en_US.utf8"}, ""),
        ({"LC_CTYPE": "UTF-8"}, ""),
        ({"LANG": ""}, ""),
        ({"LANG": "C"}, "LANG=C"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "LANG=C"),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, ""),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}, "LC_ALL=POSIX"),
        ({"LANG": "de_DE.ISO-8859-1"}, "LANG=de_DE.ISO-8859-1"),
        ({"LANG": "C.UTF-8", "PYTHONIOENCODING": "ascii:replace"}, "PYTHONIOENCODING=ascii"),
        ({"LANG": "C", "PYTHONIOENCODING": "utf-8"}, ""),
        ({"LANG": "C", "PYTHONUTF8": "1"}, ""),
    ],
)
def test_what_says_that_a_terminal_shows_ascii_only(environment: dict[str, str], reason: str) -> None:
    assert ascii_only(environment) == reason
