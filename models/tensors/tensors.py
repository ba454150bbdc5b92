"""The few facts of one tensor or module that rows and totals need, safe for every kind of tensor.

Lazy parameters raise on `.shape`, nested tensors on `.shape`, sparse ones have no storage: here each question has an
answer for all of them, and `None` or an empty text where there is none.  Reads no values.
"""

from __future__ import annotations

import torch
from torch.nn.parameter import is_lazy

from .plainly import attribute, plain


def is_uninitialised(tensor: torch.Tensor) -> bool:
    """Whether `tensor` is a lazy parameter or buffer whose shape is not known yet."""
    return bool(is_lazy(tensor))


def shape_of(tensor: torch.Tensor) -> tuple[int, ...] | None:
    """The shape, or None where a tensor has none (lazy, nested)."""
    if is_uninitialised(tensor):
        return None
    tensor = plain(tensor)
    try:
        if tensor.is_nested:
            return None  # a ragged one has symbols among its sizes
        return tuple(tensor.shape)
    except Exception:  # nested tensors and foreign subclasses raise what they like
        return None


def shape_text(tensor: torch.Tensor) -> str:
    """`[8, 4]`, `[]` for a scalar, empty where the shape is unknown."""
    shape = shape_of(tensor)
    return "" if shape is None else str(list(shape))


def dtype_text(tensor: torch.Tensor) -> str:
    """`float32`, without the `torch.`."""
    return str(plain(tensor).dtype).removeprefix("torch.")


def device_text(tensor: torch.Tensor) -> str:
    """`cpu`, `cuda:0`."""
    return str(plain(tensor).device)


def requires_grad(tensor: torch.Tensor) -> bool:
    """Whether autograd computes a gradient for it, whatever its class says."""
    return bool(attribute(tensor, "requires_grad"))


def elements(tensor: torch.Tensor) -> int | None:
    """Number of elements (of the dense shape, for a sparse tensor); None where unknown."""
    if is_uninitialised(tensor):
        return None
    try:
        return int(plain(tensor).numel())
    except Exception:  # as in shape_of
        return None


def size_in_bytes(tensor: torch.Tensor) -> int | None:
    """Bytes of the elements; of indices and values for a sparse tensor; what it would take for a meta tensor."""
    if is_uninitialised(tensor):
        return None
    tensor = plain(tensor)
    try:
        if tensor.layout is torch.strided:
            return int(tensor.numel() * tensor.element_size())
        return sum(int(part.numel() * part.element_size()) for part in parts_of(tensor))
    except Exception:  # as in shape_of
        return None


def parts_of(tensor: torch.Tensor) -> list[torch.Tensor]:
    """The strided tensors that a sparse one is made of, indices first; the tensor itself when it is strided.

    Raises:
        TypeError: a layout that is neither.
    """
    if tensor.layout is torch.strided:
        return [tensor]
    if tensor.layout is torch.sparse_coo:
        return [tensor._indices(), tensor._values()]
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
    if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        return [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
    raise TypeError(f"a tensor of layout {tensor.layout} has no parts that are known")


def stamp_of(tensor: torch.Tensor) -> object:
    """Another one whenever an operation changed the values in place, or this is another tensor.

    What goes behind autograd's back (`.data`, NumPy) leaves it as it is.
    """
    try:
        return id(tensor), tensor._version
    except Exception:  # inference tensors keep no version, foreign subclasses raise what they like
        return id(tensor)


def class_name(module: torch.nn.Module) -> str:
    """The class's own name; for a scripted module the name of the class it was made from."""
    if isinstance(module, torch.jit.ScriptModule):
        original = getattr(module, "original_name", None)
        if isinstance(original, str) and original:
            return original
    return type(module).__name__


def detail_of(item: torch.nn.Module | torch.Tensor) -> str:
    """What stands beside a name: a module's class, a tensor's shape."""
    return class_name(item) if isinstance(item, torch.nn.Module) else shape_text(item)
