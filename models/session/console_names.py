"""Which names of the console survive when their source is opened anew: plain data, which no code of the user's made."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from ..run.console.loaded_torch import loaded_torch
from ..work.own_files import is_own

DEEPEST = 4
"""Levels of containers that are looked into."""
LONGEST = 10_000
"""Items of a container that are looked at."""
_PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice)


def surviving(names: Mapping[str, object], given: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """Return what of the console's names is kept, and the names that are gone.

    Args:
        names: the console's names.
        given: those that were there when the source was opened; one bound to something else since is the user's.
    """
    kept: dict[str, object] = {}
    gone: list[str] = []
    for name, value in names.items():
        if name.startswith("_") or (name in given and given[name] is value):
            continue
        if is_plain(value):
            kept[name] = value
        else:
            gone.append(name)
    return kept, gone


def is_plain(value: object, depth: int = DEEPEST) -> bool:
    """Return whether a value means the same after the user's code was imported anew.

    That are numbers, texts, tensors without a graph, arrays, modules that are not the user's own, and containers of
    such.  Only exact types count.
    """
    kind = type(value)
    if kind in _PLAIN:
        return True
    if isinstance(value, (tuple, list, set, frozenset)) and kind in (tuple, list, set, frozenset):
        return depth > 0 and len(value) <= LONGEST and all(is_plain(part, depth - 1) for part in value)
    if isinstance(value, dict) and kind is dict:
        parts = [*value.keys(), *value.values()]
        return depth > 0 and len(parts) <= LONGEST and all(is_plain(part, depth - 1) for part in parts)
    if isinstance(value, ModuleType):
        file = getattr(value, "__file__", None)
        return not (isinstance(file, str) and is_own(file))
    torch = loaded_torch()
    if torch is not None and isinstance(value, torch.Tensor):
        return kind is torch.Tensor and value.grad_fn is None and not value.requires_grad
    return kind.__module__ in ("torch", "numpy") and not isinstance(value, type)
