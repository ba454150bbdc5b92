"""Weights whose elements are halves of bytes: NF4 and FP4 of bitsandbytes, MXFP4 in blocks.

NF4: Dettmers et al., "QLoRA" (arXiv:2305.14314), as bitsandbytes stores it.  MXFP4: "OCP Microscaling Formats (MX)
Specification".
"""

from __future__ import annotations

import json
import re
from math import prod

from ...tensors.readable import Unreadable
from .scheme import Shape, StorageScheme, TensorNames, WeightInParts, named

_NUMBER = re.compile(r"\d+")
_STATES = ("quant_state.bitsandbytes__nf4", "quant_state.bitsandbytes__fp4")
_LONGEST_STATE = 4096
"""Bytes of a quantisation state that are read, at most; real ones have some 100."""
_READ_LIMIT = 2_000
"""Quantisation states that are read, at most: layers of one name have one shape."""


def _bitsandbytes(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return the weight of `weight.absmax`, in the tensor `weight` itself, two elements in a byte."""
    path = prefix.removesuffix(".")
    index = names.at(path)
    if index is None or not prefix:
        return None
    beside = names.parts(prefix, "absmax", "quant_map", "nested_absmax", "nested_quant_map", *_STATES)
    state = next((each for each in _STATES if each in beside), "")
    if not state and "quant_map" not in beside:
        return None
    kind = state.rpartition("__")[2] or "4 bit"
    parts = {"packed": index, **{each.partition(".")[0]: at for each, at in beside.items()}}
    elements = 2 * names.size(index)
    shape = _shape(names, path, index, beside.get(state)) or _by_bias(names, path, elements) or (elements,)
    said = f"bitsandbytes {kind.upper()}: two elements in a byte, scaled in blocks"
    if "nested_absmax" in beside:
        said += ", whose scales are quantised too"
    return WeightInParts(path, shape, named(kind, 2, 1), said, parts, index, "four_bit" if state else "")


def _shape(names: TensorNames, path: str, index: int, state: int | None) -> Shape | None:
    """Return the shape that a quantisation state says; None where it says none that fits."""
    if state is None:
        return None
    key = (_NUMBER.sub("#", path), names.size(index))
    if key not in names.known:
        if len(names.known) >= _READ_LIMIT or names.size(state) > _LONGEST_STATE:
            return None
        names.known[key] = _read_shape(names, state, 2 * names.size(index))
    found: Shape | None = names.known[key]
    return found


def _by_bias(names: TensorNames, path: str, elements: int) -> Shape | None:
    """Return the shape of a linear layer's weight by the length of its bias; None where it has none that fits."""
    bias = names.at(f"{path.removesuffix('weight')}bias") if path.endswith("weight") else None
    outputs = names.shape(bias) if bias is not None else ()
    fits = len(outputs) == 1 and outputs[0] and not elements % outputs[0]
    return (outputs[0], elements // outputs[0]) if fits else None


def _read_shape(names: TensorNames, state: int, elements: int) -> Shape | None:
    tensor = names.tensors[state]
    try:
        found = json.loads(bytes(tensor.flat(0, tensor.elements)))["shape"]
        shape = tuple(found)
    except (Unreadable, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not 0 < len(shape) <= 8 or not all(type(size) is int and 0 <= size < 1 << 40 for size in shape):
        return None
    return shape if elements - 1 <= prod(shape) <= elements else None


def _blocks(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of MXFP4: bytes of two elements in blocks of 32, with a scale each, stacked or not."""
    head = name.removesuffix("blocks")
    parts = names.parts(prefix, name, f"{head}scales")
    if len(parts) < 2:
        return None
    blocks, scales = parts[name], parts[f"{head}scales"]
    shape = names.shape(blocks)
    if names.dtype(blocks) != "uint8" or len(shape) < 3 or shape[:-1] != names.shape(scales):
        return None
    path = prefix + (head.removesuffix("_") or "weight")
    if names.at(path) is not None:
        return None
    said = f"MXFP4: two elements in a byte, a scale for each {shape[-1] * 2}"
    whole = (*shape[:-2], shape[-2] * shape[-1] * 2)
    return WeightInParts(path, whole, named("mxfp4", 2, 1), said, {"blocks": blocks, "scales": scales}, blocks, "mxfp4")


NIBBLES = (
    StorageScheme(frozenset({"absmax"}), (), _bitsandbytes),
    StorageScheme(frozenset({"blocks"}), ("_blocks",), _blocks),
)
"""Schemes of half bytes."""
