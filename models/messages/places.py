"""What is selected and asked about: a path of the tree, or a call of a run."""

from __future__ import annotations

from typing import Literal

from .base import BodyPart
from .limits import Count, Text


class CallTensor(BodyPart):
    """A call of a run, and which of its tensors is meant where that matters."""

    run: Count
    call: Count
    """Index of its row."""
    side: Literal["output", "input"] = "output"
    """Whether a tensor that it returned is meant, or one that it was given."""
    number: Count = 0
    """Which of them, from 0."""


Place = Text | CallTensor
"""A path of the tree, or a call."""
