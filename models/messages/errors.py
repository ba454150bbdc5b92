"""What a request can end with instead of its answer.  Must not import torch or textual."""

from __future__ import annotations

from . import Problem


class EngineProblem(Exception):
    """The engine answered a request with a `Problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


class EngineGone(Exception):
    """The engine's process ended, or was never there.

    `title` is one line with the exit status or signal; `words` the last lines it wrote to its standard error.
    """

    def __init__(self, title: str, words: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.words = words
