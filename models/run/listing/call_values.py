"""What the table of calls sorts and filters by: of each name the value that a call has for it."""

from __future__ import annotations

from collections.abc import Callable

from ...messages import CALL_STATUSES
from ..trace.calls import Call

Value = float | str | None
"""None where it is not known."""


def _field(name: str) -> Callable[[Call], Value]:
    def value(call: Call) -> Value:
        found: Value = getattr(call, name)
        return found

    return value


def _statistic(name: str) -> Callable[[Call], Value]:
    def value(call: Call) -> Value:
        found = call.statistics
        number: Value = None if found is None else getattr(found, name)
        return number

    return value


def _of_finite(name: str) -> Callable[[Call], Value]:
    def value(call: Call) -> Value:
        found = call.statistics
        number: Value = getattr(found, name) if found is not None and found.finite else None
        return number

    return value


def _zeros(call: Call) -> Value:
    found = call.statistics
    return found.zeros / found.elements if found is not None and found.elements else None


def _nonfinite(call: Call) -> Value:
    found = call.statistics
    return None if found is None else found.nan + found.inf


def _difference(name: str) -> Callable[[Call], Value]:
    def value(call: Call) -> Value:
        found = call.difference
        number: Value = None if found is None else getattr(found, name)
        return number

    return value


def _severity(call: Call) -> Value:
    found = call.difference
    return CALL_STATUSES.index(found.status) if found is not None and found.status else None


VALUES: dict[str, Callable[[Call], Value]] = {
    "module": _field("module"),
    "op": _field("op"),
    "kind": _field("kind"),
    "where": _field("where"),
    "mode": lambda call: ", ".join(call.mode),
    "depth": _field("depth"),
    "repeat": _field("repeat"),
    "seconds": _field("seconds"),
    "self_seconds": _field("self_seconds"),
    "flops": _field("flops"),
    "elementwise": _field("elementwise"),
    "bytes": _field("bytes"),
    "kept": _field("kept"),
    "peak": _field("peak"),
    "min": _of_finite("minimum"),
    "max": _of_finite("maximum"),
    "mean": _of_finite("mean"),
    "std": _of_finite("std"),
    "zeros": _zeros,
    "rows": _statistic("rows"),
    "nan": _statistic("nan"),
    "inf": _statistic("inf"),
    "nonfinite": _nonfinite,
    "norm": lambda call: None if call.backward is None else call.backward.norm,
    "backward": lambda call: None if call.backward is None else call.backward.seconds,
    "severity": _severity,
    "relative": _difference("how_much"),
    "max_abs": _difference("max_abs"),
    "grew": _difference("grew"),
}
"""By the name in a `CallOrder` or a term."""


def searched_text(call: Call) -> str:
    """Return what a word may match, in lower case."""
    parts = (call.module, call.op, call.where, call.note, call.failed, *call.mode, *call.tensors, *_result(call))
    return "\n".join(parts).lower()


def _result(call: Call) -> tuple[str, ...]:
    """Return the words on how a call differs: its status, and `differs`."""
    found = call.difference
    if found is None:
        return ()
    return (found.status, "differs") if found.differs else (found.status,)
