"""Some steps of an optimizer, with what each of them did while they run."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from .base import Body, BodyPart, Problem
from .limits import Count, Names, Number, Parts, Seconds, Text

STEP_LIMIT = 10_000
"""Steps of one request."""
StepCount = Annotated[int, Meta(ge=1, le=STEP_LIMIT)]


class TakeSteps(Body):
    """Take steps of an optimizer on the input of the next forward, undoably; answered by `StepsTaken`.

    Meanwhile `StepsGrew` says what each of them did.  An interrupt ends them.  Fails with kind `usage` where
    nothing can be trained.
    """

    rate: Number
    """The learning rate."""
    count: StepCount
    optimizer: Literal["SGD", "Adam"] = "SGD"
    loss: Text = ""
    """A Python expression in the console's names and `output`; empty for the output's own, or its distance to zeros."""

    anew: bool = False
    """Whether to begin with a new optimizer where there is one to go on with."""


class StepPoint(BodyPart, frozen=True):
    """What one step did."""

    loss: Number
    gradient: Number
    """Euclidean norm of all gradients."""


class LayerUpdate(BodyPart, frozen=True):
    """How far one step moved a layer."""

    path: Text
    ratio: Number
    """Norm of the update over the norm of its parameters before."""


class StepsGrew(Body):
    """More steps were taken."""

    start: Count
    """Index of the first of `points`; 0 begins anew."""
    total: Count
    """Steps that are to be taken."""
    points: Parts[StepPoint]
    layers: Parts[LayerUpdate]
    """Of the last of them, in tree order."""


class StepsTaken(Body):
    """The outcome of `TakeSteps`."""

    count: Count
    """Steps that were taken."""
    loss: Text = ""
    """The loss in Python."""
    code: Text = ""
    """The Python that does the same."""
    text: Text = ""
    """The outcome in one line."""
    problem: Problem | None = None
    """Why it ended early; None where it did not."""
    changed: Names = []
    """Paths whose values changed, as in `Executed`; so is `lasting`."""
    lasting: Text = ""
    seconds: Seconds = 0.0
