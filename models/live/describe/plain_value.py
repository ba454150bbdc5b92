"""Short texts for plain values and functions, without calling a `__repr__` of the user's."""

from __future__ import annotations

from functools import partial
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType

import torch

from ...opened.facts import FACT_LIMIT

_ITEM_LIMIT = 16
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, partial)
_BRACKETS: dict[type, tuple[str, str]] = {
    tuple: ("(", ")"), list: ("[", "]"), set: ("{", "}"), frozenset: ("{", "}"), dict: ("{", "}")
}  # fmt: skip
_PACKAGE = (__package__ or "").partition(".")[0]


def plain_value(value: object, depth: int = 3) -> str | None:
    """Return a short text for numbers, strings, dtypes, functions, and containers of them; None for everything else.

    `depth` is how many levels of containers are shown.  Only exact types count, so that no `__repr__` of a subclass is
    called.
    """
    if value is None or type(value) in (bool, int, float, complex, torch.dtype, torch.device, torch.Size):
        return repr(value)
    if isinstance(value, str | bytes) and type(value) in (str, bytes):
        return repr(value[:FACT_LIMIT])
    if isinstance(value, tuple | list | set | frozenset | dict) and type(value) in _BRACKETS:
        return _container(value, depth) if depth else None
    if isinstance(value, _FUNCTIONS):
        return function_name(value)
    return None


def _container(
    value: tuple[object, ...] | list[object] | set[object] | frozenset[object] | dict[object, object], depth: int
) -> str | None:
    texts = []
    for item in islice(value, _ITEM_LIMIT):
        text = plain_value(item, depth - 1)
        if text is not None and isinstance(value, dict):
            inner = plain_value(value[item], depth - 1)
            text = None if inner is None else f"{text}: {inner}"
        if text is None:
            return None
        texts.append(text)
    if len(value) > _ITEM_LIMIT:
        texts.append(f"… {len(value):,} in all")
    before, after = _BRACKETS[type(value)]
    return before + ", ".join(texts) + after


def function_name(function: object) -> str:
    """Return `module.name` of a function, or of the class of a callable object; of a partial, that of what it wraps."""
    while isinstance(function, partial):
        function = function.func
    named = function if isinstance(getattr(function, "__qualname__", None), str) else type(function)
    module = getattr(named, "__module__", None)
    return f"{module}.{named.__qualname__}" if isinstance(module, str) else str(named.__qualname__)  # type: ignore[attr-defined]


def is_own_hook(function: object) -> bool:
    """Return whether a hook was set by this program, to record a run."""
    return str(getattr(function, "__module__", "")).startswith(f"{_PACKAGE}.")
