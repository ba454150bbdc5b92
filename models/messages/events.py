"""What the engine tells without being asked."""

from __future__ import annotations

from typing import Literal

from .base import Body
from .limits import Count, Names, Text
from .sources import Summary


class OutputText(Body):
    """Something was printed by the engine's code, from Python or from C++."""

    stream: Literal["stdout", "stderr"]
    text: Text


class StateChanged(Body):
    """The model is not what it was: ask again for what is on the screen.

    `structure` when rows came or went, `values` when numbers did, `gradients` likewise.
    """

    summary: Summary
    structure: bool = False
    values: bool = False
    gradients: bool = False
    changed: Names = []


class CallsGrew(Body):
    run: Count
    total: Count
    complete: bool = False


class Busy(Body):
    """What the main thread works at now; empty text when it is free."""

    text: Text
