"""A layer whose weight is made of other tensors: low-rank adapters, weight and spectral norm, parametrizations."""

from __future__ import annotations

from dataclasses import replace

from .facts import Inferred, Leaf, Module, cut
from .weights import of_weight

_PAIRS = (("lora_a", "lora_b"), ("lora_A", "lora_B"), ("lora_down", "lora_up"))
_LISTS = {name.lower() for pair in _PAIRS for name in pair}
_HOOKED = (("weight_v", "weight_g", "weight norm"), ("weight_orig", "weight_u", "spectral norm"))


def low_rank(module: Module) -> Inferred | None:
    """`LoRA r=8 4096 → 4096`, with the layer it belongs to or without."""
    for down, up in _PAIRS:
        if module.has(down, up):
            first, second = module.child(down), module.child(up)
            if first is None or second is None or first.outputs is None or first.outputs != second.inputs:
                return None
            return _pair(first.inputs, first.outputs, second.outputs)
        a, b = module.leaf(down, 2), module.leaf(up, 2)
        if a is not None and b is not None and a.shape[0] == b.shape[1]:
            return _pair(a.shape[1], a.shape[0], b.shape[0])
    return None


def _pair(inputs: int | None, rank: int, outputs: int | None) -> Inferred:
    known = inputs is not None and outputs is not None
    return Inferred("LoRA", cut(f"LoRA r={rank} {inputs} → {outputs}" if known else f"LoRA r={rank}"), inputs, outputs)


def adapters(module: Module) -> Inferred | None:
    """The `lora_A` of PEFT, which holds a layer for each adapter: told by the first."""
    if module.own or module.name not in _LISTS or not module.names:
        return None
    first = module.child(next(iter(module.names)))
    if first is None or first.inputs is None or first.outputs is None:
        return None
    count = len(module.names)
    return replace(first, class_name="ModuleDict", text=f"ModuleDict {count}", count=count)


def reparametrised(module: Module) -> Inferred | None:
    """Weight norm and spectral norm, as torch's hooks and as its parametrizations name the parts of the weight."""
    own, bias = module.own, module.own.get("bias")
    for key, beside, what in _HOOKED:
        weight = module.leaf(key)
        if weight is not None and beside in own and own.keys() <= {key, beside, "weight_v", "bias"}:
            return _layer(module, weight, bias, what)
    held = module.child("parametrizations") if module.has("parametrizations") else None
    if held is not None and held.weight is not None and own.keys() <= {"bias"}:
        return _layer(module, held.weight, bias, held.text)
    return None


def parametrization(module: Module) -> Inferred | None:
    """What torch keeps beside the layer: `parametrizations.weight.original0`."""
    if module.name == "parametrizations" and not module.own:
        held = module.child("weight")
        return None if held is None or held.weight is None else replace(held, class_name="ModuleDict")
    if module.own.keys() == {"original0", "original1"}:
        return Inferred("ParametrizationList", "weight norm", weight=module.own["original1"])
    if module.own.keys() == {"original"}:
        return Inferred("ParametrizationList", "parametrized", weight=module.own["original"])
    return None


def _layer(module: Module, weight: Leaf, bias: Leaf | None, what: str) -> Inferred | None:
    found = of_weight(module.name, weight, bias)
    return None if found is None else replace(found, text=cut(f"{found.text}, {what}"))
