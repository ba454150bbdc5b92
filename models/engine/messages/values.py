"""Numbers of one tensor: a window, a reduced picture, statistics; and gradient norms of many."""

from __future__ import annotations

from typing import Literal

from .base import Body, Record

Of = Literal["value", "gradient"]
Absence = Literal["", "none", "meta", "uninitialised", "gone", "unsupported"]
"""Why there are no numbers: no gradient yet, a meta tensor, a lazy parameter, a path that no longer exists, a layout
that cannot be windowed.  Empty when there are numbers."""


class Window(Body):
    """A rectangle of the last two dimensions; answered by `Cells`.

    A 0-d tensor is a 1x1 matrix; a 1-d tensor of n elements is a matrix of 1 row and n columns.
    """

    path: str
    of: Of = "value"
    leading: list[int] = []
    """Indices of all dimensions but the last two; missing ones are 0, too large ones are clamped."""
    row: int = 0
    rows: int = 20
    column: int = 0
    columns: int = 20
    """`rows * columns` at most 20,000."""


class Cells(Body):
    path: str
    of: Of
    absence: Absence = ""
    reason: str = ""
    """A sentence for the person when there are no numbers."""
    shape: list[int] = []
    dtype: str = ""
    leading: list[int] = []
    row: int = 0
    column: int = 0
    rows: int = 0
    columns: int = 0
    """The rectangle that was read, clamped to the tensor."""
    height: int = 0
    width: int = 0
    """Of the whole matrix that the window is a part of."""
    number: Literal["float", "int", "bool", "complex"] = "float"
    values: list[int | float] = []
    """Row-major; 0 and 1 for booleans, for complex numbers the real parts."""
    imaginary: list[float] = []


class HeatMap(Body):
    """The whole matrix reduced to at most `height` x `width` cells; answered by `HeatCells`."""

    path: str
    of: Of = "value"
    leading: list[int] = []
    height: int = 20
    width: int = 60


class HeatCells(Body):
    path: str
    of: Of
    absence: Absence = ""
    reason: str = ""
    shape: list[int] = []
    leading: list[int] = []
    height: int = 0
    width: int = 0
    block: tuple[int, int] = (1, 1)
    """Elements per cell: down, across."""
    values: list[float] = []
    """Row-major: of each block the entry of largest magnitude, sign kept; NaN where the block holds one."""


class Statistics(Body):
    """One pass over a tensor; answered by `StatisticsOf`, with `Progress` when it takes over 0.3 s."""

    path: str
    of: Of = "value"
    bins: int = 40
    exact: bool = False
    """Read a second time where that makes the quantiles exact."""


class StatisticsOf(Body):
    path: str
    of: Of
    absence: Absence = ""
    reason: str = ""
    count: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    """Of the finite values, as `torch.std` (divided by n - 1); None below two values."""
    l2: float | None = None
    zeros: int = 0
    nan: int = 0
    inf: int = 0
    edges: list[float] = []
    """`bins + 1` ascending bounds between minimum and maximum; empty without finite values."""
    counts: list[int] = []
    """Where the quantiles are not exact, an element as near to an edge as that may be counted on its other side."""
    quantiles: list[tuple[float, float]] = []
    """Which, from 0 to 1, and the finite value there: the smallest that is at least so great as that part of them."""
    quantiles_within: float = 0.0
    """How far the quantiles may be off, relative to their magnitude: 0 where they are exact."""


class StatisticsOfAll(Body):
    """Take the statistics of every tensor at or below `path` and keep them; answered by `Done`.

    `Progress` after each part; the table of tensors then tells them (`TensorRow.statistics`).  Can be cancelled:
    what is known by then stays.
    """

    path: str


class GradientRows(Body):
    """Gradient norms of the parameters at or below `path`, in tree order, in pages; answered by `GradientPage`."""

    path: str
    start: int
    count: int


class GradientRow(Record):
    path: str
    state: Literal["none", "zero", "value", "frozen"]
    norm: float | None = None
    """L2 norm; NaN and infinity possible."""
    size: int = 0
    """Elements."""


class GradientPage(Body):
    path: str
    total: int
    start: int
    rows: list[GradientRow]
