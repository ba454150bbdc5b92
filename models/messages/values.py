"""Numbers of one tensor: a window, a reduced picture, statistics; and gradient norms of many."""

from __future__ import annotations

from typing import Literal

from .base import Body, Record
from .limits import Count, Counts, Edges, Heat, Index, Number, Numbers, Page, Shape, Share, Side, Signed, Text

Of = Literal["value", "gradient"]
Absence = Literal["", "none", "meta", "uninitialised", "gone", "unsupported", "unread"]
"""Why there are no numbers: no gradient yet, a meta tensor, a lazy parameter, a path that no longer exists, a layout
that cannot be windowed, a gradient that cannot be read while code runs.  Empty when there are numbers."""


class Window(Body):
    """A rectangle of the last two dimensions; answered by `Cells`.

    A 0-d tensor is a 1x1 matrix; a 1-d tensor of n elements is a matrix of 1 row and n columns.
    """

    path: Text
    of: Of = "value"
    leading: Index = []
    """Indices of all dimensions but the last two; missing ones are 0, too large ones are clamped."""
    row: Signed = 0
    rows: Signed = 20
    column: Signed = 0
    columns: Signed = 20
    """`rows * columns` at most 20,000."""


class Cells(Body):
    path: Text
    of: Of
    absence: Absence = ""
    reason: Text = ""
    """A sentence for the user when there are no numbers."""
    shape: Shape = []
    dtype: Text = ""
    leading: Shape = []
    row: Count = 0
    column: Count = 0
    rows: Count = 0
    columns: Count = 0
    """The rectangle that was read, clamped to the tensor."""
    height: Count = 0
    width: Count = 0
    """Of the whole matrix that the window is a part of."""
    number: Literal["float", "int", "bool", "complex"] = "float"
    values: Numbers = []
    """Row-major; 0 and 1 for booleans, for complex numbers the real parts."""
    imaginary: Numbers = []
    note: Text = ""
    """Of what the numbers are, where they are not the whole tensor's as it is now: of an optimizer's step while code
    runs, of when the statement began, of this rank's part."""


class HeatMap(Body):
    """The whole matrix reduced to at most `height` x `width` cells; answered by `HeatCells`."""

    path: Text
    of: Of = "value"
    leading: Index = []
    height: Side = 20
    width: Side = 60


class HeatCells(Body):
    path: Text
    of: Of
    absence: Absence = ""
    reason: Text = ""
    shape: Shape = []
    leading: Shape = []
    height: Count = 0
    width: Count = 0
    block: tuple[Count, Count] = (1, 1)
    """Elements per cell: down, across."""
    values: Heat = []
    """Row-major: of each block the entry of largest magnitude, sign kept; NaN where the block holds one."""
    note: Text = ""
    """As in `Cells`."""


class Statistics(Body):
    """One pass over a tensor; answered by `StatisticsOf`, with `Progress` when it takes over 0.3 s."""

    path: Text
    of: Of = "value"
    bins: Signed = 40
    exact: bool = False
    """Read a second time where that makes the quantiles exact."""


class StatisticsOf(Body):
    path: Text
    of: Of
    absence: Absence = ""
    reason: Text = ""
    count: Count = 0
    minimum: Number | None = None
    maximum: Number | None = None
    mean: Number | None = None
    std: Number | None = None
    """Of the finite values, as `torch.std` (divided by n - 1); None below two values."""
    l2: Number | None = None
    zeros: Count = 0
    nan: Count = 0
    inf: Count = 0
    edges: Edges = []
    """`bins + 1` ascending bounds between minimum and maximum; empty without finite values."""
    counts: Counts = []
    """Where the quantiles are not exact, an element as near to an edge as that may be counted on its other side."""
    quantiles: Page[tuple[Share, Number]] = []
    """Which, from 0 to 1, and the finite value there: the smallest that is at least so great as that part of them."""
    quantiles_within: Number = 0.0
    """How far the quantiles may be off, relative to their magnitude: 0 where they are exact."""
    note: Text = ""
    """As in `Cells`."""
    passing: bool = False
    """Whether this is of a moment while code runs: soon it may be different, and nothing will tell."""


class StatisticsOfAll(Body):
    """Take the statistics of every tensor at or below `path` and keep them; answered by `Done`.

    `Progress` after each part; the table of tensors then tells them (`TensorRow.statistics`).  Can be cancelled:
    what is known by then stays.
    """

    path: Text


class GradientRows(Body):
    """Gradient norms of the parameters at or below `path`, in tree order, in pages; answered by `GradientPage`."""

    path: Text
    start: Signed
    count: Signed


class GradientRow(Record):
    path: Text
    state: Literal["none", "zero", "value", "frozen", "unread"]
    """`unread`: code runs, and nobody knows meanwhile."""
    norm: Number | None = None
    """L2 norm; NaN and infinity possible."""
    size: Count = 0
    """Elements."""


class GradientPage(Body):
    path: Text
    total: Count
    start: Count
    rows: Page[GradientRow]
    note: Text = ""
    """As in `Cells`."""
    passing: bool = False
    """As in `StatisticsOf`."""
