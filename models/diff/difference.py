"""What is told of one tensor of two sources.  Free of torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

Status = Literal["equal", "close", "changed", "shape", "dtype", "only_a", "only_b", "unreadable"]
STATUSES: tuple[Status, ...] = get_args(Status)
ALIKE: tuple[Status, ...] = ("equal", "close")
"""What is no difference."""
Values = Literal["equal", "close", "changed"]

RTOL = 1e-5
"""`torch.allclose`'s own."""
ATOL = 1e-8


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`close` is `|a - b| <= atol + rtol * |b|` for every element, as `torch.allclose` has it."""

    rtol: float = RTOL
    atol: float = ATOL


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two tensors, as its own source has it."""

    path: str
    shape: tuple[int, ...] | None
    """None for a lazy parameter or a nested tensor."""
    dtype: str
    state: bool = False
    """Whether it is an optimizer's or the like, not the network's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a comparison of two tensors of one shape came to.

    `equal` means that every element is: NaN equals NaN here, and 0 equals -0.
    """

    values: Values
    max_abs: float | None
    """The largest `|a - b|` of elements that are finite in both; None without any."""
    relative_l2: float | None
    """`|a - b| / |a|` of those elements; None where `a` is all zeros and `b` is not."""
    cosine: float | None
    """Of the angle between the two, of those elements; None where one of them is all zeros."""
    differing: int = 0
    """Elements that are not equal."""
    nonfinite: int = 0
    """Those of them that are NaN or infinite on either side."""


SAME = Numbers(values="equal", max_abs=0.0, relative_l2=0.0, cosine=1.0)
"""Of equal tensors, without arithmetic; also where all elements are zero, or there is none."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One tensor: both sides, or the one that has it."""

    path: str
    """The name under which the two were brought together."""
    status: Status
    a: Side | None
    b: Side | None
    numbers: Numbers | None = None
    """None where there is nothing to compare; there also for different dtypes."""
    reason: str = ""
    """Of an unreadable one, a sentence with the cause."""

    @property
    def of_state(self) -> bool:
        """Whether it is no network's own on either side."""
        return any(side is not None and side.state for side in (self.a, self.b))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A tensor of one source that the other cannot have."""

    path: str
    side: Literal["a", "b"]
    reason: str


@dataclass(slots=True)
class Tally:
    """What a whole comparison came to."""

    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))

    def add(self, difference: Difference) -> None:
        self.counts[difference.status] += 1

    @property
    def same(self) -> bool:
        """Whether everything is equal or close."""
        return not any(count for status, count in self.counts.items() if status not in ALIKE)

    @property
    def differs(self) -> bool:
        """Whether a difference was found; not the same as not `same` where something could not be read."""
        return any(count for status, count in self.counts.items() if status not in (*ALIKE, "unreadable"))
