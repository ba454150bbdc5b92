"""Conversion of what a handler raises to the `Problem` that the interface shows."""

from __future__ import annotations

import traceback

from ..messages import Problem
from ..messages.errors import EngineProblem
from ..work.cancelled import Cancelled

TITLE = 300
"""Characters of a title."""
TEXT = 4000
"""Characters of a text."""
FRAMES = 8
"""Innermost frames of a traceback that are shown."""


def handler_problem(error: BaseException) -> Problem:
    """Return the problem of an error: its own if it has one, else `interrupted`, or `engine` with a traceback.

    Work that gave up though its request was not cancelled was about something else than what is there by now.
    """
    if isinstance(error, EngineProblem):
        return error.problem
    if isinstance(error, KeyboardInterrupt):
        return Problem(kind="interrupted", title="interrupted")
    if isinstance(error, Cancelled):
        return Problem(kind="gone", title="Something else is looked at by now")
    formatted = traceback.TracebackException.from_exception(error, limit=-FRAMES)
    title = " ".join("".join(formatted.format_exception_only()).split())
    return Problem(kind="engine", title=title[:TITLE], text="".join(formatted.format())[-TEXT:])
