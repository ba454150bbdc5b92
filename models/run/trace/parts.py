"""The parts of a value that is no tensor: what a forward may return its results in."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import NamedTuple

from torch import Tensor, nn

LIMIT = 1_000
"""Parts of one value that are looked at."""
_CLOSED = (Tensor, nn.Module, type, types.ModuleType, types.FunctionType, types.MethodType, str, bytes)
"""Values that are not taken apart: what they hold is no result, or their own affair."""


class ValuePart(NamedTuple):
    """One part of a value."""

    path: str
    """How Python gets at it from the value: `[1]`, `['loss']`, `.loss`."""
    name: str
    """Its key or field; empty where it has a position only."""
    value: object


def parts_of(value: object) -> list[ValuePart]:
    """Return the parts of a mapping, a tuple or list, or an object with fields, at most `LIMIT`; none of anything else.

    A mapping's keys and a namedtuple's or dataclass's fields are names.  Of another object the attributes are taken,
    private ones last.  Modules, classes and functions are not taken apart.  A value that fails to be read has no parts.
    """
    try:
        if isinstance(value, _CLOSED):
            return []
        return list(islice(_parts(value), LIMIT))
    except Exception:  # of the user's class, which may raise anything
        return []


def elements_of(value: tuple[object, ...] | list[object]) -> Iterator[object]:
    """Return the elements as Python keeps them, whatever a class of the user's does when it is gone through."""
    return tuple.__iter__(value) if isinstance(value, tuple) else list.__iter__(value)


def _parts(value: object) -> Iterator[ValuePart]:
    if isinstance(value, Mapping):
        for index, (key, part) in enumerate(value.items()):
            written = repr(key) if type(key) in (str, int, bool, float, type(None)) else f"#{index}"
            yield ValuePart(f"[{written}]", key if isinstance(key, str) else "", part)
    elif isinstance(value, (tuple, list, deque)):
        names = getattr(type(value), "_fields", ()) if isinstance(value, tuple) else ()
        for index, part in enumerate(value if isinstance(value, deque) else elements_of(value)):
            name = names[index] if index < len(names) else ""
            yield ValuePart(f".{name}", name, part) if name else ValuePart(f"[{index}]", "", part)
    elif is_dataclass(value):
        for field in fields(value):
            if hasattr(value, field.name):
                yield ValuePart(f".{field.name}", field.name, getattr(value, field.name))
    else:
        for name in sorted(_attributes(value), key=lambda name: name.startswith("_")):
            yield ValuePart(f".{name}", name, getattr(value, name))


def _attributes(value: object) -> list[str]:
    """Return the names of an object's own attributes, in the order in which they were set; slots come first."""
    names = [
        name
        for kind in reversed(type(value).__mro__)
        for slots in [kind.__dict__.get("__slots__", ())]
        for name in ([slots] if isinstance(slots, str) else slots)
        if not name.startswith("__") and hasattr(value, name)
    ]
    own = getattr(value, "__dict__", None)
    return names + [name for name in own if isinstance(name, str)] if isinstance(own, dict) else names
