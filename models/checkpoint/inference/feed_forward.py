"""Rules for feed-forward modules and mixtures of experts, by the names of their projections."""

from __future__ import annotations

import re

from .facts import Inferred, Module, OwnTensor, bounded_text, of_sizes
from .weights import stacked

_GATED = (
    ("gate_proj", "up_proj", "down_proj"),
    ("w1", "w3", "w2"),
    ("wi_0", "wi_1", "wo"),
    ("ffn_gate", "ffn_up", "ffn_down"),
    ("gate_up_proj", "gate_up_proj", "down_proj"),
)
_PLAIN = (
    ("fc1", "fc2"),
    ("c_fc", "c_proj"),
    ("fc_in", "fc_out"),
    ("dense_h_to_4h", "dense_4h_to_h"),
    ("lin1", "lin2"),
    ("linear1", "linear2"),
    ("up_proj", "down_proj"),
    ("wi", "wo"),
    ("w1", "w2"),
    ("ffn_up", "ffn_down"),
)
_BESIDE = re.compile(r"(?:act|.*activation|drop|dropout\d?|norm|.*norm|ln|relu|gelu|alpha)\Z")
_ROUTERS = ("gate", "router", "wg", "gate_network")
FEED_FORWARD = frozenset(("MLP", "GatedMLP", "MoE"))
"""Class names that `feed_forward` and `experts` infer."""


def feed_forward(module: Module) -> Inferred | None:
    """Infer a feed-forward module, `GatedMLP 4096 → 11008`: input and inner width; None for any other."""
    for gate, up, down in _GATED:
        if module.has(gate, up, down) and _nothing_else(module, gate, up, down):
            into, out = module.child(gate), module.child(down)
            if into is None or out is None or into.inputs is None or into.outputs is None:
                return None
            return _within("GatedMLP", into.inputs, into.outputs // 2 if gate == up else into.outputs, out)
    for first, second in _PLAIN:
        if module.has(first, second) and _nothing_else(module, first, second):
            into, out = module.child(first), module.child(second)
            if into is None or out is None or into.inputs is None or into.outputs is None:
                return None
            return _within("MLP", into.inputs, into.outputs, out)
    return None


def _within(kind: str, inputs: int, inner: int, last: Inferred) -> Inferred | None:
    if last.inputs is not None and last.inputs != inner:
        return None
    found = of_sizes(kind, inputs, inner)
    return Inferred(kind, found.text, inputs, last.outputs)


def _nothing_else(module: Module, *names: str) -> bool:
    return not module.own and all(name in names or _BESIDE.match(name) for name in module.names)


def experts(module: Module) -> Inferred | None:
    """Infer a mixture of experts, `MoE 128 experts`, or experts with stacked weights; None for any other module."""
    routed = any(module.has(name) or name in module.own for name in _ROUTERS)
    if routed and module.has("experts"):
        held = module.child("experts")
        return Inferred(
            "MoE", "MoE" if held is None or held.count is None else bounded_text(f"MoE {held.count} experts")
        )
    numbered = sum(name.isdecimal() for name in module.names)
    if routed and numbered > 1 and len(module.names) - numbered <= 2:
        return Inferred("MoE", bounded_text(f"MoE {numbered} experts"))
    up, down = module.tensor("gate_up_proj", 3), module.tensor("down_proj", 3)
    return None if up is None or down is None else _stacked(up, down)


def _stacked(up: OwnTensor, down: OwnTensor) -> Inferred | None:
    """Infer stacked experts from [experts, in, 2 x inner] with [experts, inner, out], or both transposed."""
    if up.shape[0] != down.shape[0]:
        return None
    if up.shape[2] == 2 * down.shape[1]:
        return stacked(up.shape[0], up.shape[1], down.shape[1])
    return stacked(up.shape[0], up.shape[2], down.shape[2]) if up.shape[1] == 2 * down.shape[2] else None
