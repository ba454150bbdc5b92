"""Why a request cannot be answered: nothing is open, a checkpoint has no code, a source cannot be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import Choice, Problem
from ..messages.errors import EngineProblem

if TYPE_CHECKING:
    from ..opened.source import Source, SourceError


def nothing_open() -> EngineProblem:
    """Return the error of a request that needs an open model."""
    return EngineProblem(Problem("usage", "Nothing is open", "Open a network from the catalogue: key o."))


def requires_code(source: Source | None = None) -> EngineProblem:
    """Return the error of a request that needs a network that runs, where a checkpoint is open, from `source`."""
    if source is not None and source.how_to_run:
        return EngineProblem(Problem("usage", "The network in this file was read, not loaded", source.how_to_run))
    return EngineProblem(
        Problem(
            "usage",
            "A checkpoint holds tensors, not code: there is nothing to run",
            "Open the code that builds the network, as FILE.py:NAME, where NAME is a function that builds it, loads "
            "this file with load_state_dict and returns it.",
        )
    )


def problem_of_source(error: SourceError) -> Problem:
    """Return why a source cannot be opened, and what can be opened instead."""
    from ..opened.source import SeveralSources

    choices = [Choice(*each) for each in error.choices] if isinstance(error, SeveralSources) else []
    return Problem("source", error.title, error.text, where=error.where, choices=choices)
