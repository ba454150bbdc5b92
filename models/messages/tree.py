"""The module tree: a flat list of visible rows that the engine keeps and the interface asks for in pages.

A path names a row: the state-dict key of a parameter or buffer (`0.block 1.0.bias`), the dotted name of a module
(`""` is the root), the same with the attribute name for a constant.  Paths outlive refreshes; row numbers do not.
"""

from __future__ import annotations

from typing import Literal

from .base import Body, BodyPart
from .comparing import RowDifference
from .limits import Count, Depth, Direction, Links, Number, Page, Positions, Share, Signed, Text

NodeKind = Literal["module", "parameter", "buffer", "constant", "hidden", "group", "state", "item"]
"""Kind of a node of the tree.

`constant`: a plain tensor attribute.  `hidden`: a module in a plain list, dict or attribute, not registered.
`group`: siblings of one structure, folded to a row (`layers.[0–79]`).  Of a checkpoint, `state`: a tensor of an
optimizer or of anything else that is not the network's own; `item`: something that is no tensor, such as an epoch."""


MemoryKind = Literal["", "overlap", "beside"]
"""Whether other tensor objects lie in a tensor's memory: `overlap` on the same elements, `beside` on none of them, as
the parts of one flat memory do."""


class ModuleRun(BodyPart):
    """What the last run did with one module, all its calls together; of a parameter only its gradient's norm."""

    calls: Count
    output: Text
    """Shape of what it returned last."""
    seconds: Share | None = None
    """Its part of the run's time, with what it calls; None where it is not known."""
    flops: Share | None = None
    """Its part of the FLOPs that were counted."""
    kept: Share | None = None
    """Its part of the bytes that backward needs."""
    peak: Share | None = None
    """The most activations that were alive while it ran, as a part of the run's peak; None where not measured."""
    rows: Number | None = None
    """How unlike the rows of the batch are in what it returned last, as in `CallStatistics`."""
    gradient: Number | None = None
    """Norm of the gradient that came to what it returned in the last backward; None where none came."""
    backward: Share | None = None
    """Its part of the seconds of the last backward."""
    weight_gradient: Number | None = None
    """Norm of the gradients of the parameters at or below it after the last backward; None where none has one."""
    weight: Number | None = None
    """Norm of these parameters themselves."""
    problem: Literal["", "failed", "nonfinite"] = ""
    """Whether a call of it failed, or returned NaN or infinities."""

    @property
    def relative_gradient(self) -> float | None:
        """Return the norm of the gradients over that of the parameters; None where the parameters are 0."""
        return self.weight_gradient / self.weight if self.weight_gradient is not None and self.weight else None


class InitialState(BodyPart):
    """What the values of a parameter say of where they come from; of a module or group only what is below it."""

    default: Text = ""
    """What its layer draws it from by default: `±0.5`, `N(0, 1)`, `1`; empty where that is unknown."""
    state: Literal["", "fresh", "zeros", "constant", "other"] = ""
    """`fresh`: it could be a draw from that.  `other`: it is none, so trained, loaded or initialised otherwise.
    Empty where that cannot be said, as of a few elements."""
    std: Number | None = None
    """Standard deviation of the values; None where they were not read."""
    expected: Number | None = None
    """That of the default."""
    value: Number | None = None
    """Of a constant."""
    siblings: Number | None = None
    """How many times as large its values are as those of the layers like it, on average; None where there are few."""
    below: Text = ""
    """How many parameters below are of which state: `14 fresh, 2 other`."""


class TreeRow(BodyPart):
    """One visible row of the tree."""

    path: Text
    name: Text
    """The last part of the path; the network's own name for the root."""
    kind: NodeKind
    depth: Depth
    """0 for the root."""
    detail: Text
    """A module's class name, or a tensor's shape such as `[8, 4]`."""
    dtype: Text = ""
    """Of a tensor; else empty."""
    parameters: Count | None = None
    """Elements of the tensor, or of all parameters below a module, each shared one once; None where unknown."""
    bytes: Count | None = None
    """Bytes of the same tensors; None where unknown."""
    children: Count = 0
    """Direct children, tensors included."""
    unfolded: bool = False
    shared_with: Links = []
    """The other paths of the same object, at most 8."""
    memory: MemoryKind = ""
    memory_with: Links = []
    """Paths of the other objects of `memory`, at most 8."""
    frozen: bool = False
    """Whether a parameter has `requires_grad=False`, or a module has parameters and none is trainable."""
    gradient: Literal["", "none", "unreached", "zero", "value"] = ""
    """State of a trainable parameter's gradient; else empty.

    `none` before any backward; `unreached` without one where other parameters have theirs.  `zero` only where that is
    known cheaply."""
    changed: bool = False
    """Whether the last statement changed its values or, of a module, those of something below it."""
    state: Literal["", "meta", "uninitialised"] = ""
    """Why a tensor has no values; empty where it has."""
    registered: bool = True
    """Whether it is a registered module, parameter or buffer."""
    inferred: bool = False
    """Whether the class in `detail` was inferred from the tensors, not known from code."""
    count: Count = 0
    """Siblings that a group stands for; else 0."""
    group: Text = ""
    """Path of the group that it belongs to; empty for none."""
    run: ModuleRun | None = None
    """What the last run did with a module or parameter; None where there was none, or nothing is known of it."""
    initial: InitialState | None = None
    """Of what holds parameters, where `TreeRows.initial` asks for it."""
    difference: RowDifference | None = None
    """How its two sides differ; None where nothing is compared."""


class TreeRows(Body):
    """Read the visible rows from `start` to `start + count`, at most 500; answered by `TreePage`."""

    start: Signed
    count: Signed
    initial: bool = False
    """Whether the rows are to have `initial`; nothing is read for it."""


class TreePage(Body):
    """A page of `TreeRows`."""

    total: Count
    """Visible rows of the whole tree."""
    start: Count
    rows: Page[TreeRow]
    note: Text = ""
    """When the states of the gradients were read, where that is not now because code runs; else empty."""


class Fold(Body):
    """Fold or unfold rows; answered by `TreePlace` of the row at `path`.

    `all` and `none` unfold and fold everything below `path`; `fit` unfolds breadth first up to `limit` visible rows.
    """

    path: Text
    how: Literal["toggle", "open", "close", "all", "none", "fit"]
    limit: Signed = 0


class Locate(Body):
    """Find the row of `path`, unfolding what hides it; answered by `TreePlace`."""

    path: Text


class TreePlace(Body):
    """Where a row is in the tree."""

    row: Count
    """Index among the visible rows."""
    path: Text
    """Path of that row: that of the nearest ancestor that exists when the requested one is gone."""
    total: Count
    """Visible rows of the whole tree."""


TreeOrder = Literal[
    "file", "parameters", "bytes", "seconds", "flops", "rows", "gradient",
    "weight_gradient", "relative_gradient", "backward", "relative", "largest change", "cosine",
]  # fmt: skip
"""What siblings of the tree are sorted by, the largest first: `file` is the order that the network has them in.

Of the cosine, which a change makes smaller, the smallest come first."""


class SortTree(Body):
    """Sort the siblings of the tree from now on; answered by `TreePlace` of the row at `path`."""

    order: TreeOrder
    path: Text


class Search(Body):
    """Search all paths fuzzily, folded rows included; answered by `SearchHits`, best first."""

    query: Text
    limit: Signed = 100
    """Hits to return; the nearest number from 1 to 500 is taken."""


class SearchHit(BodyPart):
    """One path that a `Search` found."""

    path: Text
    kind: NodeKind
    detail: Text
    """As in `TreeRow`."""
    positions: Positions
    """Indices into `path` of the characters that matched, ascending."""


class SearchHits(Body):
    """The best hits of a `Search`."""

    query: Text
    total: Count
    """Paths that match, those not in `hits` included."""
    hits: Page[SearchHit]


class NextHit(Body):
    """Find the next (`step` 1) or previous (-1) hit in tree order from `path`, wrapping; answered by `TreePlace`.

    Fails with kind `usage` when nothing matches.
    """

    query: Text
    path: Text
    step: Direction
    """Direction of the search: 1 or -1."""


TensorOrder = Literal[
    "tree", "name", "shape", "dtype", "elements", "bytes", "place",
    "minimum", "maximum", "absmax", "mean", "std", "l2", "zeros", "nan", "inf", "nonfinite",
    "severity", "how_much", "max_abs", "cosine",
]  # fmt: skip
"""What the table of tensors is sorted by; tensors whose statistics, or differences, are not known yet come last."""


class TensorRows(Body):
    """Read the tensors at or below the module or group `path`, in pages; answered by `TensorPage`.

    Fails with kind `usage` when the query cannot be read.
    """

    path: Text
    start: Signed
    count: Signed
    order: TensorOrder = "tree"
    descending: bool = False
    query: Text = ""
    """Words that must each match the path, as in `Search`, and terms such as `dtype:bf16`, `size>1MB`, `shape:4096`."""


class Brief(BodyPart):
    """Statistics of a tensor in the table; those of its values are of the finite ones, None where there are none."""

    minimum: Number | None
    maximum: Number | None
    mean: Number | None
    std: Number | None
    l2: Number | None
    zeros: Count
    nan: Count
    inf: Count

    @property
    def absmax(self) -> float | None:
        """Return the largest magnitude of the finite values; None where there are none."""
        return None if self.minimum is None or self.maximum is None else max(abs(self.minimum), abs(self.maximum))

    @property
    def nonfinite(self) -> int:
        """Return how many elements are NaN or infinite."""
        return self.nan + self.inf


class TensorRow(BodyPart):
    """One tensor of the table; fields as in `TreeRow` where the names are the same."""

    path: Text
    kind: NodeKind
    shape: Text
    """Such as `[8, 4]`."""
    dtype: Text
    device: Text
    parameters: Count | None
    bytes: Count | None
    frozen: bool = False
    gradient: Literal["", "none", "unreached", "zero", "value"] = ""
    shared_with: Links = []
    memory: MemoryKind = ""
    memory_with: Links = []
    changed: bool = False
    state: Literal["", "meta", "uninitialised"] = ""
    place: Text = ""
    """Where it lies in its file, or what this rank holds of one that lies on several; else empty."""
    statistics: Brief | None = None
    """None until they are asked for."""
    difference: RowDifference | None = None
    """As in `TreeRow`."""


class TensorPage(Body):
    """A page of `TensorRows`."""

    path: Text
    total: Count
    """Tensors that match the query."""
    start: Count
    rows: Page[TensorRow]
    all: Count = 0
    """Tensors at or below `path`, whether or not they match."""
    note: Text = ""
    """As in `TreePage`."""
    remark: Text = ""
    """Which part of the query is not read as one might think; empty for none."""
    known: Count | None = None
    """Of `all` tensors, those with statistics; None where the query does not ask for statistics."""
