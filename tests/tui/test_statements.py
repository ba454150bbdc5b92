from __future__ import annotations

import pytest

from tui.statements import enter_runs, next_indent, pasted_code


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("net(X)", True),
        ("net(", False),
        ("for p in x:", False),
        ("for p in x:\n    print(p)", False),
        ("for p in x:\n    print(p)\n    ", True),
        ("for p in x:\n    print(p)\n", True),
        ("x = [\n1,\n]", True),
        ("x = [\n1,\n\n", False),
        ("'''open", False),
        ("x = 1\nif x:\n    y\nelse:\n    z", False),
        ("1 +", True),  # a syntax error is shown by running it
        (")", True),
        ("@decorator", False),
        ("'\\d'", True),  # warns of the escape when it runs, not here
        ("x = '\x00'", True),
    ],
)
def test_enter_runs_what_is_complete(text: str, complete: bool) -> None:
    assert enter_runs(text) is complete


def test_pasted_code_runs_without_a_blank_line() -> None:
    assert enter_runs("def f():\n    return 1", pasted=True)
    assert not enter_runs("def f(", pasted=True)


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        ("x = 1", ""),
        ("for p in x:", "    "),
        ("for p in x:  # all", "    "),
        ("    y = 1", "    "),
        ("    return y", ""),
        ("        pass", "    "),
        ("returned = 1", ""),
    ],
)
def test_the_next_line_is_indented_as_python_needs_it(line: str, indent: str) -> None:
    assert next_indent(line) == indent


def test_of_a_paste_with_prompts_the_code_is_taken() -> None:
    assert pasted_code(">>> x = 1\n>>> for p in x:\n...     print(p)\n...\n1\n>>> x") == (
        "x = 1\nfor p in x:\n    print(p)\n\nx"
    )


def test_a_paste_is_dedented_and_made_safe() -> None:
    assert pasted_code("\n    x = 1\r\n    \x1b[31my\x1b[0m = '\x1b\u202e'\n") == "x = 1\ny = '␛<202E>'\n"
