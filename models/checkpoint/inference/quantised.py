"""Linear layers whose weights are packed: the names and shapes that the common quantisers write."""

from __future__ import annotations

from .facts import Inferred, Leaf, Module, across, cut
from .weights import stacked


def packed(module: Module) -> Inferred | None:
    """Of a module with a packed weight."""
    own = module.own
    if "weight" in own:
        return _weight(module, own["weight"])
    if "qweight" in own:
        return _group_wise(module)
    if "weight_packed" in own:
        return _compressed(module)
    if "W_q" in own:
        return _hqq(module)
    if module.has("_packed_params") or "_packed_params" in own:
        return Inferred("Linear", "Linear, quantised") if {"scale", "zero_point"} <= own.keys() else None
    return _blocks(module)


def quant_state(module: Module) -> Inferred | None:
    """What bitsandbytes keeps beside a weight of 4 bits: `weight.absmax`."""
    return Inferred("QuantState", "QuantState") if {"absmax", "quant_map"} <= module.own.keys() else None


def _weight(module: Module, weight: Leaf) -> Inferred | None:
    own, shape = module.own, weight.shape
    if len(shape) != 2:
        return None
    outputs, inputs = shape
    if weight.dtype == "uint8":
        if "weight.absmax" in own or module.class_of("weight") == "QuantState":
            return _four_bit(module, outputs * inputs * 2)
        scale = module.leaf("weight_scale", 2)
        if scale is not None and scale.shape[0] == outputs:  # two numbers in a byte
            return across("Linear", inputs * 2, outputs, "nvfp4" if "weight_scale_2" in own else "4 bit")
        return None
    scales = own.keys() & {"weight_scale", "weight_scale_inv", "scale", "SCB", "weight_format"}
    if weight.dtype == "int8" and scales:
        return across("Linear8bitLt" if "SCB" in own else "Linear", inputs, outputs, "" if "SCB" in own else "int8")
    if weight.dtype.startswith("float8") and scales:
        return across("Linear", inputs, outputs, "fp8")
    return None


def _four_bit(module: Module, numbers: int) -> Inferred:
    bias = module.leaf("bias", 1)
    if bias is not None and bias.shape[0] and numbers % bias.shape[0] == 0:
        return across("Linear4bit", numbers // bias.shape[0], bias.shape[0])
    return Inferred("Linear4bit", cut(f"Linear4bit, {numbers} weights"))


def _group_wise(module: Module) -> Inferred | None:
    """GPTQ packs down the columns of a weight that is [inputs, outputs], AWQ along its rows."""
    weight, zeros, scales = module.leaf("qweight", 2), module.leaf("qzeros", 2), module.leaf("scales", 2)
    if weight is None or zeros is None or scales is None or weight.dtype != "int32":
        return None
    rows, columns = weight.shape
    outputs = scales.shape[1]
    bits = 32 * zeros.shape[1] // outputs if outputs else 0
    if not 1 <= bits <= 8:
        return None
    if columns == outputs:
        groups = module.leaf("g_idx", 1)
        inputs = rows * 32 // bits if groups is None else groups.shape[0]
        return across("QuantLinear", inputs, outputs, f"GPTQ {bits}")
    return across("QuantLinear", rows, outputs, f"AWQ {bits}") if columns == zeros.shape[1] else None


def _compressed(module: Module) -> Inferred | None:
    weight, scale = module.leaf("weight_packed", 2), module.leaf("weight_scale", 2)
    if weight is None or scale is None or weight.shape[0] != scale.shape[0]:
        return None
    if weight.dtype == "uint8":
        return across("Linear", weight.shape[1] * 2, weight.shape[0], "4 bit")
    return Inferred("Linear", cut(f"Linear → {weight.shape[0]}, packed"), None, weight.shape[0])


def _hqq(module: Module) -> Inferred | None:
    return Inferred("HQQLinear", "HQQLinear") if {"scale", "zero"} <= module.own.keys() else None


def _blocks(module: Module) -> Inferred | None:
    """MXFP4: bytes of two numbers in blocks of 32, a scale for each block; of one layer or of stacked experts."""
    for before in ("", "gate_up_proj_", "weight_", "down_proj_"):
        blocks, scales = module.leaf(f"{before}blocks", 3, 4), module.leaf(f"{before}scales", 2, 3)
        if blocks is None or scales is None or blocks.shape[:-1] != scales.shape or blocks.dtype != "uint8":
            continue
        *count, outputs, groups, size = blocks.shape
        inputs = groups * size * 2
        return stacked(count[0], inputs, outputs, "mxfp4") if count else across("Linear", inputs, outputs, "mxfp4")
    return None
