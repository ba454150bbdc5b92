"""What a backward found out about a run, beside what it noted at each call; holds calls, never a tensor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .calls import Call

Cause = Literal[
    "frozen", "unread", "dropped", "detached", "no_grad", "not_differentiable", "replaced", "unregistered", "unknown"
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a parameter has no gradient, or one that is exactly zero."""

    cause: Cause | Literal["zero"]
    text: str
    """A sentence for the user: `detached at net.py:12, so that no gradient flows back`."""
    where: str = ""
    """The user's line that did it; empty where none did."""
    call: Call | None = None
    """The call that did it."""

    @property
    def row(self) -> int | None:
        """Return the index of the row of the call; None where no call is to name."""
        return _row(self.call)


@dataclass(frozen=True, slots=True)
class Use:
    """What one use of a parameter, or each turn of a loop, adds to its gradient."""

    call: Call | None
    """The row that used it; None for a use outside of the run."""
    norms: list[float]
    """Of each turn's part, the last turn first."""

    def report(self) -> dict[str, Any]:
        """Return it for JSON."""
        call = self.call
        return {
            "call": None if call is None else call.index,
            "module": None if call is None else call.module,
            "op": None if call is None else call.op,
            "where": None if call is None else call.where or None,
            "times": len(self.norms),
            "norm": self.norms[0],
            "min": min(self.norms),
            "max": max(self.norms),
        }


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a backward cannot go on."""

    hint: str
    """What is wrong and what mends it, in one line."""
    needed_by: Call | None = None
    """The call whose backward needs what is not there any more."""
    changed_by: Call | None = None
    """The call that changed it."""
    where: str = ""
    """The line that did; empty where that is not known."""

    def report(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"needed_by": _row(self.needed_by), "changed_by": _row(self.changed_by), "where": self.where or None}


def _row(call: Call | None) -> int | None:
    row = -1 if call is None else call.row_of().index
    return row if row >= 0 else None


@dataclass(frozen=True, slots=True)
class WentBack:
    """What the last backward of a run found out, by path of a parameter where not said otherwise."""

    nonfinite: Any = None
    """The forward call whose derivative made the first NaN or infinity, as `Trace.nonfinite` has it; None for none."""
    reasons: dict[str, Reason] = field(default_factory=dict)
    """Of those without a gradient, and of those whose gradient is exactly zero where that can be said."""
    uses: dict[str, list[Use]] = field(default_factory=dict)
    """Of those whose gradient is a sum over several uses."""
    rounding: Reason | None = None
    """The softmax behind which nothing but rounding is left of the gradient; None for none."""
    unregistered: list[Reason] = field(default_factory=list)
    """Leaves that a gradient came to and that the network does not hold."""
    watched: bool = True
    """Whether the graph was small enough to be watched: otherwise the gradients at calls are not known."""
    conflict: Conflict | None = None
    """Why it failed, where a call needs what is not there any more."""
    unnoticed: Conflict | None = None
    """What it needed and was changed without torch noticing it, so that its gradients are wrong."""
