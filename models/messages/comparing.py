"""Comparing what is open with another source or with a snapshot of itself; snapshots."""

from __future__ import annotations

import math
from typing import Literal

from .base import Body, BodyPart
from .limits import Count, Element, Number, Page, Shape, Share, Signed, Text

DifferenceStatus = Literal["", "equal", "close", "changed", "dtype", "shape", "only_a", "only_b", "unreadable"]
"""The result for one tensor or item, in the order of how serious it is; empty while it is not compared yet.

`close` is what `torch.allclose` says; `only_a` and `only_b`: the other side has none of this name."""
SERIOUS: tuple[DifferenceStatus, ...] = (
    "", "equal", "close", "changed", "dtype", "shape", "only_b", "only_a", "unreadable",
)  # fmt: skip
"""The statuses, the most serious last."""


class RowDifference(BodyPart):
    """How a tensor or item differs on the two sides, or all tensors in a module together."""

    status: DifferenceStatus = ""
    """Of a module the most serious one in it."""
    tensors: Count = 0
    """Of a module or group, how many tensors are in it, on either side; 0 for a tensor."""
    compared: Count = 0
    """How many of them are compared by now."""
    differing: Count = 0
    """How many of these are neither equal nor close."""
    max_abs: Number | None = None
    """The largest `|a - b|` of the elements that are finite in both; None where there is none, or it is not known."""
    relative_l2: Number | None = None
    """`‖a - b‖₂ / ‖a‖₂` of those elements, of a module's tensors as one vector; None where it is not known."""
    cosine: Number | None = None
    """The cosine similarity of a tensor's elements; None where it is not known, and for a module."""
    nonfinite: Count = 0
    """How many elements differ of which one is NaN or infinite."""
    share: Share | None = None
    """`relative_l2` as a part of the largest one of any tensor so far."""
    index: Shape | None = None
    """The index of a tensor's largest change; None where there is none."""
    text: Text = ""
    """What a tensor or item is in A and in B, where that is not the same: `[8, 4] → [8, 5]`, `1 → 2`; why it could
    not be read."""

    @property
    def how_much(self) -> float | None:
        """Return a number that sorts by how much it differs: infinity where no number says it; None if unknown."""
        if not self.status:
            return None
        if self.nonfinite or (self.relative_l2 is None and self.status not in ("equal", "close")):
            return math.inf
        return self.relative_l2 or 0.0

    @property
    def severity(self) -> int | None:
        """Return the place of the status in `SERIOUS`; None while it is not compared."""
        return SERIOUS.index(self.status) if self.status else None


class Compare(Body):
    """Compare what is open with something, in the engine's main thread; answered by `Compared`.

    From then on the tree, the table, search and values are of both sides together, until `EndComparison` or another
    source is opened.  Nothing is read: `ReadDifferences` does that.
    """

    source: Text = ""
    """SOURCE of the other side, B; empty for none."""
    snapshot: Text | None = None
    """Name of a snapshot of what is open, to be A, with what is open as B; empty for the values of before anything
    ran; None for none.  With neither, compare again
    with what it was compared with before."""
    seed: Element | None = None
    """Seed of torch's generators before B is built; None leaves them.  They are afterwards as they were."""
    trust: bool = False
    """As in `OpenSource`."""
    renamed: bool = False
    """Whether the names of A are changed as `Compared.hint` proposes."""
    unfold_to: Signed = 0
    """Visible rows up to which the tree is unfolded, breadth first; 0 leaves what is unfolded."""


class Compared(Body):
    """What is compared."""

    a: Text
    """What A is, in a few words."""
    b: Text
    tensors: Count
    """Tensors on either side."""
    both: Count
    """Those that both have."""
    items: Count = 0
    """Items and entries of metadata that differ."""
    bytes: Count = 0
    """Bytes that are read to compare them, of both sides."""
    hint: Text = ""
    """How many more names would be in both with which renames; empty where none are proposed."""


class ReadDifferences(Body):
    """Compare the tensors that are not compared yet; answered by `Done` with the result in a sentence.

    Sends `Progress`; the rows of the tree and of the table show what is known (`TreeRow.difference`).  Can be
    cancelled: what is known by then stays.
    """


class EndComparison(Body):
    """Show what is open alone again; answered by `Done`."""


class ListSnapshots(Body):
    """List the snapshots of what is open; answered by `Snapshots`."""


class SnapshotItem(BodyPart):
    """One snapshot: the values of all tensors at some moment."""

    name: Text
    """What `Compare.snapshot` calls it; empty for the values of before anything ran."""
    detail: Text
    """Of when it is, and how large."""


class Snapshots(Body):
    """The snapshots of what is open, that of before anything ran, then the oldest; none of a checkpoint."""

    items: Page[SnapshotItem]


class TakeSnapshot(Body):
    """Keep the network as it is now, with a copy of the values of all tensors; answered by `Done`.

    Fails with kind `usage` where there is no room or the name is taken.
    """

    name: Text = ""
    """Empty for the first free number."""
