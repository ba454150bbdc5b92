"""What `torch.load(weights_only=True)` refuses in a file: the names and instructions that its own unpickler lacks.

The lists are those of `torch/_weights_only_unpickler.py`; a test compares them with it.
"""

from __future__ import annotations

import pickletools

from .stub_classes import STORAGES
from .unpickler import Globals

_DTYPES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32",
    "float64", "complex32", "complex64", "complex128", "qint8", "quint8", "qint32", "quint4x2", "quint2x4", "bits1x8",
    "bits2x4", "bits4x2", "bits8", "bits16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz",
    "float8_e8m0fnu", "float4_e2m1fn_x2", *(f"{sign}int{bits}" for sign in ("", "u") for bits in range(1, 8)),
)  # fmt: skip
_SCHEMES = (
    "per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric",
    "per_channel_affine_float_qparams",
)  # fmt: skip
_REBUILD = (
    "parameter", "parameter_with_state", "qtensor", "tensor", "tensor_v2", "tensor_v3", "sparse_tensor",
    "meta_tensor_no_storage", "nested_tensor", "wrapper_subclass", "device_tensor_from_numpy",
    "device_tensor_from_cpu_tensor",
)  # fmt: skip
_OTHERS = (
    "collections.OrderedDict", "collections.Counter", "torch.nn.parameter.Parameter", "torch.serialization._get_layout",
    "torch.Size", "torch.Tensor", "torch.device", "_codecs.encode", "builtins.bytearray", "builtins.set",
    "builtins.complex", "torch._tensor._rebuild_from_type_v2", "torch.storage.TypedStorage",
    "torch.storage.UntypedStorage",
)  # fmt: skip
_TENSORS = ("Byte", "Char", "Double", "Float", "Int", "Long", "Short", "Half", "BFloat16")
_ON_GPU = (*_TENSORS, "Bool")
_COMPLEX = ("ComplexDouble", "ComplexFloat")


def _allowed() -> frozenset[str]:
    quantised = tuple(name for name in STORAGES if name.startswith("Q"))
    return frozenset(
        (
            *_OTHERS,
            *(f"torch.{name}" for name in (*_DTYPES, *_SCHEMES, *quantised)),
            *(f"torch._utils._rebuild_{name}" for name in _REBUILD),
            *(f"torch.{device}{name}Storage" for name in (*_ON_GPU, *_COMPLEX) for device in ("", "cuda.")),
            *(f"torch.{device}{name}Tensor" for name in _ON_GPU for device in ("", "cuda.")),
            *(f"torch.{device}sparse.{name}Tensor" for name in _TENSORS for device in ("", "cuda.")),
        )
    )


ALLOWED = _allowed()
"""Names that it knows, `module.name`."""


_IMPORTED = ("torch.distributed.", "torch.nested._internal.", "torch._dynamo.")
"""Modules of names that it knows as soon as the module is imported: those of DTensor and of jagged tensors."""


def refused_by_torch(names: Globals) -> list[str]:
    """Return what it refuses of a pickle that was read: names, `module.name`, and instructions; empty if it loads."""
    found = []
    for module, name in names.named:
        if f"{module}.{name}" not in ALLOWED:
            until = f" (until {module} is imported)" if f"{module}.".startswith(_IMPORTED) else ""
            found.append(f"{module}.{name}{until}")
    for each in pickletools.opcodes if names.instructions else ():
        if ord(each.code) in names.instructions:
            found.append(f"the pickle instruction {each.name}")
    return found
