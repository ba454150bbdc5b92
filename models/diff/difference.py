"""The result of comparing a tensor of two sources, and the totals of all.  Must not import torch.

There may be a hundred thousand of each: structs are made several times as fast as dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import msgspec

from ..messages import NodeKind
from .sums import Squares

Status = Literal["equal", "close", "changed", "shape", "dtype", "only_a", "only_b", "unreadable"]
"""The result for one tensor; `only_a` and `only_b`: the other source has none of this name."""
STATUSES: tuple[Status, ...] = get_args(Status)
"""Every status."""
ALIKE: tuple[Status, ...] = ("equal", "close")
"""Statuses that are no difference."""
ValueOutcome = Literal["equal", "close", "changed"]
"""The result for the elements of two tensors of one shape."""

RTOL = 1e-5
"""The relative tolerance of `torch.allclose`."""
ATOL = 1e-8
"""The absolute tolerance of `torch.allclose`."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Tolerances of `close`: `|a - b| <= atol + rtol * |b|` for every element, as in `torch.allclose`."""

    rtol: float = RTOL
    atol: float = ATOL


class TensorSide(msgspec.Struct, frozen=True, gc=False):
    """One of the two tensors: its path, shape and dtype in its own source."""

    path: str
    shape: tuple[int, ...] | None
    """The shape; None for a lazy parameter or a nested tensor."""
    dtype: str
    state: bool = False
    """Whether it belongs to an optimizer or the like, not to the network."""
    kind: NodeKind = "parameter"
    """What it is there: a parameter, a buffer, a constant, state."""


class ElementComparison(msgspec.Struct, frozen=True, kw_only=True, gc=False, eq=False):
    """The comparison of the elements of two tensors of one shape.

    `equal` means that every element is: NaN equals NaN here, and 0 equals -0.
    """

    values: ValueOutcome
    max_abs: float | None
    """The largest `|a - b|` of the elements that are finite in both; None without any."""
    relative_l2: float | None
    """`‖a - b‖₂ / ‖a‖₂` of those elements; None where `a` is all zeros and `b` is not."""
    cosine: float | None
    """The cosine similarity of those elements, from -1 to 1; None where `a` or `b` is all zeros."""
    differing: int = 0
    """How many elements are not equal."""
    nonfinite: int = 0
    """How many of these are NaN or infinite on either side."""
    index: tuple[int, ...] | None = None
    """The index of the largest change, the first of several; None where every element is equal.

    A change from or to NaN or infinity is larger than any other.
    """
    squares: Squares | None = None
    """What `relative_l2` is made of, for sums over several tensors; None where it was not computed: of equal bytes."""

    def __eq__(self, other: object) -> bool:
        """Return whether the comparisons are equal but for their sums."""
        return isinstance(other, ElementComparison) and self._all_but_squares() == other._all_but_squares()

    def __hash__(self) -> int:
        """Return the same for comparisons that are equal."""
        return hash(self._all_but_squares())

    def _all_but_squares(self) -> tuple[object, ...]:
        return msgspec.structs.astuple(self)[:-1]


SAME = ElementComparison(values="equal", max_abs=0.0, relative_l2=0.0, cosine=1.0)
"""The comparison of equal tensors, also where all elements are zero or there is none."""
UNMEASURED = ElementComparison(values="changed", max_abs=None, relative_l2=None, cosine=None)
"""Of packed tensors whose bytes differ, by how much nobody here can say."""


class Difference(msgspec.Struct, frozen=True, gc=False):
    """The result for one tensor: both sides, or the one that has it."""

    path: str
    """The path under which the two were compared, after renaming."""
    status: Status
    a: TensorSide | None
    b: TensorSide | None
    comparison: ElementComparison | None = None
    """The comparison of the elements, also for different dtypes; None where there is none."""
    reason: str = ""
    """A sentence with the cause, where the status is `unreadable`."""

    @property
    def of_state(self) -> bool:
        """Return whether it belongs to an optimizer or the like on either side."""
        return (self.a is not None and self.a.state) or (self.b is not None and self.b.state)


@dataclass(frozen=True, slots=True)
class NotCompared:
    """A tensor of one source that is not compared, because the other kind of source cannot have it."""

    path: str
    side: Literal["a", "b"]
    reason: str


@dataclass(slots=True)
class Tally:
    """How many tensors have each status."""

    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))

    def add(self, difference: Difference) -> None:
        """Count a difference by its status."""
        self.counts[difference.status] += 1

    @property
    def same(self) -> bool:
        """Return whether every tensor is equal or close."""
        return not any(count for status, count in self.counts.items() if status not in ALIKE)

    @property
    def differs(self) -> bool:
        """Return whether a difference was found; False also where the only others could not be read."""
        return any(count for status, count in self.counts.items() if status not in (*ALIKE, "unreadable"))
