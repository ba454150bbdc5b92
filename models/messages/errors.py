"""The exceptions that a request can raise instead of returning its answer.  Must not import torch or textual."""

from __future__ import annotations

from . import Problem


class EngineProblem(Exception):
    """Raised where a request is answered with a `Problem`, or where a handler wants it to be."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


class EngineGone(Exception):
    """Raised where the engine's process ended or never started.

    `title` is one line with the exit status or signal, `words` the last lines of its standard error ("" for none).
    """

    def __init__(self, title: str, words: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.words = words
