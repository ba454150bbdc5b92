"""What Python's prompt does is the oracle."""

from __future__ import annotations

import _thread
import inspect
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from models.run.console.interpreter import NOTHING, Interpreter


@pytest.fixture
def console() -> Interpreter:
    return Interpreter({})


def test_the_last_value_is_the_outcome_and_earlier_ones_are_printed(
    console: Interpreter, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = console.run("1\n'two'\nNone\n[3]")
    assert (outcome.value, outcome.value_repr, outcome.problem) == ([3], "[3]", None)
    assert capsys.readouterr().out == "1\n'two'\n"


def test_expressions_within_a_loop_are_displayed_as_at_the_prompt(
    console: Interpreter, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = console.run("for i in range(2): i, i")
    assert outcome.value is NOTHING
    assert outcome.value_repr is None
    assert capsys.readouterr().out == "(0, 0)\n(1, 1)\n"


def test_none_shows_nothing_and_underscore_keeps_the_last_value(console: Interpreter) -> None:
    assert console.run("6 * 7").value_repr == "42"
    none = console.run("None")
    assert (none.value, none.value_repr) == (None, None)
    assert console.run("_ + 1").value == 43


def test_the_namespace_is_live() -> None:
    names: dict[str, object] = {"x": 1}
    console = Interpreter(names)
    console.run("x = x + 1\ndef f(): return x\nx = 10")
    assert names["x"] == 10
    assert console.run("f()").value == 10


def test_an_error_keeps_what_ran_before_it(console: Interpreter) -> None:
    outcome = console.run("x = 1\n1 / 0\nx = 2")
    assert outcome.problem is not None
    assert outcome.problem.title == "ZeroDivisionError: division by zero"
    assert outcome.problem.text.startswith("Traceback (most recent call last):\n")
    assert '  File "<console 1>", line 2, in <module>\n    1 / 0\n' in outcome.problem.text
    assert "interpreter.py" not in outcome.problem.text
    assert outcome.raised is not None
    assert (outcome.raised.type, outcome.raised.message) == ("ZeroDivisionError", "division by zero")
    assert outcome.raised.where == ("<console 1>", 2)
    assert console.namespace["x"] == 1


@pytest.mark.parametrize("text", ["x = = 1", "return 1", "x = 1\n  y", "f(", "for", "print('a", "'\\N{no}'"])
def test_a_syntax_error_reads_as_pythons_and_runs_nothing(console: Interpreter, text: str) -> None:
    console.run("ran = False")
    outcome = console.run("ran = True\n" + text)
    with pytest.raises(SyntaxError) as expected:
        compile("ran = True\n" + text + "\n", "<console 2>", "exec")
    assert outcome.problem is not None
    assert outcome.problem.title == f"{type(expected.value).__name__}: {expected.value.msg}"
    assert outcome.problem.text.startswith(f'  File "<console 2>", line {expected.value.lineno}\n')
    assert "Traceback" not in outcome.problem.text
    assert console.namespace["ran"] is False


def test_the_caret_stands_under_the_error(console: Interpreter) -> None:
    problem = console.run("x = = 1").problem
    assert problem is not None
    assert problem.text == '  File "<console 1>", line 1\n    x = = 1\n        ^\nSyntaxError: invalid syntax'


def test_a_single_statement_of_the_prompt_ends_at_its_blank_line(console: Interpreter) -> None:
    block = "for i in range(2):\n    pass\nx = 1"
    assert console.run(block, single=True).problem is not None
    assert "x" not in console.namespace
    assert console.run(block).problem is None
    assert console.namespace["x"] == 1
    assert console.run("for i in range(2):\n    pass", single=True).problem is None
    assert console.run("1; 2", single=True).value == 2


@pytest.mark.parametrize("text", ["exit()", "quit(3)", "raise SystemExit", "import sys; sys.exit(1)"])
def test_leaving_says_how_and_closes_nothing(console: Interpreter, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("still there"))
    problem = console.run(text).problem
    assert problem is not None
    assert problem.kind == "usage"
    assert "q" in problem.text.split()[-9:] or "press q" in problem.text
    assert sys.stdin.read() == "still there"


def test_an_endless_loop_is_interrupted_and_the_console_goes_on(console: Interpreter) -> None:
    display, started = sys.displayhook, threading.Event()
    console.namespace["started"] = started

    def interrupt() -> None:
        started.wait()
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    outcome = console.run("n = 0\nwhile True:\n    n += 1\n    started.set()")
    thread.join()
    assert outcome.problem is not None
    assert outcome.problem.kind == "interrupted"
    assert '"<console 1>", line ' in outcome.problem.text
    assert sys.displayhook is display
    assert console.run("n > 0").value is True


def test_an_interrupt_while_the_value_is_printed_is_an_interrupt(console: Interpreter) -> None:
    console.run("class Slow:\n    def __repr__(self): raise KeyboardInterrupt")
    outcome = console.run("Slow()")
    assert outcome.problem is not None
    assert outcome.problem.kind == "interrupted"


def test_source_of_what_was_typed_is_found(console: Interpreter) -> None:
    source = "def double(x):\n    # twice\n    return 2 * x\n"
    console.run("pass")
    console.run(source)
    assert inspect.getsource(console.namespace["double"]) == source  # type: ignore[arg-type]


def test_classes_print_as_at_the_prompt(console: Interpreter) -> None:
    assert console.run("class MLP: pass\nMLP").value_repr == "<class '__main__.MLP'>"


def test_annotations_are_evaluated_although_this_package_postpones_its_own(console: Interpreter) -> None:
    assert console.run("def f(x: int): pass\nf.__annotations__['x']").value is int


def test_a_statements_own_display_hook_is_not_used(console: Interpreter, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.displayhook
    console.run("import sys\nsys.displayhook = lambda value: print('mine')\n5\n6")
    assert capsys.readouterr().out == "5\n"
    assert sys.displayhook is before


def test_statements_run_inside_the_given_context_and_displays_outside(console: Interpreter) -> None:
    inside = [0]

    @contextmanager
    def around() -> Iterator[None]:
        inside[0] += 1
        try:
            yield
        finally:
            inside[0] -= 1

    console.namespace["inside"] = inside
    console.run("class Shown:\n    def __repr__(self): return f'shown in {inside[0]}'")
    assert console.run("ran_in = inside[0]\nShown()", around=around).value_repr == "shown in 0"
    assert console.namespace["ran_in"] == 1


def test_text_that_the_output_cannot_encode_is_escaped(console: Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", written)
    console.run("'é'\n1")
    written.seek(0)
    assert written.read() == "'\\xe9'\n"


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "pass"])
def test_nothing_gives_nothing(console: Interpreter, text: str) -> None:
    outcome = console.run(text)
    assert (outcome.value, outcome.value_repr, outcome.problem) == (NOTHING, None, None)


@pytest.mark.parametrize("broken", ["\u2028", "\u2029", "\x85", "\x0c", "\x1c"])
def test_a_break_within_a_string_shifts_no_line_of_a_traceback(console: Interpreter, broken: str) -> None:
    outcome = console.run(f"text = 'a{broken}b'\r\nzero = 0\r1 / zero")
    assert outcome.problem is not None
    assert '  File "<console 1>", line 3, in <module>\n    1 / zero\n' in outcome.problem.text
