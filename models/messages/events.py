"""Events, which the engine sends without a request."""

from __future__ import annotations

from typing import Literal

from .base import Body
from .calls import CallPage
from .limits import Count, Names, Text
from .sources import Summary


class OutputText(Body):
    """Text that code in the engine printed, from Python, C++ or a child process."""

    stream: Literal["stdout", "stderr"]
    text: Text


class StateChanged(Body):
    """The model changed: what is on the screen has to be requested again."""

    summary: Summary
    structure: bool = False
    """Whether rows of the tree came or went."""
    values: bool = False
    """Whether elements of tensors changed."""
    gradients: bool = False
    """Whether gradients changed."""
    changed: Names = []
    """Paths whose values changed."""


class CallsGrew(Body):
    """A run recorded more calls, or ended."""

    run: Count
    total: Count
    """Its calls so far, folded."""
    complete: bool = False
    """Whether it has ended."""
    interrupted: bool = False
    """Whether an interrupt has just ended what it records; that it has ended is reported when its last rows are known.
    """
    page: CallPage | None = None
    """The first page of its calls, so that nobody has to ask for it, when they are reported for the first time."""


class Busy(Body):
    """What the engine's main thread works on now."""

    text: Text
    """A few words; empty when it is free."""
