"""The weights of torch's quantised modules, which keep them in objects of C++ and not in tensors.

The module's own methods unpack them: `weight()` and `bias()`, of recurrent ones `get_weight()` and `get_bias()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import torch
from torch import nn

_MODULES = ("torch.ao.nn.quantized.", "torch.ao.nn.intrinsic.quantized.", "torch.ao.nn.sparse.quantized.")
_METHODS = ("weight", "bias", "get_weight", "get_bias")
_KNOWN: WeakKeyDictionary[nn.Module, tuple[list[object], list[tuple[str, str, torch.Tensor]]]] = WeakKeyDictionary()
"""Of each module the packed objects that it had, and what they unpacked to: the same tensors while it keeps those."""


def is_packed(kind: type) -> bool:
    """Return whether a class is one of torch's quantised modules that unpack their weights."""
    return kind.__module__.startswith(_MODULES) and any(callable(getattr(kind, name, None)) for name in _METHODS)


def unpacking_calls(module: nn.Module) -> list[tuple[str, str, torch.Tensor]]:
    """Return the method, its call with a subscript where it returns several, and the tensor, of each packed one.

    Such a method makes a new tensor each time; here the same come back while the module's packed objects do.
    """
    packed = list(_packed_objects(module))
    if not packed:
        return []
    known = _KNOWN.get(module)
    if known is not None and len(known[0]) == len(packed) and all(map(lambda a, b: a is b, known[0], packed)):
        return known[1]
    try:
        found = list(_unpacked(module))
    except Exception:  # of another version of torch, or packed for another engine
        found = []
    _KNOWN[module] = packed, found
    return found


def _packed_objects(module: nn.Module) -> Iterator[object]:
    for each in module.modules():
        yield from (value for value in vars(each).values() if isinstance(value, torch.ScriptObject))


def _unpacked(module: nn.Module) -> Iterator[tuple[str, str, torch.Tensor]]:
    for name in _METHODS:
        if not callable(getattr(type(module), name, None)):
            continue
        value = getattr(module, name)()
        if isinstance(value, torch.Tensor):
            yield name, "()", value
        elif isinstance(value, dict):
            yield from (
                (name, f"()[{key!r}]", each)
                for key, each in value.items()
                if isinstance(key, str) and isinstance(each, torch.Tensor)
            )
