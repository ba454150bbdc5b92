"""Where a backward first made a NaN or an infinity: the forward call whose derivative it was, in words."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..trace.calls import Call
from ..trace.record import FirstNonfinite, Trace
from .attributed import Attribution, made_nonfinite
from .element import BadElement
from .watch import BackwardWatch, GraphStep

VIEWS_FOLLOWED = 6
"""Calls without statistics, such as views, that are followed back for the range of what an operation read."""
_INSIDE = "add a small number inside, as in {op}(x + 1e-12)"
_REMEDIES = {
    "sqrt": _INSIDE,
    "rsqrt": _INSIDE,
    "pow": "add a small number to the base, as in (x + 1e-12) ** 0.5",
    "norm": "add a small number under its root, as in (x.square().sum(-1) + 1e-12).sqrt()",
    "std": "add a small number under its root, as in (x.var(-1) + 1e-12).sqrt()",
    "log": "keep its input from 0, as in log(x.clamp_min(1e-12))",
    "log2": "keep its input from 0, as in log2(x.clamp_min(1e-12))",
    "log10": "keep its input from 0, as in log10(x.clamp_min(1e-12))",
    "log1p": "keep its input above -1",
    "div": "keep what it divides by from 0",
    "rdiv": "keep what it divides by from 0",
    "reciprocal": "keep its input from 0",
    "acos": "keep its input within -1 and 1, as in x.clamp(-1 + 1e-6, 1 - 1e-6)",
    "asin": "keep its input within -1 and 1, as in x.clamp(-1 + 1e-6, 1 - 1e-6)",
    "atanh": "keep its input within -1 and 1, as in x.clamp(-1 + 1e-6, 1 - 1e-6)",
    "linalg_svd": "it divides by the differences of singular values: two are equal, or one is 0",
    "svd": "it divides by the differences of singular values: two are equal, or one is 0",
    "linalg_eigh": "it divides by the differences of eigenvalues: two are equal",
    "exp": "keep its input small, as in exp(x.clamp_max(80))",
}
"""By operation, what keeps its derivative finite."""


def first_nonfinite(trace: Trace, watch: BackwardWatch, name_of: Callable[[int], str | None]) -> FirstNonfinite | None:
    """Return where a backward made the first NaN or infinity out of finite gradients; None where it made none.

    It is called a NaN also when an infinity became one further on.

    Args:
        name_of: gives the path of a parameter by its identity; None for another leaf.
    """
    if watch.all_finite():
        return None
    origin = next((step for index in watch.order if made_nonfinite(watch, step := watch.steps[index])), None)
    if origin is None:
        return _of_a_sum(trace, watch, name_of)
    made = made_nonfinite(watch, origin)
    is_nan = any(math.isnan(norm) for step in watch.steps for norm in watch.gave(step))
    what = "NaN" if is_nan else "infinity"
    call = Attribution(trace).call_of(origin)
    found = _found(what, call, _sentence(what, made, origin, call))
    if origin.is_function and call is not None:
        found["op"] = _function(origin)
    return found


def _of_a_sum(trace: Trace, watch: BackwardWatch, name_of: Callable[[int], str | None]) -> FirstNonfinite | None:
    """Return where finite gradients of several uses add up to an infinity; None where none do."""
    for step in watch.steps:
        norm = watch.arrived(step)
        parts = [watch.norm(slot) for _, slot in step.feeders]
        if norm is None or math.isfinite(norm) or not parts or any(p is None or not math.isfinite(p) for p in parts):
            continue
        what = "NaN" if math.isnan(norm) else "infinity"
        call = Attribution(trace).call_of(step)
        path = None if step.variable is None else name_of(step.variable)
        of = path or (f"what {call.op} gave" if call is not None else "a tensor")
        text = f"the gradients of the {len(parts)} uses of {of} are finite, their sum is not"
        return _found(what, call, text, path)
    return None


def _found(what: str, call: Call | None, text: str, path: str | None = None) -> FirstNonfinite:
    row = -1 if call is None else call.row_of().index
    return {
        "phase": "backward",
        "what": what,
        "module": "" if call is None else call.module,
        "op": "" if call is None else call.op,
        "where": None if call is None else call.where or None,
        "call": row if row >= 0 else None,
        "tensor": path,
        "cause": None,
        "text": text,
    }


def _sentence(what: str, made: str, step: GraphStep, call: Call | None) -> str:
    op = _function(step) if call is None or step.is_function else call.op
    of = f"the derivative of {op}"
    if call is None:
        of += ", which ran outside of the network,"
    bad = step.bad
    if bad is None:
        text = f"{of} gave the first {made}"
    elif math.isnan(bad.made) and bad.came == 0:
        text = (
            f"{of} is not finite at {_index(bad)}{_value(bad)}; the gradient that came there is 0, as of a result that "
            f"is masked later, and 0 · infinity is NaN"
        )
    else:
        text = f"{of} is {'NaN' if math.isnan(bad.made) else 'infinite'} at {_index(bad)}{_value(bad)}"
    read = "" if call is None else range_read(call)
    text += f"; in all it read {read}" if read else ""
    if what != made:
        text += f"; further back this becomes {what}"
    remedy = _REMEDIES.get(op.rstrip("_"), "").format(op=op.rstrip("_"))
    if bad is not None and math.isnan(bad.made) and bad.came == 0:
        remedy = f"mask what {op} reads instead of what it gives, as in x.where(ok, 1)"
    return f"{text}: {remedy}" if remedy else text


def _function(step: GraphStep) -> str:
    """Return the name of what a node is the backward of."""
    return step.name.rpartition("Backward")[0] or step.name


def _index(bad: BadElement) -> str:
    return str(list(bad.index)) if bad.index else "its one element"


def _value(bad: BadElement) -> str:  # to add 0 makes 0 of -0
    if bad.value is not None:
        return f", where it read {bad.value + 0.0:.6g}"
    return "" if bad.result is None else f", where it gave {bad.result + 0.0:.6g}"


def range_read(call: Call) -> str:
    """Return the range of what a call read from other calls, such as `0 to 3.2`; empty where that is not known."""
    found = [each for producer in call.producers if (each := _range(producer, VIEWS_FOLLOWED)) is not None]
    return " and ".join(f"{low + 0.0:.6g} to {high + 0.0:.6g}" for low, high in dict.fromkeys(found))


def _range(call: Call, depth: int) -> tuple[float, float] | None:
    row = call.row_of()
    statistics = call.statistics or row.statistics
    if statistics is not None:
        return (statistics.minimum, statistics.maximum) if statistics.finite else None
    if not depth or len(row.producers) != 1:
        return None
    return _range(row.producers[0], depth - 1)
