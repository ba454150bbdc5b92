"""Where in a tensor the next NaN or infinity stands."""

from __future__ import annotations

from .base import Body
from .limits import Index, Shape, Step, Text
from .values import Absence, Of


class NextNonfinite(Body):
    """The next element behind (`step` 1) or before (-1) the one at `index` that is NaN or infinite.

    In row-major order over all dimensions, wrapping; the element at `index` itself comes last.  Answered by
    `Nonfinite`, with `Progress` while a large tensor is read.
    """

    path: Text
    of: Of = "value"
    index: Index = []
    """One number for each dimension; missing ones are 0, too large ones are clamped."""
    step: Step = 1


class Nonfinite(Body):
    path: Text
    of: Of
    absence: Absence = ""
    reason: Text = ""
    """A sentence for the user when there are no numbers."""
    index: Shape | None = None
    """Where it stands, one number for each dimension; None where every element is finite."""
    note: Text = ""
    """As in `Cells`."""
