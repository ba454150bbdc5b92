"""The module tree: a flat list of visible rows that the engine keeps and the interface asks for in pages.

A path names a row: the state-dict key of a parameter or buffer (`0.block 1.0.bias`), the dotted name of a module
(`""` is the root), the same with the attribute name for a constant.  Paths outlive refreshes; row numbers do not.
"""

from __future__ import annotations

from typing import Literal

from .base import Body, Record
from .limits import Count, Depth, Links, Number, Page, Positions, Signed, Step, Text

NodeKind = Literal["module", "parameter", "buffer", "constant", "hidden", "group", "state", "item"]
"""`constant`: a plain tensor attribute.  `hidden`: a module in a plain list, dict or attribute not registered.
`group`: siblings of one structure, folded to a row (`layers.[0–79]`).  Of a checkpoint, `state`: a tensor of an
optimizer or of anything else that is not the network's own; `item`: something that is no tensor, such as an epoch."""


class TreeRow(Record):
    path: Text
    name: Text
    """The last part of the path; the network's own name for the root."""
    kind: NodeKind
    depth: Depth
    detail: Text
    """A module's class name, or a tensor's shape such as `[8, 4]`."""
    dtype: Text = ""
    parameters: Count | None = None
    """Elements: of the tensor, or of all parameters below a module (each shared tensor once); None where unknown."""
    bytes: Count | None = None
    children: Count = 0
    """Direct children, tensors included."""
    unfolded: bool = False
    shared_with: Links = []
    """The other paths of the same object (at most eight)."""
    frozen: bool = False
    """A parameter with `requires_grad=False`; a module with parameters none of which is trainable."""
    gradient: Literal["", "none", "zero", "value"] = ""
    """Of a trainable parameter; empty for everything else.  `zero` is only told where it is known cheaply."""
    changed: bool = False
    """Its values (or, for a module, those of something below it) were changed by the last statement."""
    state: Literal["", "meta", "uninitialised"] = ""
    """Why a tensor has no values."""
    registered: bool = True
    inferred: bool = False
    """The class in `detail` was told from the tensors, not from code."""
    count: Count = 0
    """Of a group, how many siblings it stands for."""
    group: Text = ""
    """The path of the group that it is one of."""


class TreeRows(Body):
    """Visible rows `start` to `start + count` (at most 500); answered by `TreePage`."""

    start: Signed
    count: Signed


class TreePage(Body):
    total: Count
    """Visible rows."""
    start: Count
    rows: Page[TreeRow]
    note: Text = ""
    """Of when the gradients' states are, where they are not of now: code runs."""


class Fold(Body):
    """Change what is unfolded; answered by `TreePlace` of the row at `path`.

    `all` and `none` mean everything below `path`; `fit` unfolds breadth first up to `limit` visible rows.
    """

    path: Text
    how: Literal["toggle", "open", "close", "all", "none", "fit"]
    limit: Signed = 0


class Locate(Body):
    """Where the row of `path` is, after unfolding what hides it; answered by `TreePlace`."""

    path: Text


class TreePlace(Body):
    row: Count
    """Visible row number."""
    path: Text
    """The path found: the nearest ancestor that still exists when `path` is gone."""
    total: Count


class Search(Body):
    """Fuzzy search over all paths, folded parts too; answered by `SearchHits`, best first."""

    query: Text
    limit: Signed = 100


class SearchHit(Record):
    path: Text
    kind: NodeKind
    detail: Text
    positions: Positions
    """Indices into `path` of the characters that matched, ascending."""


class SearchHits(Body):
    query: Text
    total: Count
    hits: Page[SearchHit]


class NextHit(Body):
    """The next (`step` 1) or previous (-1) hit in tree order from `path`, wrapping; answered by `TreePlace`.

    Fails with kind `usage` when nothing matches.
    """

    query: Text
    path: Text
    step: Step


TensorOrder = Literal[
    "tree", "name", "shape", "dtype", "elements", "bytes", "place",
    "minimum", "maximum", "mean", "std", "l2", "zeros", "nan", "inf",
]  # fmt: skip
"""What the table of tensors is sorted by; tensors whose statistics are not known yet come last."""


class TensorRows(Body):
    """The tensors at or below the module or group `path`, in pages; answered by `TensorPage`.

    Fails with kind `usage` when the query cannot be read.
    """

    path: Text
    start: Signed
    count: Signed
    order: TensorOrder = "tree"
    descending: bool = False
    query: Text = ""
    """Words that must each match the path, as in `Search`, and terms such as `dtype:bf16`, `size>1MB`, `shape:4096`."""


class Brief(Record):
    """Statistics of a tensor in the table, once they are known; of the finite values, as in `StatisticsOf`."""

    minimum: Number | None
    maximum: Number | None
    mean: Number | None
    std: Number | None
    l2: Number | None
    zeros: Count
    nan: Count
    inf: Count


class TensorRow(Record):
    path: Text
    kind: NodeKind
    shape: Text
    dtype: Text
    device: Text
    parameters: Count | None
    bytes: Count | None
    frozen: bool = False
    gradient: Literal["", "none", "zero", "value"] = ""
    shared_with: Links = []
    changed: bool = False
    state: Literal["", "meta", "uninitialised"] = ""
    place: Text = ""
    """Of a tensor in a file, where it lies there; of one that lies on several ranks, what this one holds of it."""
    statistics: Brief | None = None
    """None while nobody asked for them."""


class TensorPage(Body):
    path: Text
    total: Count
    """Tensors that the query leaves."""
    start: Count
    rows: Page[TensorRow]
    all: Count = 0
    """Tensors without the query."""
    note: Text = ""
    """As in `TreePage`."""
    known: Count | None = None
    """Of how many tensors, without the query, there are statistics; None where the query does not ask for any."""
