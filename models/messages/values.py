"""Elements of one tensor: a window, a heat map, statistics; and gradient norms of many tensors."""

from __future__ import annotations

from typing import Literal

from .base import Body, BodyPart
from .limits import Count, Counts, Edges, Heat, Index, Number, Numbers, Page, Shape, Share, SideLength, Signed, Text
from .places import Place

Of = Literal["value", "gradient", "other", "difference"]
"""Whether the tensor at a path is meant, or its gradient.

While something is compared the value is that of A, `other` that of B, and `difference` B - A."""
Absence = Literal["", "none", "meta", "uninitialised", "gone", "unsupported", "unread", "unkept"]
"""Why there are no elements to read; empty when there are.

`none`: no gradient yet.  `meta`: a meta tensor.  `uninitialised`: a lazy parameter.  `gone`: the path no longer exists.
`unsupported`: a layout that cannot be windowed.  `unread`: a gradient that cannot be read while code runs.  `unkept`: a
tensor of a call, of which its run kept no copy for want of room; `KeepCall` does."""


class Window(Body):
    """Read a rectangle of a tensor's last two dimensions; answered by `Cells`.

    A 0-d tensor is a 1x1 matrix; a 1-d tensor of n elements is a matrix of 1 row and n columns.
    """

    path: Place
    of: Of = "value"
    leading: Index = []
    """Indices into all dimensions but the last two; missing ones are 0, too large ones are clamped."""
    row: Signed = 0
    rows: Signed = 20
    column: Signed = 0
    columns: Signed = 20
    """`rows * columns` is at most 20,000: more are cut."""


class Cells(Body):
    """The elements of a `Window`."""

    path: Place
    of: Of
    absence: Absence = ""
    reason: Text = ""
    """A sentence for the user when there are no elements."""
    shape: Shape = []
    """Of the tensor."""
    dtype: Text = ""
    leading: Shape = []
    """As read: one index for each dimension but the last two."""
    row: Count = 0
    column: Count = 0
    rows: Count = 0
    columns: Count = 0
    """The rectangle that was read, clamped to the tensor."""
    height: Count = 0
    width: Count = 0
    """Columns, as `height` is rows, of the whole matrix that the window is a part of."""
    number: Literal["float", "int", "bool", "complex"] = "float"
    """Kind of the dtype."""
    values: Numbers = []
    """Elements, row-major; 0 and 1 for booleans, the real parts of complex ones."""
    imaginary: Numbers = []
    """Imaginary parts of complex elements; else empty."""
    note: Text = ""
    """What the elements are, where they are not the whole tensor's as it is now: those of an optimizer's step while
    code runs, of when the statement began, of this rank's part.  Empty otherwise."""


class HeatMap(Body):
    """Reduce the whole matrix to at most `height` x `width` cells; answered by `HeatCells`."""

    path: Place
    of: Of = "value"
    leading: Index = []
    height: SideLength = 20
    width: SideLength = 60


class HeatCells(Body):
    """The cells of a `HeatMap`, `height` down and `width` across."""

    path: Place
    of: Of
    absence: Absence = ""
    reason: Text = ""
    shape: Shape = []
    leading: Shape = []
    height: Count = 0
    width: Count = 0
    block: tuple[Count, Count] = (1, 1)
    """Elements of the matrix in one cell: down, across."""
    values: Heat = []
    """Row-major: of each block the element of largest magnitude, sign kept; NaN where the block holds one."""
    read: Count = 0
    """Elements that were read: fewer than the matrix has where the cells are those of a sample of each block."""
    note: Text = ""
    """As in `Cells`."""


class Statistics(Body):
    """Take the statistics of a tensor in one pass; answered by `StatisticsOf`, with `Progress` over 0.3 s."""

    path: Place
    of: Of = "value"
    bins: Signed = 40
    """Bins of the histogram; the nearest number from 1 to 1,000 is taken."""
    exact: bool = False
    """Read the tensor a second time where that makes the quantiles exact."""


class StatisticsOf(Body):
    """The statistics of a tensor; those of its values are of the finite ones, None where there are none."""

    path: Place
    of: Of
    absence: Absence = ""
    reason: Text = ""
    count: Count = 0
    """Elements, NaN and infinities included."""
    minimum: Number | None = None
    maximum: Number | None = None
    minimum_at: Shape | None = None
    maximum_at: Shape | None = None
    """Indices of the first element that is the minimum, the maximum, in the order of memory; None where unknown."""
    mean: Number | None = None
    std: Number | None = None
    """Standard deviation of the finite values as `torch.std` takes it, divided by n - 1; None below two values."""
    l2: Number | None = None
    """Euclidean norm of the finite values."""
    zeros: Count = 0
    nan: Count = 0
    inf: Count = 0
    edges: Edges = []
    """`bins + 1` ascending edges of the histogram's bins, minimum to maximum; empty without finite values."""
    counts: Counts = []
    """Finite elements in each bin.  Where the quantiles are not exact, an element as near to an edge as their error may
    be counted on the other side of it."""
    quantiles: Page[tuple[Share, Number]] = []
    """Pairs of a fraction q and the q-quantile of the finite values: the smallest that is at least as great as that
    fraction of them."""
    quantiles_within: Number = 0.0
    """Greatest relative error of the quantiles; 0 where they are exact."""
    note: Text = ""
    """As in `Cells`."""
    passing: bool = False
    """Whether this was read while code runs: it may change soon, without a `StateChanged`."""

    @property
    def absmax(self) -> float | None:
        """Return the largest magnitude of the finite values; None where there are none."""
        return None if self.minimum is None or self.maximum is None else max(abs(self.minimum), abs(self.maximum))

    @property
    def absmax_at(self) -> list[int] | None:
        """Return the index of an element of the largest magnitude; None where unknown."""
        if self.minimum is None or self.maximum is None:
            return None
        return self.minimum_at if -self.minimum > self.maximum else self.maximum_at


class StatisticsOfAll(Body):
    """Take the statistics of every tensor at or below `path` and keep them; answered by `Done`.

    Sends `Progress` after each part; the table of tensors then shows them (`TensorRow.statistics`).  Can be cancelled:
    what is known by then stays.
    """

    path: Text


class GradientRows(Body):
    """Read the gradient norms of the parameters at or below `path`, in tree order; answered by `GradientPage`."""

    path: Text
    start: Signed
    count: Signed


class GradientRow(BodyPart):
    """The gradient of one parameter."""

    path: Text
    state: Literal["none", "unreached", "zero", "value", "frozen", "unread"]
    """`none`: there is no gradient yet.  `unreached`: none, where others have theirs.

    `frozen`: `requires_grad` is False.  `unread`: unknown while code runs."""
    norm: Number | None = None
    """Euclidean norm, which may be NaN or infinite; None without a gradient."""
    size: Count = 0
    """Elements of the parameter."""
    cause: Text = ""
    """Why there is none in a word or two, such as `detached`; empty where that is not known."""
    reason: Text = ""
    """Why there is none, or why it is zero, in a sentence; empty where that is not known."""
    where: Text = ""
    """The line that did it; empty where none did."""
    call: Count | None = None
    """The row of the last run's calls that did it; None where none did."""


class LayerGradient(BodyPart):
    """The gradient that came to what a layer returned, in the last backward."""

    path: Text
    """Of the module that it ran in."""
    op: Text
    """Its class, or its operation."""
    layers: Count = 1
    """How many neighbours are taken together, of which this is the first."""
    norm: Number | None = None
    """Euclidean norm, of several the median; None where no gradient came."""


class GradientPage(Body):
    """A page of `GradientRows`."""

    path: Text
    total: Count
    """Parameters at or below `path`."""
    start: Count
    rows: Page[GradientRow]
    note: Text = ""
    """As in `Cells`."""
    passing: bool = False
    """As in `StatisticsOf`."""
    layers: Page[LayerGradient] = []
    """With the first page, after a backward: the layers that read parameters at or below, in order of execution."""
