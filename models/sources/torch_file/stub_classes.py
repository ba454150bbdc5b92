"""The harmless names that torch files have, and what stands for each when a file is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .arrays import of_numpy
from .raw import Encoded, Plain, RawGroup, RawStorage, RawTensor, Record
from .restricted import hashable, ordered

Sizes = tuple[int, ...]

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
    """A class of storages, as a value."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


def sizes(value: object) -> Sizes:
    """A shape or strides; raises ValueError for anything but at most 64 whole numbers from 0 on."""
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
    """A whole number from 0 on; raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError(value)
    return value


def storage(kind: object, key: object, location: object, size: object) -> RawStorage:
    """Of a persistent id's parts."""
    if not isinstance(kind, StorageType):
        raise ValueError(kind)
    return RawStorage(kind.dtype, _text(key), _text(location), index(size))


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
    """The conjugate and negative bits, which say that the stored numbers mean others."""
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
    elif not isinstance(data, RawGroup):
        raise ValueError(data)
    return data


def _quantised(
    storage: Any, offset: Any, shape: Any, stride: Any, parameters: Any, requires_grad: Any = False, hooks: Any = None
) -> Any:
    tensor = _tensor(storage, offset, shape, stride, requires_grad)
    scheme = parameters[0].text.removeprefix("torch.")
    if scheme.startswith("per_tensor"):
        scale, zero = parameters[1], parameters[2]
        if not isinstance(scale, (int, float)) or not isinstance(zero, int):
            raise ValueError(parameters)
        said = f"{scheme}: the number is (stored - {zero}) * {scale}; the stored integers are shown"
        tensor.notes = (("quantised", said[:200]),)
        return tensor
    axis = index(parameters[3])
    said = f"{scheme} along dimension {axis}: the number is (stored - zero point) * scale; stored integers are shown"
    tensor.notes = (("quantised", said),)
    return RawGroup({"": tensor, "scales": parameters[1], "zero_points": parameters[2]}, ())


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
    shape = sizes(data[len(parts)])
    said = f"{name} of shape {' x '.join(map(str, shape)) or 'one number'}: this is a part of it"
    return RawGroup(parts, (("sparse", said),))


def _meta(dtype: Any, shape: Any, stride: Any, requires_grad: Any = False) -> RawTensor:
    return RawTensor(None, _dtype(dtype), 0, sizes(shape), sizes(stride), bool(requires_grad))


def _nested(buffer: Any, shapes: Any, strides: Any, offsets: Any) -> RawGroup:
    parts = {"values": buffer, "sizes": shapes, "strides": strides, "storage_offsets": offsets}
    return RawGroup(parts, (("nested", "a part of a nested tensor"),))


def _wrapper(cls: Any, dtype: Any, shape: Any, *rest: Any) -> RawGroup:
    return RawGroup({}, (("subclass", f"a part of a wrapper of shape {' x '.join(map(str, sizes(shape)))}"),))


def _of_device(data: Any, dtype: Any, device: Any, requires_grad: Any) -> Any:
    return data


def _from_type(function: Any, kind: Any, arguments: Any, state: Any) -> Any:
    """A tensor with attributes: `function` is one of ours, as everything callable here is."""
    if function not in _REBUILDERS.values():
        raise ValueError(function)
    made = function(*arguments)
    if isinstance(made, (RawTensor, RawGroup)):
        made.build(state)
    return made


def _encode(text: Any, encoding: Any = "latin1") -> Any:
    if not isinstance(text, str):
        raise ValueError(text)
    return Encoded(text)


def _bytes(data: Any = b"", encoding: Any = None) -> Any:
    if not isinstance(data, (bytes, str, Encoded)):
        raise ValueError(data)
    return Encoded(data) if isinstance(data, str) else data


def _set(items: Any = ()) -> set[Any]:
    return set(map(hashable, items))


def _joined(kind: str, joint: str) -> Callable[..., Plain]:
    def make(*parts: Any) -> Plain:
        text = joint.join(_short(each) for each in parts[:64])[:2000]
        return Plain(kind, text.replace("//", "/", 1) if joint == "/" else text)

    return make


def _short(value: object) -> str:
    if isinstance(value, str):
        return value[:500]
    if isinstance(value, Encoded):
        return value.text[:100].encode("latin-1", "replace").hex()
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 128 else "?"
    return value.text[:200] if isinstance(value, Plain) else str(value)[:100] if isinstance(value, float) else "?"


def _date(kind: str, layout: str) -> Callable[..., Plain]:
    """Of `datetime`, which packs its numbers into bytes, the first two of them a year."""

    def make(packed: Any, *rest: Any) -> Plain:
        raw = packed.data() if isinstance(packed, Encoded) and len(packed.text) < 20 else packed
        if not isinstance(raw, bytes):
            return _joined(kind, ", ")(packed, *rest)
        numbers = list(raw) if kind == "time" else [raw[0] << 8 | raw[1], *raw[2:]]
        return Plain(kind, layout.format(*numbers))

    return make


def _record(kind: str) -> Callable[..., Record]:
    return lambda *arguments: Record(kind)


def _complex(real: Any = 0.0, imaginary: Any = 0.0) -> complex:
    return complex(real, imaginary)


_REBUILDERS: dict[str, Any] = {
    "_rebuild_tensor": _tensor, "_rebuild_tensor_v2": _tensor, "_rebuild_tensor_v3": _tensor_v3,
    "_rebuild_parameter": _parameter, "_rebuild_parameter_with_state": _parameter, "_rebuild_qtensor": _quantised,
    "_rebuild_sparse_tensor": _sparse, "_rebuild_sparse_csr_tensor": _sparse,
    "_rebuild_meta_tensor_no_storage": _meta, "_rebuild_nested_tensor": _nested,
    "_rebuild_wrapper_subclass": _wrapper, "_rebuild_device_tensor_from_cpu_tensor": _of_device,
}  # fmt: skip


def _of_python() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {
        ("collections", name): ordered for name in ("OrderedDict", "Counter", "defaultdict")
    }
    found |= {
        ("builtins", "list"): lambda items=(): list(items),
        ("builtins", "tuple"): lambda items=(): tuple(items),
        ("builtins", "dict"): ordered,
        ("builtins", "set"): _set,
        ("builtins", "frozenset"): _set,
        ("builtins", "complex"): _complex,
        ("builtins", "bytearray"): _bytes,
        ("builtins", "bytes"): _bytes,
        ("builtins", "slice"): _joined("slice", ":"),
        ("builtins", "range"): _joined("range", ", "),
        ("_codecs", "encode"): _encode,
        ("argparse", "Namespace"): _record("Namespace"),
        ("types", "SimpleNamespace"): _record("SimpleNamespace"),
    }
    for name in ("int", "float", "str", "bool", "object"):
        found["builtins", name] = Plain("class", name)
    for module in ("pathlib", "pathlib._local"):
        for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path", "PurePath"):
            found[module, name] = _joined("Path", "/")
    found |= {
        ("datetime", "datetime"): _date("datetime", "{}-{:02}-{:02} {:02}:{:02}:{:02}"),
        ("datetime", "date"): _date("date", "{}-{:02}-{:02}"),
        ("datetime", "time"): _date("time", "{:02}:{:02}:{:02}"),
        ("datetime", "timedelta"): _joined("timedelta", ", "),
    }
    return found


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
    for module in ("torch.tensor", "torch._tensor"):
        found[module, "_rebuild_from_type"] = _from_type
        found[module, "_rebuild_from_type_v2"] = _from_type
    found |= {
        ("torch", "Size"): lambda items=(): sizes(items),
        ("torch", "device"): _joined("torch.device", ":"),
        ("torch", "Tensor"): Plain("class", "torch.Tensor"),
        ("torch._tensor", "Tensor"): Plain("class", "torch.Tensor"),
        ("torch.nn.parameter", "Parameter"): _parameter,
        ("torch.nn.parameter", "Buffer"): _parameter,
        ("torch.serialization", "_get_layout"): lambda name: Plain("torch.layout", _text(name)[:100]),
    }
    return found


def _of_distributed() -> dict[tuple[str, str], Any]:
    """A `DTensor`, of which one process saved its part: the part is shown, not how the whole was laid out."""
    names = {
        "torch.distributed.tensor": ("DTensor",),
        "torch.distributed.tensor._dtensor_spec": ("DTensorSpec", "TensorMeta", "ShardOrderEntry"),
        "torch.distributed.tensor.placement_types": ("Shard", "Replicate", "Partial"),
        "torch.distributed.device_mesh": ("DeviceMesh",),
        "torch.distributed._mesh_layout": ("_MeshLayout", "_FlatLayout"),
    }
    return {(module, name): _record(name) for module, found in names.items() for name in found}


_ALIASES = {
    "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32", "long": "int64",
}  # fmt: skip

STUB_CLASSES: dict[tuple[str, str], Any] = {**_of_python(), **of_numpy(), **_of_torch(), **_of_distributed()}
"""For the restricted unpickler; nothing here runs, imports or opens anything."""
