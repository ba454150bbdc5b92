"""Weights whose integers or small floats stand in a tensor of the weight's shape, and their scales beside it.

LLM.int8(): Dettmers et al. (arXiv:2208.07339).  The floats of 8 bits are in `models/stored/small_floats.py`.
"""

from __future__ import annotations

from math import prod

from .scheme import StorageScheme, TensorNames, WeightInParts, named

_SMALL = ("float8", "int8", "uint8")


def _scaled(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return the weight that `weight_scale`, `weight_scale_inv`, `gate_up_proj_scales` or `scale` belongs to."""
    key = "weight" if name == "scale" else name.removesuffix("_inv").removesuffix("s").removesuffix("_scale")
    index = names.at(prefix + key)
    if index is None or not names.dtype(index).startswith(_SMALL):
        return None
    own = ("scale", "scale_inv", "scales", "scale_2", "zero_point", "format")
    parts = {"packed": index, **names.parts(prefix, *(f"{key}_{each}" for each in own))}
    if name == "scale":
        parts |= names.parts(prefix, "scale")
    scale = parts.get(name)
    if scale is None or not names.dtype(scale).startswith(("float", "bfloat", "uint8")):
        return None
    return _of(names, prefix + key, parts, index, scale, name)


def _of(
    names: TensorNames, path: str, parts: dict[str, int], index: int, scale: int, name: str
) -> WeightInParts | None:
    kind, shape, scales = names.dtype(index), names.shape(index), names.shape(scale)
    labels = {"scale" if at == scale else label: at for label, at in parts.items()}
    if kind == "uint8" and prod(scales) == 1 and len(shape) == 2 and _is_bitnet(names):
        whole = (shape[0] * 4, *shape[1:])  # down the columns, of three values each
        return WeightInParts(path, whole, named("bitnet", 4, 1), "BitNet: four elements in a byte", labels, index)
    if kind == "uint8" and prod(scales) != 1:
        if len(shape) != len(scales) or shape[:-1] != scales[:-1]:
            return None
        second = any(label.endswith("_scale_2") for label in parts)
        what = "nvfp4" if second else "mxfp4" if names.dtype(scale) in ("uint8", "float8_e8m0fnu") else "4 bit"
        said = f"{what.upper()}: two elements in a byte, scaled in groups"
        return WeightInParts(path, (*shape[:-1], shape[-1] * 2), named(what, 2, 1), said, labels, index)
    if name.endswith("scales") and len(shape) == 2 and scales == shape[1:]:  # EETQ keeps a linear layer transposed
        said = "EETQ: integers of 8 bits, transposed, a scale for each output"
        return WeightInParts(path, (shape[1], shape[0]), named(kind, 1, 1), said, labels, index, "transposed")
    labels = {"zero_point" if label.endswith("zero_point") else label: at for label, at in labels.items()}
    if "zero_point" in labels:
        if names.shape(labels["zero_point"]) != scales:
            return None
        said = f"{kind} with scales of {list(scales)} and zero points"
        return WeightInParts(path, shape, named(kind, 1, 1), said, labels, index, "scaled")
    if len(scales) not in (0, 1, len(shape)):
        return None
    of = "one scale" if prod(scales) == 1 else f"scales of {list(scales)}"
    return WeightInParts(path, shape, named(kind, 1, 1), f"{kind} with {of}", labels, index, "scaled")


def _is_bitnet(names: TensorNames) -> bool:
    """Return whether weights of bytes with one scale are BitNet's: the settings say so, or the shapes around them.

    Packed, a weight has a quarter of its rows: what its outputs go into (a bias, a norm, the next layer) is four times
    as wide.  There must be more such heights than heights that are those of the network themselves.
    """
    if "quant_method" in names.settings:
        return bool(names.settings["quant_method"] == "bitnet")
    if "bitnet" not in names.known:
        pairs = [(names.shape(at), names.dtype(at)) for at in range(len(names.paths))]
        widths = {shape[-1] for shape, _ in pairs if shape}
        rows = {shape[0] for shape, dtype in pairs if dtype == "uint8" and len(shape) == 2}
        names.known["bitnet"] = sum((4 * count in widths) - (count in widths) for count in rows) > 0
    return bool(names.known["bitnet"])


def _linear8(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of bitsandbytes' LLM.int8()."""
    parts = names.parts(prefix, "weight", "SCB", "weight_format")
    index = parts.get("weight")
    if index is None or names.dtype(index) != "int8":
        return None
    labels = {"packed": index, "scale": parts["SCB"], **names.parts(prefix, "weight_format")}
    said = "bitsandbytes, 8 bit: integers, a scale (SCB) for each row"
    return WeightInParts(f"{prefix}weight", names.shape(index), named("int8", 1, 1), said, labels, index, "rows_127")


def _torchao(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of torchao in a safetensors file: `_weight_qdata` and its scales are `weight`."""
    if not name.startswith("_"):
        return None
    head = name.removesuffix("qdata")
    own = ("qdata", "scale", "zero_point", "scale_and_zero", "group_scale", "group_zero", "row_scale", "act_pre_scale",
           "act_quant_scale", "act_quant_zero_point")  # fmt: skip
    parts = {each: at for each in own for at in names.parts(prefix, head + each).values()}
    path = prefix + head[1:].removesuffix("_")
    if len(parts) < 2 or names.at(path) is not None:
        return None
    index, kind, shape = parts["qdata"], names.dtype(parts["qdata"]), names.shape(parts["qdata"])
    said_of = names.said(path)
    name_of = said_of.get("_type") if isinstance(said_of, dict) else None
    what = f"torchao{f', {name_of[:60]}' if isinstance(name_of, str) else ''}"
    labels = {"packed" if each == "qdata" else each: at for each, at in parts.items()}
    if kind.startswith(("float8", "int8")):
        plain = "scale" in parts and names.shape(parts.get("zero_point", parts["scale"])) == names.shape(parts["scale"])
        dtype, said = named(kind, 1, 1), f"{what}: {kind} with scales"
        return WeightInParts(path, shape, dtype, said, labels, index, "scaled" if plain else "")
    if kind not in ("uint8", "int32") or not shape:
        return None
    each = 2 if kind == "uint8" else 8
    whole = (*shape[:-1], shape[-1] * each)
    if len(shape) == 4:  # tiles for tensor cores: eight rows each
        rows = shape[0] * 8
        whole = (rows, prod(shape) * each // max(rows, 1))
    return WeightInParts(path, whole, named("int4", 2, 1), f"{what}: 4 bits an element", labels, index)


def _quanto(names: TensorNames, prefix: str, name: str) -> WeightInParts | None:
    """Return a weight of quanto: `weight._data` and `weight._scale` are `weight`."""
    if prefix.endswith("._data."):
        return _quanto_bits(names, prefix.removesuffix("_data."), prefix)
    parts = names.parts(prefix, "_data", "_scale", "_shift")
    path = prefix.removesuffix(".")
    if "_scale" not in parts or not prefix or names.at(path) is not None:
        return None
    index, kind, shape = parts["_data"], names.dtype(parts["_data"]), names.shape(parts["_data"])
    if not kind.startswith(("float8", "int8")):
        return None
    labels = {"packed": index, "scale": parts["_scale"]}
    plain = "_shift" not in parts
    said = f"quanto: {kind} with scales"
    labels |= names.parts(prefix, "_shift")
    return WeightInParts(path, shape, named(kind, 1, 1), said, labels, index, "scaled" if plain else "")


def _quanto_bits(names: TensorNames, prefix: str, inside: str) -> WeightInParts | None:
    """Return a weight of quanto in 4 or 2 bits: `weight._data._data` with a scale and a shift for each group.

    The layer's own shape is not in the file, where groups are shorter than its rows: the bias beside it says it.
    """
    parts = {"packed": names.at(f"{inside}_data"), **names.parts(prefix, "_scale", "_shift")}
    index, path = parts["packed"], prefix.removesuffix(".")
    if index is None or len(parts) < 3 or names.dtype(index) != "uint8" or names.at(path) is not None:
        return None
    shape, scales = names.shape(index), names.shape(parts["_scale"] or 0)
    if len(shape) < 2 or len(scales) != len(shape) or prod(scales[1:]) != 1:
        return None
    rows = scales[0]
    bits = next((bits for bits in (4, 2) if -(-rows * bits // 8) == shape[0]), 0)
    if not bits:
        return None
    whole = (rows, *shape[1:])
    bias = names.at(f"{path.rpartition('.')[0]}.bias")
    outputs = names.shape(bias)[0] if bias is not None and len(names.shape(bias)) == 1 else 0
    is_known = len(shape) > 2 or outputs == rows
    if len(shape) == 2 and outputs and prod(whole) % outputs == 0:
        whole, is_known = (outputs, prod(whole) // outputs), True
    said = f"quanto: {bits} bits, {8 // bits} elements in a byte, a scale and a shift for each {prod(shape[1:]):,}"
    if not is_known:
        said += ", which are a row here: the file does not say the layer's shape"
    labels = {"packed": index, "scale": parts["_scale"] or 0, "shift": parts["_shift"] or 0}
    return WeightInParts(
        path, whole, named(f"int{bits}", 8 // bits, 1), said, labels, index, "quanto_bits", not is_known
    )


SCALED = (
    StorageScheme(frozenset({"SCB"}), (), _linear8),
    StorageScheme(frozenset(), ("_qdata",), _torchao),
    StorageScheme(frozenset({"_data"}), (), _quanto),
    StorageScheme(frozenset({"scale"}), ("_scale", "_scale_inv", "_scales"), _scaled),
)
"""Schemes of scales beside a weight."""
