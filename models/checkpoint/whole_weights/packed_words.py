"""Weights packed into integers: GPTQ, AWQ, HQQ, compressed-tensors, MLX, ExLlama, AQLM, QuIP#.

GPTQ: Frantar et al. (arXiv:2210.17323).  AWQ: Lin et al. (arXiv:2306.00978).  AQLM: Egiazarian et al.
(arXiv:2401.06118).  QuIP#: Tseng et al. (arXiv:2402.04396).  The papers say what is stored; how it is packed is said by
the code of each library alone.
"""

from __future__ import annotations

from math import prod

from ...tensors.readable import Unreadable
from .scheme import Shape, StorageScheme, TensorNames, WeightInParts, named

_WORD = {"int32": 32, "uint32": 32, "int16": 16, "int64": 64, "uint8": 8, "int8": 8}
"""Bits of the integers that elements are packed into."""


def _found(
    names: TensorNames, prefix: str, shape: Shape | None, what: str, said: str, parts: dict[str, int], unpack: str = ""
) -> WeightInParts | None:
    """Return the weight `weight` of a module, where its shape is known and nothing else has its name."""
    path = f"{prefix}weight"
    first = next(iter(parts.values()))
    if shape is None or (names.at(path) is not None and names.at(path) not in parts.values()):
        return None
    dtype = named(what, prod(shape), names.size(first))
    return WeightInParts(path, shape, dtype, said, parts, min(parts.values()), unpack)


def _group_wise(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of GPTQ, which packs it [inputs, outputs] down its columns, or AWQ, along its rows."""
    parts = names.parts(prefix, "qweight", "qzeros", "scales", "g_idx")
    if "scales" not in parts or names.dtype(parts["qweight"]) not in ("int32", "int16"):
        return None
    packed, scales = names.shape(parts["qweight"]), names.shape(parts["scales"])
    if len(packed) != 2 or len(scales) != 2:
        return None
    word, outputs = _WORD[names.dtype(parts["qweight"])], scales[1]
    zeros = names.shape(parts["qzeros"]) if "qzeros" in parts else ()
    bits = word * zeros[1] // outputs if len(zeros) == 2 and outputs else names.setting("bits", "w_bit")
    if not bits or not 1 <= bits <= 8:
        return None
    if packed[1] == outputs:
        groups = names.shape(parts["g_idx"])[:1] if "g_idx" in parts else ()
        inputs = groups[0] if groups else packed[0] * word // bits
        said = f"GPTQ: {bits} bits an element, {scales[0]:,} group{'' if scales[0] == 1 else 's'} of inputs"
        second = names.settings.get("checkpoint_format") == "gptq_v2"
        regular = word == 32 and 32 % bits == 0 and "qzeros" in parts
        unpack = ("gptq2" if second else "gptq") if regular else ""
        return _found(names, prefix, (outputs, inputs), f"gptq{bits}", said, parts, unpack)
    if packed[1] * word == outputs * bits:
        said = f"AWQ: {bits} bits an element, {scales[0]:,} group{'' if scales[0] == 1 else 's'} of inputs"
        unpack = "awq" if bits == 4 and word == 32 and "qzeros" in parts else ""
        return _found(names, prefix, (outputs, packed[0]), f"awq{bits}", said, parts, unpack)
    return None


def _compressed(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of compressed-tensors, packed into integers of 32 bits, or of NVFP4 and MXFP4 into bytes."""
    beside = ("scale", "zero_point", "shape", "g_idx", "global_scale")
    parts = names.parts(prefix, "weight_packed", *(f"weight_{each}" for each in beside), "scale_packed", "meta")
    if len(parts) < 2:
        return None
    packed = names.shape(parts["weight_packed"])
    kind = names.dtype(parts["weight_packed"])
    if kind == "uint8" and packed:
        what = "nvfp4" if "weight_global_scale" in parts else "mxfp4"
        said = f"compressed-tensors, {what.upper()}: two elements in a byte"
        whole = (*packed[:-1], packed[-1] * 2)
        return _found(names, prefix, whole, what, said, parts, "nvfp4" if what == "nvfp4" else "")
    shape = _written_shape(names, parts.get("weight_shape"), (packed, kind))
    if shape is None:
        bits = names.setting("num_bits", "bits")
        if not bits or kind not in _WORD or not packed or _WORD[kind] % bits:
            return None
        shape = (*packed[:-1], packed[-1] * _WORD[kind] // bits)
    bits = round(names.size(parts["weight_packed"]) * 8 / max(prod(shape), 1))
    said = f"compressed-tensors: {bits} bits an element, in integers of {_WORD.get(kind, 0)} bits"
    regular = kind == "int32" and bits in (4, 8) and "weight_g_idx" not in parts and "weight_zero_point" not in parts
    return _found(names, prefix, shape, f"int{bits}", said, parts, "compressed" if regular else "")


def _hqq(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of HQQ, whose shape and bits stand beside it."""
    beside = (
        "scale", "zero", "shape", "nbits", "group_size", "axis", "packing", "view_as_float", "unpack_view_dtype",
        "compute_dtype", "quant_zero", "quant_scale", "channel_wise", "optimize", "round_zero", "stores_quant_config",
        "encoded_state_dict", "offload_meta", "scale_q", "zero_q", "meta_scale", "meta_zero",
    )  # fmt: skip
    parts = names.parts(prefix, "W_q", *beside)
    if not {"scale", "zero"} <= parts.keys():
        return None
    size = names.size(parts["W_q"])
    shape = _written_shape(names, parts.get("shape"), ("hqq", prefix if "shape" in parts else "", size))
    bits = round(size * 8 / prod(shape)) if shape and prod(shape) else names.setting("nbits", "bits")
    if shape is None and bits:
        shape = (size * 8 // bits,)
    said = f"HQQ: {bits} bits an element, in groups"
    return _found(names, prefix, shape, f"hqq{bits}", said, parts)


def _mlx(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of MLX: rows of integers of 32 bits, with scales and biases of groups."""
    parts = names.parts(prefix, "weight", "scales", "biases")
    if len(parts) < 3 or names.dtype(parts["weight"]) != "uint32":
        return None
    packed, scales = names.shape(parts["weight"]), names.shape(parts["scales"])
    if not packed or len(packed) != len(scales) or packed[:-1] != scales[:-1] or names.shape(parts["biases"]) != scales:
        return None
    bits, group = names.setting("bits"), names.setting("group_size") or 64
    inputs = scales[-1] * group
    if bits is None or inputs * bits != packed[-1] * 32:
        bits = packed[-1] * 32 // inputs if inputs else 0
    if not 1 <= bits <= 8 or inputs * bits != packed[-1] * 32:
        return None
    said = f"MLX: {bits} bits an element, in groups of {group} with a scale and a bias"
    return _found(names, prefix, (*packed[:-1], inputs), f"mlx{bits}", said, parts, "mlx" if 32 % bits == 0 else "")


def _exllama2(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    parts = names.parts(prefix, "q_weight", "q_scale", "q_scale_max", "q_groups", "q_perm", "q_invperm", "q_group_map")
    order = parts.get("q_invperm", parts.get("q_perm"))
    packed = names.shape(parts["q_weight"])
    if order is None or len(packed) != 2 or len(names.shape(order)) != 1:
        return None
    shape = (packed[1], names.shape(order)[0])
    return _found(names, prefix, shape, "exl2", "ExLlamaV2: groups of rows with bits of their own", parts)


def _exllama3(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    parts = names.parts(prefix, "trellis", "suh", "svh", "su", "sv", "mcg", "mul1")
    packed = names.shape(parts["trellis"])
    if len(packed) != 3 or len(parts) < 2:
        return None
    shape = (packed[1] * 16, packed[0] * 16)
    return _found(names, prefix, shape, "exl3", f"ExLlamaV3: {packed[2] / 16:g} bits an element, a trellis", parts)


def _aqlm(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    parts = names.parts(prefix, "codes", "codebooks", "scales")
    if len(parts) < 3:
        return None
    codes, books = names.shape(parts["codes"]), names.shape(parts["codebooks"])
    if len(codes) != 3 or len(books) != 4:
        return None
    shape = (codes[0] * books[2], codes[1] * books[3])
    said = f"AQLM: {codes[2]} codebook{'' if codes[2] == 1 else 's'} of {books[1]:,} vectors"
    return _found(names, prefix, shape, "aqlm", said, parts)


def _quip(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    parts = names.parts(prefix, "Qidxs", "SU", "SV", "Wscale", "codebook_id", "fuse_scales", "scaleWH")
    if not {"SU", "SV"} <= parts.keys():
        return None
    shape = (*names.shape(parts["SV"]), *names.shape(parts["SU"]))
    return _found(names, prefix, shape if len(shape) == 2 else None, "quip#", "QuIP#: indices of a codebook", parts)


def _written_shape(names: TensorNames, index: int | None, key: object) -> Shape | None:
    """Return the shape that a small tensor of integers holds; None where it holds none.

    It is read once for each `key`: layers whose parts have the same shapes have the same one.
    """
    if index is None or prod(names.shape(index)) > 8:
        return None
    if key not in names.known:
        tensor = names.tensors[index]
        try:
            found = tensor.numbers(0, tensor.elements)
        except (Unreadable, ValueError):
            found = []
        fits = 0 < len(found) <= 8 and all(type(size) is int and 0 <= size < 1 << 40 for size in found)
        names.known[key] = tuple(found) if fits else None
    shape: Shape | None = names.known[key]
    return shape


PACKED_WORDS = tuple(
    StorageScheme(frozenset({sign}), (), weight)
    for sign, weight in {
        "qweight": _group_wise, "weight_packed": _compressed, "W_q": _hqq, "biases": _mlx, "q_weight": _exllama2,
        "trellis": _exllama3, "codes": _aqlm, "Qidxs": _quip,
    }.items()
)  # fmt: skip
"""Schemes of packed integers."""
