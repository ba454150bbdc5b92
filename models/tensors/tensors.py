"""Facts of one live tensor or module that rows and totals need, safe for every kind of tensor.

Lazy and nested tensors raise on `.shape`, sparse ones have no storage: here each function answers for all of them, with
None or an empty text where there is nothing to return.  Reads no elements.
"""

from __future__ import annotations

import torch
from torch.nn.parameter import is_lazy

from .plainly import attribute, plain, plainly

UNKNOWN = -1
"""In the place of a size that depends on values."""


def is_uninitialised(tensor: torch.Tensor) -> bool:
    """Return whether a tensor is a lazy parameter or buffer whose shape is not known yet."""
    return bool(is_lazy(tensor))


def shape_of(tensor: torch.Tensor) -> tuple[int, ...] | None:
    """Return the shape of a tensor; None where it has none (lazy, nested), and where a size depends on values."""
    shape = sizes_of(tensor)
    return None if shape is None or UNKNOWN in shape else shape


def sizes_of(tensor: torch.Tensor) -> tuple[int, ...] | None:
    """Return the sizes of a tensor, `UNKNOWN` for one that depends on values; None where it has none (lazy, nested)."""
    if is_uninitialised(tensor):
        return None
    tensor = plain(tensor)
    try:
        if attribute(tensor, "is_nested"):
            return None  # a ragged one has symbols among its sizes
        # a symbol: of what is being exported, or runs without values
        return tuple([size if type(size) is int else UNKNOWN for size in attribute(tensor, "shape")])
    except Exception:  # nested tensors and foreign subclasses raise what they like
        return None


def shape_text(tensor: torch.Tensor) -> str:
    """Return the shape of a tensor as `[8, 4]`, `[]` for a scalar; empty where it has none."""
    shape = shape_of(tensor)
    return "" if shape is None else str(list(shape))


def dtype_text(tensor: torch.Tensor) -> str:
    """Return the dtype of a tensor as `float32`, without the `torch.`."""
    return str(attribute(plain(tensor), "dtype")).removeprefix("torch.")


def device_text(tensor: torch.Tensor) -> str:
    """Return the device of a tensor: `cpu`, `cuda:0`; empty where its class computes it, and fails."""
    try:
        return str(attribute(plain(tensor), "device"))
    except Exception:  # as in shape_of
        return ""


def layout_text(tensor: torch.Tensor) -> str:
    """Return the layout of a tensor as `strided`; empty where its class computes it, and fails."""
    try:
        return str(attribute(plain(tensor), "layout")).removeprefix("torch.")
    except Exception:  # as in shape_of
        return ""


def is_meta(tensor: torch.Tensor) -> bool:
    """Return whether a tensor is on the meta device, without elements."""
    return device_text(tensor) == "meta"


def requires_grad(tensor: torch.Tensor) -> bool:
    """Return whether autograd computes a gradient for a tensor, whatever its class overrides."""
    return bool(attribute(tensor, "requires_grad"))


@plainly
def element_count(tensor: torch.Tensor) -> int | None:
    """Return the number of elements of a tensor, of the dense shape for a sparse one; None where unknown."""
    if is_uninitialised(tensor):
        return None
    try:
        return int(plain(tensor).numel())
    except Exception:  # as in shape_of
        return None


@plainly
def size_in_bytes(tensor: torch.Tensor) -> int | None:
    """Return the bytes of a tensor's elements; of a sparse one those of its indices and values; None where unknown.

    Of a meta tensor it is what its elements would take.
    """
    if is_uninitialised(tensor):
        return None
    tensor = plain(tensor)
    try:
        if tensor.layout is torch.strided:
            return int(tensor.numel() * tensor.element_size())
        return sum(int(part.numel() * part.element_size()) for part in strided_parts(tensor))
    except Exception:  # as in shape_of
        return None


def strided_parts(tensor: torch.Tensor) -> list[torch.Tensor]:
    """Return the strided tensors that a sparse one consists of, indices first; the tensor itself when it is strided.

    Raises:
        TypeError: the layout is neither.
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
    """Return a stamp that differs once an operation changed the elements in place, and for another tensor.

    Changes that autograd does not count (`.data`, NumPy) leave it as it is.
    """
    try:
        return id(tensor), tensor._version
    except Exception:  # inference tensors keep no version, foreign subclasses raise what they like
        return id(tensor)


def class_name(module: torch.nn.Module) -> str:
    """Return the name of a module's class; for a scripted module that of the class it was compiled from."""
    if isinstance(module, torch.jit.ScriptModule):
        original = getattr(module, "original_name", None)
        if isinstance(original, str) and original:
            return original
    return type(module).__name__


def detail_of(item: torch.nn.Module | torch.Tensor) -> str:
    """Return what the tree shows beside a name: a module's class, a tensor's shape."""
    return class_name(item) if isinstance(item, torch.nn.Module) else shape_text(item)
