"""The console's interpreter: what the explorer's console and the headless one run statements with.

Owns the namespace's `_`, the console's source lines and what is displayed.  Must not import torch.
"""

from __future__ import annotations

import ast
import enum
import io
import linecache
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import CodeType

from ...messages import Problem
from ...sources.tracebacks import Raised, problem_of, raised
from ...work.parsing import parse_python
from .reprs import bounded_repr


class Nothing(enum.Enum):
    """Class of the value of what is no expression, or did not get as far as one."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING

LEAVE = "To leave the explorer press q; a headless console ends with its input."


@dataclass(slots=True)
class StatementOutcome:
    """What became of one text: the value of its last expression, or what it raised."""

    value: object = NOTHING
    """The last statement's value when that is an expression."""
    value_repr: str | None = None
    """The bounded `repr` of `value`; None for no value and for None, as at Python's prompt."""
    problem: Problem | None = None
    """What was raised, for the user."""
    raised: Raised | None = None
    """The same in parts: type, message, file and line."""


class _Leave:
    """`exit` and `quit`: unlike Python's own they leave standard input open, and say how to leave."""

    def __repr__(self) -> str:
        return LEAVE

    def __call__(self, code: object = None) -> None:
        raise SystemExit(code)


@dataclass(slots=True)
class _Part:
    """One top-level statement, compiled."""

    code: CodeType
    is_expression: bool


class Interpreter:
    """Runs statements in one live namespace, whose `_` it sets as Python's prompt does."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self.namespace = namespace
        namespace.setdefault("__name__", "__main__")  # so that classes print as at Python's prompt
        for name in ("exit", "quit"):
            namespace.setdefault(name, _Leave())
        self._count = 0

    def run(
        self,
        text: str,
        *,
        single: bool = False,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> StatementOutcome:
        """Run the statements of `text`; never raises anything that they raise.

        Every top-level expression is displayed: all but a last one on `sys.stdout`, the last one in the outcome.

        Args:
            single: whether `text` must be one statement of the prompt, as `statements` yields them: what follows a
                block without a blank line between is a syntax error, as it is for Python.
            around: makes the context in which each statement runs (a trace, say) and its display does not.
        """
        outcome = StatementOutcome()
        display = sys.displayhook
        try:
            sys.displayhook = self._display  # for expressions within a `for` or `if`, which Python displays too
            try:
                parts = self._compile(text, single)
            except Exception as exc:  # the error is in the text: no line that ran belongs to it
                outcome.problem = problem_of(exc.with_traceback(None))
                outcome.raised = raised(exc)
                return outcome
            for index, part in enumerate(parts, 1):
                with around():
                    # eval of a statement's code runs it, and answers None
                    value = eval(part.code, self.namespace)
                if not part.is_expression:
                    continue
                if index < len(parts):
                    self._display(value)
                else:
                    outcome.value_repr = self._shown(value)
                    outcome.value = value
        except SystemExit as exc:
            outcome.problem = Problem(kind="usage", title="SystemExit: the engine goes on", text=LEAVE)
            outcome.raised = raised(exc)
        except BaseException as exc:
            outcome.problem = problem_of(exc)
            outcome.raised = raised(exc)
        finally:
            sys.displayhook = display
        return outcome

    def _compile(self, text: str, single: bool) -> list[_Part]:
        """Compile all of `text` before any of it runs; its lines are registered for tracebacks and `inspect`."""
        self._count += 1
        name = f"<console {self._count}>"
        if not text.endswith("\n"):
            text += "\n"
        lines = io.StringIO(text, newline=None).readlines()  # the lines of the parser: a string may hold other breaks
        linecache.cache[name] = (len(text), None, lines, name)
        mode = "single" if single and text.strip() else "exec"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the second reading, below, shows them
            compile(text, name, mode, dont_inherit=True)
        parts = []
        tree = parse_python(text, name)
        assert isinstance(tree, ast.Module)
        for statement in tree.body:
            if isinstance(statement, ast.Expr):
                code = compile(ast.Expression(statement.value), name, "eval", dont_inherit=True)
                parts.append(_Part(code, is_expression=True))
            else:
                code = compile(ast.Interactive([statement]), name, "single", dont_inherit=True)
                parts.append(_Part(code, is_expression=False))
        return parts

    def _shown(self, value: object) -> str | None:
        """Return what the prompt shows of `value`, which becomes `_`; None for None."""
        if value is None:
            return None
        shown = bounded_repr(value)
        self.namespace["_"] = value
        return shown

    def _display(self, value: object) -> None:
        shown = self._shown(value)
        if shown is None:
            return
        try:
            sys.stdout.write(shown + "\n")
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding or "utf-8"
            sys.stdout.write(shown.encode(encoding, "backslashreplace").decode(encoding) + "\n")
