"""Which torch functions are worth a row of the trace, and what they are called."""

from __future__ import annotations

_VIEWS = frozenset(("T", "mT", "H", "mH", "real", "imag"))
"""Attributes whose reading is an operation on the values."""
_QUIET = frozenset((
    "dim", "size", "numel", "stride", "ndimension", "nelement", "element_size", "get_device", "storage_offset",
    "requires_grad_", "__len__", "__set__", "__hash__", "__repr__", "__format__",
))  # fmt: skip
_TELLING = frozenset((
    "__bool__", "__float__", "__int__", "__index__", "__complex__", "__contains__", "__setitem__",
    "item", "tolist", "numpy", "equal", "allclose",
))  # fmt: skip
_PLAIN = {
    "__idiv__": "div_", "__itruediv__": "div_", "__ifloordiv__": "floor_divide_", "__imod__": "remainder_",
    "__ipow__": "pow_", "__rsub__": "rsub", "__rdiv__": "rdiv", "__rfloordiv__": "rfloordiv", "__rmod__": "rmod",
    "__rpow__": "rpow", "__rmatmul__": "rmatmul", "__eq__": "eq", "__ne__": "ne",
}  # fmt: skip
"""Operators under the names of the functions that they are."""


def operation_name(function: object) -> str | None:
    """The function's own name (`mm`, `relu`, `div_`); None for one that only asks about a tensor.

    Not torch's `resolve_name`: it answers `torch.spmm` for `torch.mm`.
    """
    name = getattr(function, "__name__", None) or type(function).__name__
    if name == "__get__":
        attribute = getattr(getattr(function, "__self__", None), "__name__", "")
        return attribute if attribute in _VIEWS else None
    if name in _QUIET or name.startswith(("is_", "_is_", "has_", "_has_")):
        return None
    return _PLAIN.get(name) or str(name).partition(".")[0]


def tells_without_tensor(name: str) -> bool:
    """Whether an operation that gives no tensor is still one: it reads values, or writes in place."""
    return name in _TELLING


def gives_unset_memory(name: str) -> bool:
    """Whether what it gives is whatever the memory held, so that a NaN in it means nothing."""
    return name.startswith(("empty", "new_empty")) or name == "resize_"
