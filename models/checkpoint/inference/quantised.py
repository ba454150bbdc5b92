"""A rule for the quantised layers of torch.ao, whose state dict keeps weight and bias in `_packed_params`."""

from __future__ import annotations

from .facts import Inferred, Module, of_sizes

_PACKED = "_packed_params"


def packed(module: Module) -> Inferred | None:
    """Infer a quantised linear layer, `Linear 4 → 8, quantised`, or what it keeps packed; None for any other module."""
    if module.name == _PACKED:
        weight = module.tensor("0", 2)
        if weight is not None:
            return of_sizes("LinearPackedParams", weight.shape[1], weight.shape[0])
        return module.child(_PACKED) if module.has(_PACKED) else None
    if (module.has(_PACKED) or _PACKED in module.own) and {"scale", "zero_point"} <= module.own.keys():
        held = module.child(_PACKED)
        if held is None or held.inputs is None or held.outputs is None:
            return Inferred("Linear", "Linear, quantised")
        return of_sizes("Linear", held.inputs, held.outputs, "quantised")
    return None
