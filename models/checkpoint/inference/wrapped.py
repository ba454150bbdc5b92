"""Rules for layers whose weight is computed: low-rank adapters, weight and spectral norm, parametrizations."""

from __future__ import annotations

from dataclasses import replace

from .facts import Inferred, Module, OwnTensor, bounded_text
from .weights import of_weight

_PAIRS = (("lora_a", "lora_b"), ("lora_A", "lora_B"), ("lora_down", "lora_up"))
_LISTS = {name.lower() for pair in _PAIRS for name in pair}
_HOOKED = (("weight_v", "weight_g", "weight norm"), ("weight_orig", "weight_u", "spectral norm"))


def low_rank(module: Module) -> Inferred | None:
    """Infer a low-rank adapter, `LoRA r=8 4096 → 4096`, with the layer it adapts or without; None for any other."""
    for down, up in _PAIRS:
        if module.has(down, up):
            first, second = module.child(down), module.child(up)
            if first is None or second is None or first.outputs is None or first.outputs != second.inputs:
                return None
            return _pair(first.inputs, first.outputs, second.outputs)
        a, b = module.tensor(down, 2), module.tensor(up, 2)
        if a is not None and b is not None and a.shape[0] == b.shape[1]:
            return _pair(a.shape[1], a.shape[0], b.shape[0])
    return None


def _pair(inputs: int | None, rank: int, outputs: int | None) -> Inferred:
    known = inputs is not None and outputs is not None
    return Inferred(
        "LoRA", bounded_text(f"LoRA r={rank} {inputs} → {outputs}" if known else f"LoRA r={rank}"), inputs, outputs
    )


def adapters(module: Module) -> Inferred | None:
    """Infer the `lora_A` of PEFT, a dict of a layer for each adapter, from the first one; None for any other module."""
    if module.own or module.name not in _LISTS or not module.names:
        return None
    first = module.child(next(iter(module.names)))
    if first is None or first.inputs is None or first.outputs is None:
        return None
    count = len(module.names)
    return replace(first, class_name="ModuleDict", text=f"ModuleDict {count}", count=count)


def reparametrised(module: Module) -> Inferred | None:
    """Infer a layer with weight or spectral norm, by torch's hooks or parametrizations; None for any other module."""
    own, bias = module.own, module.own.get("bias")
    for key, beside, what in _HOOKED:
        weight = module.tensor(key)
        if weight is not None and beside in own and own.keys() <= {key, beside, "weight_v", "bias"}:
            return _layer(module, weight, bias, what)
    held = module.child("parametrizations") if module.has("parametrizations") else None
    if held is not None and held.weight is not None and own.keys() <= {"bias"}:
        return _layer(module, held.weight, bias, held.text)
    return None


def parametrization(module: Module) -> Inferred | None:
    """Infer what torch keeps beside a parametrized layer, `parametrizations.weight.original0`; None for any other."""
    if module.name == "parametrizations" and not module.own:
        held = module.child("weight")
        return None if held is None or held.weight is None else replace(held, class_name="ModuleDict")
    if module.own.keys() == {"original0", "original1"}:
        return Inferred("ParametrizationList", "weight norm", weight=module.own["original1"])
    if module.own.keys() == {"original"}:
        return Inferred("ParametrizationList", "parametrized", weight=module.own["original"])
    return None


def _layer(module: Module, weight: OwnTensor, bias: OwnTensor | None, what: str) -> Inferred | None:
    found = of_weight(module.name, weight, bias)
    return None if found is None else replace(found, text=bounded_text(f"{found.text}, {what}"))


def flattened(module: Module) -> Inferred | None:
    """Infer a module that FSDP has flattened: all its parameters are one, of which a rank has a shard.

    None for any other module.
    """
    if "_flat_param" in module.own or "flat_param" in module.own:
        return Inferred("FullyShardedDataParallel", "FSDP, flattened")
    return None
