"""What may be held to be given back later: a value that can be sized and is not too large; of results their values.

A name that is given another value, or deleted, mostly frees what it was bound to.  Held for an undo it stays in memory,
so what cannot be sized is held weakly: it comes back only where something else holds it still.
"""

from __future__ import annotations

import gc
import sys
import types
import weakref
from collections.abc import Container, Iterable
from typing import Any

from torch import Tensor

from ..tensors.plainly import plain
from ..tensors.tensors import size_in_bytes
from .record import RestoreError

OBJECT_LIMIT = 20_000
"""Objects that are counted of one value, some milliseconds."""
NO_GRAPH = "the result of a computation is not kept with its graph"

_ELSEWHERE = (type, types.ModuleType, types.BuiltinFunctionType, types.CodeType, types.FrameType, weakref.ref)
"""Classes of objects that live anyway, or say nothing of what they take."""


class Held:
    """A value, held to be given back, in at most `limit` bytes.

    Args:
        value: what is held.
        limit: bytes that it may take.
        leaves: identities of objects that live anyway, such as the network's modules: they take nothing.
    """

    __slots__ = ("_items", "_reference", "_value", "_values", "reason", "size")

    def __init__(self, value: object, limit: int, leaves: Container[int] = ()) -> None:
        self.size = 0
        """Bytes that holding it takes."""
        self.reason = ""
        """Why it is held weakly; empty where it is held."""
        self._value: object = None
        self._reference: weakref.ref[Any] | None = None
        self._values: Tensor | None = None
        self._items: Any = None
        counted = NO_GRAPH if has_graph(value) else bytes_of(value, limit, leaves)
        if isinstance(counted, int):
            self._value, self.size = value, counted
            return
        self.reason = counted
        try:
            self._reference = weakref.ref(value)
        except TypeError:
            self._reference = None
        if type(value) is Tensor and has_graph(value) and (size_in_bytes(value) or 0) <= limit:
            self._values, self.size = value.detach(), size_in_bytes(value) or 0
        elif counted is NO_GRAPH and isinstance(value, (list, tuple, dict)) and type(value) in (list, tuple, dict):
            self._items, self.size = _held_items(value, limit, leaves)

    def is_of(self, value: object) -> bool:
        """Return whether that is the object that is held."""
        if not self.reason:
            return value is self._value
        found = None if self._reference is None else self._reference()
        return found is not None and value is found

    def taken(self) -> tuple[object, str]:
        """Return the value, or a tensor of its values alone, and what that lacks.

        Raises:
            RestoreError: it was held weakly, and is gone.
        """
        if not self.reason:
            return self._value, ""
        found = None if self._reference is None else self._reference()
        if found is not None:
            return found, ""
        if self._values is not None:
            return self._values, "its values are back, its graph is not"
        if self._items is None:
            raise RestoreError(self.reason)
        items, lacks = given_back(self._items)
        return items, lacks or "it is a copy of what was there"


def held_results(items: Any, limit: int, leaves: Container[int] = ()) -> Any:
    """Return a copy of a list, tuple, dict or set, in which the tensors with a graph are `Held`."""
    if isinstance(items, dict):
        return {key: Held(item, limit, leaves) if has_graph(item) else item for key, item in items.items()}
    return type(items)(Held(item, limit, leaves) if has_graph(item) else item for item in items)


def given_back(items: Any) -> tuple[Any, str]:
    """Return a copy of what `held_results` returned with the tensors themselves, and what they lack.

    Raises:
        RestoreError: one of them is gone.
    """
    lacks = ""

    def item_of(item: object) -> object:
        nonlocal lacks
        if not isinstance(item, Held):
            return item
        value, lacking = item.taken()
        lacks = lacks or lacking
        return value

    if isinstance(items, dict):
        return {key: item_of(item) for key, item in items.items()}, lacks
    return type(items)(map(item_of, items)), lacks


def _held_items(value: Any, limit: int, leaves: Container[int]) -> tuple[Any, int]:
    """Return what can be given back of a container with results in it, None for nothing, and what that takes."""
    if len(value) > OBJECT_LIMIT:
        return None, 0
    items = held_results(value, limit, leaves)
    counted = bytes_of(items, limit, leaves)
    return (items, counted) if isinstance(counted, int) else (None, 0)


def has_graph(value: object) -> bool:
    """Return whether a value is a tensor that was computed from what requires a gradient."""
    return isinstance(value, Tensor) and plain(value).grad_fn is not None


def bytes_of(value: object, limit: int, leaves: Container[int] = ()) -> int | str:
    """Return the bytes that a value takes with all that it leads to, or why it is not kept.

    That is that it takes more than `limit` bytes or `OBJECT_LIMIT` objects, or leads to a tensor with a graph.
    """
    pending, seen, total = [value], {id(leaves)}, 0
    while pending:
        each = pending.pop()
        if id(each) in seen or id(each) in leaves or isinstance(each, _ELSEWHERE):
            continue
        seen.add(id(each))
        if len(seen) > OBJECT_LIMIT:
            return "it consists of too many objects to be kept"
        if isinstance(each, Tensor):
            if has_graph(each):
                return NO_GRAPH
            total += size_in_bytes(each) or 0
        else:
            total += sys.getsizeof(each, 0)
            pending += _parts(each)
        if total > limit:
            return f"it takes more than the {limit / 1e6:,.0f} MB that are kept"
    return total


def _parts(value: object) -> Iterable[object]:
    """Return what an object leads to, of a function what it encloses."""
    if isinstance(value, types.FunctionType):
        return [*(value.__closure__ or ()), value.__defaults__, value.__kwdefaults__, value.__dict__]
    return gc.get_referents(value)
