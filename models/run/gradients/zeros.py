"""Why a gradient is exactly zero: the operation on the way whose derivative is zero everywhere."""

from __future__ import annotations

from ..trace.calls import Call
from ..trace.record import Trace
from ..trace.went_back import Reason
from .attributed import Attribution
from .watch import BackwardWatch, GraphStep

ROUNDING = 1e-6
"""How much smaller a gradient is, when a softmax is behind it, of which nothing but rounding is left."""
SATURATED = 0.999
"""From which result of a softmax on its gradient is small by itself."""
STEPS = frozenset(("round", "round_", "sign", "floor", "floor_", "ceil", "ceil_", "trunc", "trunc_", "bernoulli",
    "fix", "sgn", "floor_divide", "heaviside", "normal", "poisson"))  # fmt: skip
_WHY = {
    "normal": "what is drawn has no derivative; mean + std * torch.randn_like(std) has one",
    "relu": "what it read is nowhere above 0, so that all its units are dead",
    "relu_": "what it read is nowhere above 0, so that all its units are dead",
    "threshold": "what it read is nowhere above the threshold",
    "hardtanh": "what it read lies outside of its range",
    "relu6": "what it read lies outside of its range",
    "hardsigmoid": "what it read lies outside of its range",
    "clamp": "what it read lies outside of its range",
    "clip": "what it read lies outside of its range",
    "clamp_min": "what it read lies below the minimum",
    "clamp_max": "what it read lies above the maximum",
    "dropout": "it drops everything",
    "tanh": "it is saturated",
    "sigmoid": "it is saturated",
    "softmax": "what it gives does not depend on it, as of a single class, or it is saturated",
    "log_softmax": "what it gives does not depend on it, as of a single class",
    **dict.fromkeys(("mul", "mul_", "matmul", "mm", "bmm", "addmm", "einsum"), "the other factor is 0"),
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d"), "what it multiplies this with is 0"),
    "where": "the other branch is taken everywhere",
    "masked_fill": "all of it is masked",
    "masked_fill_": "all of it is masked",
    "__setitem__": "all of it is written over",
    "zero_": "all of it is written over",
    "fill_": "all of it is written over",
    "copy_": "all of it is written over",
}


class Zeros:
    """Finds why gradients are exactly zero; what was found on the way of one holds for all that share the way."""

    def __init__(self, trace: Trace, watch: BackwardWatch) -> None:
        self._watch = watch
        self._attribution = Attribution(trace)
        self._hooks = trace.lineage.hooks
        self._known: dict[int, Reason | None] = {}
        """By identity of a step that a gradient of zero came to."""

    def why(self, leaf: GraphStep) -> Reason | None:
        """Return why the gradient that came to a leaf of the graph is exactly zero; None where it is not, or not known.

        The way back is followed to the first operation that was given a gradient other than zero.
        """
        if self._watch.arrived(leaf) != 0:
            return None
        waiting: list[GraphStep] = [leaf]
        before: dict[int, GraphStep | None] = {id(leaf): None}
        """Of each step by its identity, the one that it was come to from."""
        for step in waiting:  # it grows
            is_known = id(step) in self._known
            found = self._known[id(step)] if is_known else self._at(step, leaf)
            if found is not None:
                return self._noted(step, before, found)
            if is_known:
                continue  # nothing was found on any way from there
            for index, _ in step.feeders:
                feeder = self._watch.steps[index]
                if id(feeder) not in before and feeder.seconds is not None and self._watch.arrived(feeder) == 0:
                    before[id(feeder)] = step
                    waiting.append(feeder)
        self._known |= dict.fromkeys(before)
        return None

    def _at(self, step: GraphStep, leaf: GraphStep) -> Reason | None:
        """Return why the gradient that came to a step is zero, where what fed the step says it."""
        watch = self._watch
        parts = [watch.norm(slot) for _, slot in step.feeders]
        if any(part for part in parts if part is not None):
            call = self._attribution.call_of(step)
            what = "its uses" if step is leaf else f"the uses of what {call.op if call else step.name} gives"
            return Reason("zero", f"exactly 0: the gradients of {what} cancel each other", _where(call), call)
        for index, _ in step.feeders:
            feeder = watch.steps[index]
            if feeder.seconds is not None and watch.arrived(feeder):
                call = self._attribution.call_of(feeder)
                at = "" if call is None else self._hooks.get(id(call), "")
                if at and not any(watch.gave(feeder)):
                    text = f"exactly 0 from a hook on: what register_hook at {at} put there makes it 0"
                    return Reason("zero", text, at, call)
                return _of(call, feeder)
        return None

    def _noted(self, step: GraphStep, before: dict[int, GraphStep | None], found: Reason) -> Reason:
        """Return what was found at a step, and know it at all on the way to it."""
        on_way: GraphStep | None = step
        while on_way is not None:
            self._known[id(on_way)] = found
            on_way = before[id(on_way)]
        return found


def _of(call: Call | None, step: GraphStep) -> Reason:
    if step.is_function:
        name = step.name.removesuffix("Backward")
        at = f" at {call.where}" if call is not None and call.where else ""
        return Reason("zero", f"exactly 0 from {name}{at} on: its own backward gives 0", _where(call), call)
    op = step.name.partition("Backward")[0].lower() if call is None else call.op
    if call is not None and call.kind == "module":
        op = op.lower()
    at = f" at {call.where}" if call is not None and call.where else ""
    why = _WHY.get(op, "its derivative is 0 everywhere" if op in STEPS else "its derivative there is 0")
    return Reason("zero", f"exactly 0 from {op}{at} on: {why}", _where(call), call)


def _where(call: Call | None) -> str:
    return "" if call is None else call.where


def rounding(trace: Trace, watch: BackwardWatch) -> Reason | None:
    """Return the softmax of whose gradient only rounding goes on, as of a loss that is the same whatever it reads.

    None for none, and where backward started from more than one number: the sum of what a softmax gives is constant.
    """
    starts = [step for step in watch.steps if not step.feeders and step.leaf is None]
    if any(watch.arrived(step) != 1 for step in starts):
        return None
    attribution = Attribution(trace)
    for step in watch.steps:
        came, gave = watch.arrived(step), watch.gave(step)
        if not step.name.startswith("Softmax") or not came or not gave or not 0 < max(gave) < ROUNDING * came:
            continue
        call = attribution.call_of(step)
        found = None if call is None else call.row_of().statistics
        if call is None or found is None or found.maximum > SATURATED:  # of one that is sure there is no more either
            continue
        at = f" at {call.where}" if call.where else ""
        return Reason(
            "zero",
            f"nothing but rounding from {call.op}{at} on, {came:.2g} came there and {max(gave):.2g} went on: what "
            "backward starts from is the same whatever it reads, as the sum of what it gives",
            _where(call),
            call,
        )
    return None
