"""Operations at which the graph ends although the values go on, and how a user reads that."""

from __future__ import annotations

from ..trace.calls import Call
from ..trace.lineage import LineageEvent
from ..trace.went_back import Cause, Reason

LEAVES_TORCH = frozenset((
    "numpy", "item", "tolist", "__float__", "__int__", "__index__", "__complex__", "__bool__", "__array__",
))  # fmt: skip
"""Operations that give Python or NumPy what they read."""
_NEW_LEAVES = frozenset(("__deepcopy__", "tensor", "as_tensor", "set_data", "from_numpy"))
_NAMES = {"__deepcopy__": "deepcopy", "set_data": "the assignment to .data"}
_DETACHING = frozenset(("detach", "detach_", "data"))
_TRUTH = frozenset(("gt", "ge", "lt", "le", "eq", "ne", "isnan", "isinf", "isfinite", "isclose", "logical_and",
    "logical_or", "logical_not", "logical_xor", "bool", "greater", "less", "greater_equal", "less_equal"))  # fmt: skip
_INDICES = frozenset(("argmax", "argmin", "argsort", "topk", "sort", "max", "min", "median", "mode", "kthvalue",
    "nonzero", "multinomial", "searchsorted", "bucketize", "cummax", "cummin"))  # fmt: skip
SHAPE_ALONE = frozenset(("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like",
    "randint_like", "new_zeros", "new_ones", "new_empty", "new_full"))  # fmt: skip
"""Operations that take the shape and dtype of what they read, and none of its values."""
_WHOLE = frozenset(("long", "int", "short", "char", "byte", "type", "to"))


def is_cut(event: LineageEvent) -> bool:
    """Return whether no gradient flows back through an operation, whatever it gives."""
    op = event.call.op
    return op in _DETACHING or op in _NEW_LEAVES or op in LEAVES_TORCH


def cut_at(event: LineageEvent, outside: Call | None = None) -> Reason:
    """Return the reason that a cut is.

    Args:
        outside: the call by which its result left torch, if it did.
    """
    call = event.call
    op, at = call.op, f" at {call.where}" if call.where else ""
    then = f", then numpy at {outside.where} took it out of torch" if outside is not None else ""
    cause: Cause = "detached"
    where = call.where
    if op in _DETACHING:
        text = f"{'.data' if op == 'data' else op}{at} cuts it off the graph{then}"
    elif op in LEAVES_TORCH:
        if op == "__bool__":
            cause, text = "not_differentiable", f"it only decides a condition{at}, which has no derivative"
        else:
            text = f"{op.strip('_')}{at} takes its values out of torch, and the graph ends there"
    elif op in SHAPE_ALONE:
        cause, text = "not_differentiable", f"{op}{at} takes its shape alone, and none of its values"
    elif not event.grad and not event.gives:
        cause, where = "no_grad", event.off_at or call.where
        text = _switched_off(event, f"{op}{at}")
    elif op in _NEW_LEAVES:
        text = f"{_NAMES.get(op, op)}{at} takes its values alone"
    else:
        cause = "not_differentiable"
        gives = "truth values" if op in _TRUTH else "indices" if op in _INDICES else "integers" if op in _WHOLE else ""
        text = f"{op}{at} gives {gives}, which have no gradient" if gives else f"{op}{at} gives what has no gradient"
    return Reason(cause, text, where, call)


def _switched_off(event: LineageEvent, what: str) -> str:
    block = f" at {event.off_at}" if event.off_at else ""
    if event.off_by == "checkpoint":
        return (
            f"{what} ran within checkpoint(use_reentrant=True){block}, which gives no gradient where none of its "
            "inputs requires one: `use_reentrant=False` does"
        )
    by = f" by {event.off_by}" if event.off_by else ""
    if event.call.op == "normal":
        block += ": what is drawn has none; `rsample()` of a distribution has, and mean + std * torch.randn_like(std)"
    return f"{what} ran with gradients switched off{by}{block}"


def unused_output(call: Call) -> Reason:
    """Return the reason that of several results of a call the one that a parameter leads to is not used."""
    at = f" at {call.where}" if call.where else ""
    text = f"leads only to a result of {call.op}{at} that is not used for what backward started from"
    return Reason("dropped", text, call.where, call)
