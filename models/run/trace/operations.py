"""Which torch functions are worth a row of the trace, and what they are called."""

from __future__ import annotations

_VIEWS = frozenset(("T", "mT", "H", "mH", "real", "imag", "data"))
"""Attributes whose reading gives the values, or a part of them."""
_QUIET = frozenset((
    "dim", "size", "numel", "stride", "ndimension", "nelement", "element_size", "get_device", "storage_offset",
    "requires_grad_", "_set_grad_enabled", "__len__", "__hash__", "__repr__", "__format__",
))  # fmt: skip
_WITHOUT_TENSOR = frozenset((
    "__bool__", "__float__", "__int__", "__index__", "__complex__", "__contains__", "__setitem__",
    "item", "tolist", "numpy", "equal", "allclose", "set_data",
))  # fmt: skip
_PARTS = frozenset((
    "__setitem__", "index_put_", "index_copy_", "index_add_", "index_fill_", "scatter_", "scatter_add_",
    "scatter_reduce_", "put_", "masked_scatter_",
))  # fmt: skip
LOSSES = frozenset((
    "cross_entropy", "nll_loss", "kl_div", "binary_cross_entropy_with_logits", "binary_cross_entropy", "mse_loss",
    "l1_loss", "smooth_l1_loss", "huber_loss",
))  # fmt: skip
"""Losses whose first argument, `input`, is what the network says."""
SOFTMAXES = frozenset(("softmax", "log_softmax", "softmin"))
"""What normalises the elements along one dimension."""
MADE_OF_MANY = frozenset(("multi_head_attention_forward", "cross_entropy"))
"""Functions that are made of many operations that take much memory of their own."""
_PLAIN = {
    "__idiv__": "div_", "__itruediv__": "div_", "__ifloordiv__": "floor_divide_", "__imod__": "remainder_",
    "__ipow__": "pow_", "__rsub__": "rsub", "__rdiv__": "rdiv", "__rfloordiv__": "rfloordiv", "__rmod__": "rmod",
    "__rpow__": "rpow", "__rmatmul__": "rmatmul", "__eq__": "eq", "__ne__": "ne",
}  # fmt: skip
"""Operators under the names of the functions that they are."""

_BUILT_IN = (type(str.join), type(len))
"""Kinds of functions of which there are only so many, and which are the same each time."""
_NAMES: dict[object, str | None] = {}
"""The names of functions that were asked for."""
NAMES = 10_000


def operation_name(function: object) -> str | None:
    """Return the function's own name (`mm`, `relu`, `div_`); None for one that only asks about a tensor.

    Not torch's `resolve_name`: it answers `torch.spmm` for `torch.mm`.
    """
    if type(function) not in _BUILT_IN:
        return _operation_name(function)
    try:
        return _NAMES[function]
    except KeyError:
        if len(_NAMES) >= NAMES:
            _NAMES.clear()
        name = _NAMES[function] = _operation_name(function)
        return name


def _operation_name(function: object) -> str | None:
    name = getattr(function, "__name__", None) or type(function).__name__
    if name == "__get__":
        attribute = getattr(getattr(function, "__self__", None), "__name__", "")
        return attribute if attribute in _VIEWS else None
    if name == "__set__":
        return "set_data" if getattr(getattr(function, "__self__", None), "__name__", "") == "data" else None
    if name in _QUIET or name.startswith(("is_", "_is_", "has_", "_has_")):
        return None
    return _PLAIN.get(name) or str(name).partition(".")[0]


def counts_without_tensor(name: str) -> bool:
    """Return whether an operation that gives no tensor is still one: it reads values, or writes in place."""
    return name in _WITHOUT_TENSOR


def writes_parts(name: str) -> bool:
    """Return whether an operation writes some elements of its first argument, and need not touch the others."""
    return name in _PARTS


def gives_unset_memory(name: str) -> bool:
    """Return whether what it gives is whatever the memory held, so that a NaN in it means nothing."""
    return name.startswith(("empty", "new_empty")) or name == "resize_"
