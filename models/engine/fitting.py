"""Fitting a message to the limits of its types: as much of it as the other side takes.

For what no model should have, and some file claims: a depth of 10^6, 2^70 elements.
"""

from __future__ import annotations

import types
import typing
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def fit_message(message: T) -> T:
    """Return the message with each number clamped to its limits, and texts and lists cut to theirs."""
    hints = _hints(type(message))
    return type(message)(**{name: _fit_value(getattr(message, name), hint) for name, hint in hints.items()})


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return {name: hint for name, hint in typing.get_type_hints(kind, include_extras=True).items() if name[0] != "_"}


def _fit_value(value: Any, hint: Any) -> Any:
    if get_origin(hint) in (typing.Union, types.UnionType):
        fits = [each for each in get_args(hint) if _may_be(value, each)]
        return _fit_value(value, fits[0]) if fits else value
    limits: msgspec.Meta | None = None
    if get_origin(hint) is typing.Annotated:
        hint, limits = get_args(hint)
        if get_origin(hint) in (typing.Union, types.UnionType):
            return _fit_value(value, hint)
    if isinstance(value, msgspec.Struct):
        return fit_message(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value, limits)
    if isinstance(value, str):
        return value[: limits.max_length] if limits else value
    limit = limits.max_length if limits else None
    parts = get_args(hint)
    if isinstance(value, dict):
        return {_fit_value(key, parts[0]): part for key, part in list(value.items())[:limit]}
    if isinstance(value, tuple):
        return tuple(_fit_value(part, each) for part, each in zip(value, parts, strict=False))
    return [_fit_value(part, parts[0]) for part in value[:limit]]


def _may_be(value: Any, hint: Any) -> bool:
    if get_origin(hint) is typing.Annotated:
        hint = get_args(hint)[0]
    kind = get_origin(hint) or hint
    return isinstance(kind, type) and isinstance(value, kind)


def _number(value: int | float, limits: msgspec.Meta | None) -> int | float:
    low, high = (limits.ge, limits.le) if limits else (None, None)
    if isinstance(value, int) and low is None:
        low, high = -(2**63), 2**64 - 1
    if low is None or high is None:
        return value
    if value != value:  # NaN
        return float(low)
    kind = type(value)
    return kind(min(max(value, low), high))
