"""The pickle within a torch file: a dict of tensors, written without torch.

What `torch.save` writes of a tensor is a call of `torch._utils._rebuild_tensor_v2` with its storage, a persistent id,
its offset, shape and strides; of a dtype that has no storage class of its own a call of `_rebuild_tensor_v3`, whose
last argument is the dtype.  See `Tensor._reduce_ex_internal` in
https://github.com/pytorch/pytorch/blob/main/torch/_tensor.py, and `pickletools` of Python for the opcodes.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from itertools import accumulate
from operator import mul
from struct import pack

from ..stored.dtypes import DType
from .plan import SavedTensor

_STORAGES = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
    "complex128": "ComplexDoubleStorage",
    "complex64": "ComplexFloatStorage",
}
"""Classes of `torch` that stand for a dtype in a torch file."""
_ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
"""An empty one: a tensor's backward hooks."""


def pickled(tensors: Iterable[tuple[SavedTensor, str]]) -> bytes:
    """Return the pickle of a dict of tensors by their paths, each given with the name of its storage."""
    parts = [b"\x80\x02}("]  # protocol 2, an empty dict, a mark
    for tensor, storage in tensors:
        parts += [_text(tensor.path), _tensor(tensor.shape, tensor.dtype, storage)]
    return b"".join([*parts, b"u."])


def _tensor(shape: tuple[int, ...], dtype: DType, storage: str) -> bytes:
    *steps, count = accumulate((1, *reversed(shape)), mul)
    strides = accumulate((1, *(max(size, 1) for size in reversed(shape[1:]))), mul) if steps else ()
    known = _STORAGES.get(dtype.name)
    kind = _global("torch", known) if known else _global("torch.storage", "UntypedStorage")
    size = count if known else count * dtype.unit  # of an untyped storage the bytes
    place = b"(" + _text("storage") + kind + _text(storage) + _text("cpu")
    call = _global("torch._utils", f"_rebuild_tensor_v{2 if known else 3}") + b"(" + place + _number(size) + b"tQ"
    call += _number(0) + _tuple(shape) + _tuple(reversed(list(strides))) + b"\x89" + _ORDERED_DICT
    return call + (b"" if known else _global("torch", dtype.torch)) + b"tR"


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return b"X" + pack("<I", len(raw)) + raw


def _number(number: int) -> bytes:
    if number < 2**31:
        return b"J" + pack("<i", number)
    raw = pickle.encode_long(number)
    return b"\x8a" + bytes([len(raw)]) + raw


def _tuple(numbers: Iterable[int]) -> bytes:
    return b"(" + b"".join(map(_number, numbers)) + b"t"
