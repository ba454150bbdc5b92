"""The values of a tensor as text to paste elsewhere: Python, NumPy, CSV.

Only as many elements as the text can hold are ever read, whatever the size of the tensor.
"""

from __future__ import annotations

import torch

from .absence import absence_of
from .distributed import local_part
from .notation import ELEMENTS, csv_text, numpy_text, python_text
from .plainly import plain
from .tensors import dtype_text, shape_of


def as_python(tensor: torch.Tensor) -> str | None:
    """`python_text` of `tensor.tolist()`; None without values."""
    values = _first_values(tensor)
    return None if values is None else python_text(values, dtype_text(tensor))


def as_numpy(tensor: torch.Tensor) -> str | None:
    """`numpy_text`; None without values."""
    tensor = plain(tensor)
    values = _first_values(tensor)
    if values is None:
        return None
    dtype = "float32" if tensor.is_quantized else dtype_text(tensor)
    return numpy_text(values, dtype, local_part(tensor).shape)


def as_csv(tensor: torch.Tensor) -> str | None:
    """`csv_text`; None without values."""
    values = _first_values(tensor)
    return None if values is None else csv_text(values, dtype_text(tensor), plain(local_part(tensor)).shape)


def _first_values(tensor: torch.Tensor) -> object:
    """`tolist()` of a part that begins with the tensor's first elements; None where there are no values."""
    shape = shape_of(tensor)
    if shape is None or absence_of(tensor)[0]:
        return None
    try:
        part = plain(local_part(tensor)).detach()
        shape = tuple(part.shape)
        if part.layout is not torch.strided:
            if part.numel() > ELEMENTS:
                return None  # a dense copy could be of any size
            part = part.to_dense()
        for dim, size in enumerate(shape):
            below = 1
            for length in shape[dim + 1 :]:
                below *= max(length, 1)
            wanted = -(-ELEMENTS // below)
            part = part.narrow(dim, 0, min(size, wanted))
            if wanted > 1:
                break  # all below is needed whole
        if part.is_quantized:
            part = part.dequantize()
        if part.dtype.itemsize == 1 and part.dtype.is_floating_point:
            part = part.float()
        values: object = part.resolve_conj().resolve_neg().cpu().tolist()
    except Exception:  # fake and foreign tensors, dtypes without values
        return None
    return values
