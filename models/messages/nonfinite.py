"""Seeking the next NaN or infinity of a tensor."""

from __future__ import annotations

from .base import Body
from .limits import Direction, Index, Shape, Text
from .places import Place
from .values import Absence, Of


class NextNonfinite(Body):
    """Find the next element after (`step` 1) or before (-1) the one at `index` that is NaN or infinite.

    The search is in row-major order over all dimensions and wraps; the element at `index` itself comes last.  Answered
    by `Nonfinite`, with `Progress` while a large tensor is read.
    """

    path: Place
    of: Of = "value"
    index: Index = []
    """One integer a dimension; missing ones are 0, too large ones are clamped."""
    step: Direction = 1
    """Direction of the search: 1 or -1."""


class Nonfinite(Body):
    """The place of the element that `NextNonfinite` found."""

    path: Place
    of: Of
    absence: Absence = ""
    reason: Text = ""
    """A sentence for the user when there are no elements."""
    index: Shape | None = None
    """Its index, one integer a dimension; None where every element is finite."""
    note: Text = ""
    """As in `Cells`."""
