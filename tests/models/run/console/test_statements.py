"""Python's own prompt (`code.InteractiveConsole`) is the oracle of where statements end."""

from __future__ import annotations

import code
import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.run.console.statements import is_complete, statements
from tests.cases import examples


def given_by_python(lines: list[str]) -> list[str]:
    """What Python's prompt takes for statements."""
    taken: list[str] = []

    class Prompt(code.InteractiveConsole):
        def runsource(self, source: str, filename: str = "<input>", symbol: str = "single") -> bool:
            more = super().runsource(source, filename, symbol)
            if not more:
                taken.append(source.rstrip("\n"))
            return more

        def runcode(self, code: object) -> None:
            pass

        def showsyntaxerror(self, *args: object, **named: object) -> None:
            """Not shown: Python 3.13.0 fails at it where the source has a null byte."""

    prompt = Prompt()
    with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        for line in lines:
            prompt.push(line)
    if prompt.buffer:
        taken.append("\n".join(prompt.buffer).rstrip("\n"))
    return [text for text in taken if any(line.strip() and line.strip()[0] != "#" for line in text.split("\n"))]


BLOCKS = [
    "x = 1",
    "x = 1\ny = 2",
    "for i in range(2):\n    i\n\nx",
    "for i in range(2):\n    i\nx = 1\ny = 2",
    "if a:\n    b\nelse:\n    c\n\nd",
    "def f():\n    return 1",
    "class A:\n    # note\n    def f(self):\n        pass\n\n    def g(self):\n        pass\n",
    "x = (\n1,\n\n2)\ny",
    "'''one\n\ntwo'''\nz",
    "@d\ndef f(): pass\n\nf()",
    "a b\nc",
    "lambda:\nx",
    "# only\n\n   \n",
    "# before\nx",
    "x = \\\n1",
    "x = (",
    "print('\nx",
    "try:\n    1/0\nexcept Exception:\n    pass\n\nx",
    "\0\nx",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_statements_end_where_pythons_prompt_ends_them(block: str) -> None:
    assert list(statements(block.split("\n"))) == given_by_python(block.split("\n"))


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(st.sampled_from(["x", "if x:", "    y", "", "(", ")", "'''", "# c", "else:", "x = 1 \\", "    ", "@d"]))
)
def test_any_lines_end_where_pythons_prompt_ends_them(lines: list[str]) -> None:
    assert list(statements(lines)) == given_by_python(lines)


def test_a_statement_is_given_before_the_next_line_is_read() -> None:
    read: list[str] = []

    def lines() -> Iterator[str]:
        for line in ("x = 1\n", "y = 2\n"):
            read.append(line)
            yield line

    assert next(statements(lines())) == "x = 1"
    assert read == ["x = 1\n"]


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("x", True),
        ("", True),
        ("net(", False),
        ("for i in x:", False),
        ("for i in x:\n    i", False),
        ("for i in x:\n    i\n", True),
        ("x = 1\ny = 2", True),
        ("class A:\n    def f(self):\n        pass\n\n    def g(self):\n        pass\n\nA()", True),
        ("x = 1\ny = (", False),
        ("a b", None),
        ("\0", None),
    ],
)
def test_enter_runs_what_is_complete(text: str, complete: bool | None) -> None:
    assert is_complete(text) is complete
