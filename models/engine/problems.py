"""What a handler raised, as the `Problem` that the interface shows."""

from __future__ import annotations

import traceback

import msgspec

from .errors import EngineProblem
from .messages import Problem

TITLE = 300
TEXT = 4000
FRAMES = 8


def problem_of(error: BaseException) -> Problem:
    """`error` as a problem: its own if it carries one, `interrupted`, or `engine` with the last frames."""
    if isinstance(error, EngineProblem):
        return error.problem
    if isinstance(error, KeyboardInterrupt):
        return Problem(kind="interrupted", title="interrupted")
    told = traceback.TracebackException.from_exception(error, limit=-FRAMES)
    title = " ".join("".join(told.format_exception_only()).split())
    return Problem(kind="engine", title=title[:TITLE], text="".join(told.format())[-TEXT:])


def sendable(problem: Problem) -> Problem:
    """The same with everything that UTF-8 cannot carry written as escapes."""
    return msgspec.structs.replace(
        problem,
        kind=_utf8(problem.kind),
        title=_utf8(problem.title),
        text=_utf8(problem.text),
        path=None if problem.path is None else _utf8(problem.path),
    )


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
