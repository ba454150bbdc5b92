"""The harmless names that torch files have, and what stands for each when a file is read.

The functions that a file names to rebuild its tensors are those of `torch/_utils.py` and `torch/_tensor.py`.
"""

from __future__ import annotations

from typing import Any

from .arrays import of_numpy
from .placement import local_part
from .python_stubs import joined_stub, of_python, record
from .raw import Plain, RawGroup, RawRecord, RawStorage, RawTensor
from .unpickler import UnknownName, UnknownObject

Sizes = tuple[int, ...]
"""A shape or strides, in elements."""

STORAGES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "ByteStorage": "uint8", "CharStorage": "int8", "ShortStorage": "int16", "IntStorage": "int32",
    "LongStorage": "int64", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "QInt8Storage": "qint8", "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32", "QUInt4x2Storage": "quint4x2", "QUInt2x4Storage": "quint2x4",
    "UntypedStorage": "uint8", "TypedStorage": "uint8",
}  # fmt: skip
_TORCH_DTYPES = (
    "float16", "bfloat16", "float32", "float64", "half", "float", "double", "uint8", "int8", "int16", "int32", "int64",
    "uint16", "uint32", "uint64", "short", "int", "long", "bool", "complex32", "complex64", "complex128",
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2",
    "qint8", "quint8", "qint32", "quint4x2", "quint2x4", "bits1x8", "bits2x4", "bits4x2", "bits8", "bits16",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in range(1, 8)),
)  # fmt: skip
_SCHEMES = (
    "per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric",
    "per_channel_affine_float_qparams",
)  # fmt: skip


class StorageType:
    """The stub of a class of storages, as a value; `dtype` is torch's name of its elements."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


def sizes(value: object) -> Sizes:
    """Return a shape or strides; raise ValueError for anything but at most 64 whole numbers from 0 on."""
    if type(value) is not tuple and not isinstance(value, (tuple, list)):
        raise ValueError(value)
    if len(value) > 64:
        raise ValueError(value)
    found = tuple(value)
    for each in found:
        if type(each) is not int or not 0 <= each < 1 << 62:
            raise ValueError(found)
    return found


def index(value: object) -> int:
    """Return a whole number from 0 on; raise ValueError for anything else."""
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError(value)
    return value


def storage(kind: object, key: object, location: object, size: object) -> RawStorage:
    """Return the storage of a persistent id's parts: `size` elements on the device `location`; raise ValueError."""
    if not isinstance(kind, StorageType):
        raise ValueError(kind)
    return RawStorage(kind.dtype, _text(key), _text(location), index(size))


def names_storage(key: object) -> bool:
    """Return whether a persistent id is that of a storage whose class is known."""
    if type(key) is not tuple or len(key) < 5 or key[0] not in ("storage", b"storage"):
        return False
    return not isinstance(key[1], (UnknownName, UnknownObject))


def unknown_id(key: object) -> UnknownObject:
    """Return what stands for a thing outside of the pickle of which nothing is known but its persistent id."""
    return UnknownObject(UnknownName("", "persistent id"), (key,))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    if isinstance(value, int):
        return str(value) if -(1 << 63) <= value < 1 << 64 else "?"
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _tensor(
    storage: Any, offset: Any, shape: Any, stride: Any, requires_grad: Any = False, hooks: Any = None, extra: Any = None
) -> RawTensor:
    if type(storage) is not RawStorage:
        raise ValueError(storage)
    tensor = RawTensor(storage, storage.dtype, index(offset), sizes(shape), sizes(stride), bool(requires_grad))
    if extra:
        tensor.notes = _bits(extra)
    return tensor


def _tensor_v3(
    storage: Any, offset: Any, shape: Any, stride: Any, requires_grad: Any, hooks: Any, dtype: Any, extra: Any = None
) -> RawTensor:
    tensor = _tensor(storage, offset, shape, stride, requires_grad, hooks, extra)
    tensor.dtype = _dtype(dtype)
    return tensor


def _bits(extra: object) -> tuple[tuple[str, str], ...]:
    """Return notes on the conjugate and negative bits, which say that the stored numbers mean others."""
    if not isinstance(extra, dict):
        return ()
    said = {"conj": "the values are the complex conjugates of these", "neg": "the values are the negatives of these"}
    return tuple((key, text) for key, text in said.items() if extra.get(key))


def _dtype(value: object) -> str:
    if not isinstance(value, Plain) or value.type != "torch.dtype":
        raise ValueError(value)
    return value.text.removeprefix("torch.")


def _parameter(data: Any, requires_grad: Any = True, hooks: Any = None, state: Any = None) -> Any:
    if isinstance(data, RawTensor):
        data.is_parameter = True
        data.requires_grad = bool(requires_grad)
        if state:
            data.build(state)
    elif isinstance(data, RawGroup):
        data.is_parameter = True
        data.requires_grad = bool(requires_grad)
    else:
        raise ValueError(data)
    return data


def _quantised(
    storage: Any, offset: Any, shape: Any, stride: Any, parameters: Any, requires_grad: Any = False, hooks: Any = None
) -> RawGroup:
    tensor = _tensor(storage, offset, shape, stride, requires_grad)
    scheme = parameters[0].text.removeprefix("torch.")
    if scheme.startswith("per_tensor"):
        scale, zero = parameters[1], parameters[2]
        if not isinstance(scale, (int, float)) or not isinstance(zero, int):
            raise ValueError(parameters)
        made = RawGroup("per_tensor", tensor.shape, tensor.dtype, {"integers": tensor})
        made.notes = (("quantised", scheme), ("scale", f"{scale!r}"[:40]), ("zero point", f"{zero}"[:40]))
        made.settings = {"scale": float(scale), "zero_point": zero}
        return made
    axis = index(parameters[3])
    if not all(isinstance(each, RawTensor) for each in parameters[1:3]) or axis >= max(len(tensor.shape), 1):
        raise ValueError(parameters)
    parts = {"integers": tensor, "scales": parameters[1], "zero_points": parameters[2]}
    made = RawGroup("per_channel", tensor.shape, tensor.dtype, parts)
    made.notes = (("quantised", f"{scheme} along dimension {axis}"),)
    made.settings = {"axis": axis}
    return made


_SPARSE = {
    "sparse_coo": ("indices", "values"),
    "sparse_csr": ("crow_indices", "col_indices", "values"),
    "sparse_csc": ("ccol_indices", "row_indices", "values"),
    "sparse_bsr": ("crow_indices", "col_indices", "values"),
    "sparse_bsc": ("ccol_indices", "row_indices", "values"),
}


def _sparse(layout: Any, data: Any) -> RawGroup:
    name = layout.text.removeprefix("torch.")
    parts = dict(zip(_SPARSE[name], data, strict=False))
    if not all(isinstance(each, RawTensor) for each in parts.values()):
        raise ValueError(data)
    return RawGroup(name, sizes(data[len(parts)]), parts["values"].dtype, parts)


def _meta(dtype: Any, shape: Any, stride: Any, requires_grad: Any = False) -> RawTensor:
    return RawTensor(None, _dtype(dtype), 0, sizes(shape), sizes(stride), bool(requires_grad))


def _nested(buffer: Any, shapes: Any, strides: Any, offsets: Any) -> RawGroup:
    parts = {"values": buffer, "sizes": shapes, "strides": strides, "storage_offsets": offsets}
    return RawGroup("nested", (), "", parts)


def _jagged(arguments: Any) -> RawGroup:
    if not isinstance(arguments, dict):
        raise ValueError(arguments)
    names = {"values": "values", "offsets": "offsets", "lengths": "lengths"}
    parts = {name: arguments[key] for key, name in names.items() if isinstance(arguments.get(key), RawTensor)}
    made = RawGroup("jagged", (), "", parts)
    made.requires_grad = arguments.get("requires_grad") is True
    return made


def _wrapper(cls: Any, dtype: Any, shape: Any, *rest: Any) -> RawGroup:
    made = RawGroup("subclass", sizes(shape), _dtype(dtype), {})
    made.settings = {"class": cls}
    return made


class _Generator(RawRecord):
    """The stub of a `torch.Generator`: its device, seed, and state."""

    __slots__ = ()

    def __init__(self, device: Any = None) -> None:
        super().__init__("Generator")
        self.attributes = {"device": device}

    def build(self, state: object) -> None:
        """Take the seed, the offset and the state."""
        if isinstance(state, tuple) and len(state) == 3:
            self.attributes |= zip(("seed", "offset", "state"), state, strict=True)


def _of_device(data: Any, dtype: Any, device: Any, requires_grad: Any) -> Any:
    return data


def _from_type(function: Any, kind: Any, arguments: Any, state: Any) -> Any:
    """Return a tensor with attributes: `function` is one of ours, as everything callable here is."""
    if function not in _REBUILDERS.values():
        raise ValueError(function)
    made = function(*arguments)
    if isinstance(made, (RawTensor, RawGroup)):
        made.build(state)
    return local_part(made) if isinstance(made, RawGroup) else made


_REBUILDERS: dict[str, Any] = {
    "_rebuild_tensor": _tensor, "_rebuild_tensor_v2": _tensor, "_rebuild_tensor_v3": _tensor_v3,
    "_rebuild_parameter": _parameter, "_rebuild_parameter_with_state": _parameter, "_rebuild_qtensor": _quantised,
    "_rebuild_sparse_tensor": _sparse, "_rebuild_sparse_csr_tensor": _sparse,
    "_rebuild_meta_tensor_no_storage": _meta, "_rebuild_nested_tensor": _nested, "_rebuild_njt": _jagged,
    "_rebuild_wrapper_subclass": _wrapper, "_rebuild_device_tensor_from_cpu_tensor": _of_device,
}  # fmt: skip


def _of_torch() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for name, dtype in STORAGES.items():
        for module in ("torch", "torch.cuda", "torch.storage"):
            found[module, name] = StorageType(dtype)
    for name in _TORCH_DTYPES:
        true = _ALIASES.get(name, name)
        found["torch", name] = Plain("torch.dtype", f"torch.{true}")
    for name in _SCHEMES:
        found["torch", name] = Plain("torch.qscheme", f"torch.{name}")
    for name in (*_SPARSE, "strided"):
        found["torch", name] = Plain("torch.layout", f"torch.{name}")
    for name in ("contiguous_format", "channels_last", "channels_last_3d", "preserve_format"):
        found["torch", name] = Plain("torch.memory_format", f"torch.{name}")
    found |= {("torch._utils", name): function for name, function in _REBUILDERS.items()}
    found |= {
        ("torch.nested._internal.nested_tensor", "_rebuild_njt"): _jagged,
        ("torch.nested._internal.nested_tensor", "NestedTensor"): Plain("class", "torch.NestedTensor"),
        ("torch._dynamo.decorators", "_DimRange"): record("_DimRange"),
    }
    for module in ("torch.tensor", "torch._tensor"):
        found[module, "_rebuild_from_type"] = _from_type
        found[module, "_rebuild_from_type_v2"] = _from_type
    found |= {
        ("torch", "Size"): lambda items=(): sizes(items),
        ("torch._C", "Generator"): _Generator,
        ("torch", "device"): joined_stub("torch.device", ":"),
        ("torch", "Tensor"): Plain("class", "torch.Tensor"),
        ("torch._tensor", "Tensor"): Plain("class", "torch.Tensor"),
        ("torch.nn.parameter", "Parameter"): _parameter,
        ("torch.nn.parameter", "Buffer"): _parameter,
        ("torch.serialization", "_get_layout"): lambda name: Plain("torch.layout", _text(name)[:100]),
    }
    return found


def _of_distributed() -> dict[tuple[str, str], Any]:
    """Return the stubs of a `DTensor`, of which one process saved its part; see `placement`."""
    names = {
        "torch.distributed.tensor._dtensor_spec": ("DTensorSpec", "TensorMeta", "ShardOrderEntry"),
        "torch.distributed.tensor.placement_types": ("Shard", "Replicate", "Partial"),
        "torch.distributed.device_mesh": ("DeviceMesh",),
        "torch.distributed._mesh_layout": ("_MeshLayout", "_FlatLayout"),
    }
    found: dict[tuple[str, str], Any] = {
        (module, name): record(name) for module, each in names.items() for name in each
    }
    for module in ("torch.distributed.tensor", "torch.distributed._tensor", "torch.distributed._tensor.api"):
        found[module, "DTensor"] = Plain("class", "torch.distributed.tensor.DTensor")
    return found


_ALIASES = {
    "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32", "long": "int64",
}  # fmt: skip

STUB_CLASSES: dict[tuple[str, str], Any] = {**of_python(), **of_numpy(), **_of_torch(), **_of_distributed()}
"""For the unpickler, by (module, name); nothing here runs, imports or opens anything."""
