"""What a handler raised, as the `Problem` that the interface shows."""

from __future__ import annotations

import traceback

from ..messages import Problem
from ..messages.errors import EngineProblem

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
