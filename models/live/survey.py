"""What every module of a network itself holds: registered tensors and modules, and what is kept past registration.

One look at each distinct module, before the tree is laid out.  It decides which plain references are worth a row:
a tensor or module that is registered somewhere is shown where it is registered, not again for every plain list that
mentions it (an LSTM keeps its parameters in such a list too); anything else is a constant or a hidden module.

A survey can be asked whether another one would find the same: that is asked after every statement, and costs a tenth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from itertools import islice
from math import isfinite
from operator import is_
from typing import Any, NamedTuple, TypeGuard

import torch
from torch import nn

from ..messages import NodeKind
from .registered import entries

SCAN_LIMIT = 100_000
"""Entries of plain containers looked at for one attribute; a vocabulary of millions must not stop the tree."""
SCAN_DEPTH = 4
"""How deep containers within containers are looked into."""

Key = str | int
"""One step into a plain container: Python's subscript such as `['a']`, or the number of a dict's value whose key
cannot be written down."""

_INTERNAL = frozenset(vars(nn.Module()))
"""Attributes that belong to `nn.Module` itself: registries, hooks, flags."""


_BORING = frozenset((bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device))
"""Types of plain values that hold neither tensors nor modules."""


class Held(NamedTuple):
    """One thing that a module holds."""

    kind: NodeKind
    attribute: str
    """Its name in the module, or that of the attribute whose container it is in."""
    item: nn.Module | torch.Tensor
    keys: tuple[Key, ...] = ()
    """The steps from the attribute into its container."""
    position: int = -1
    """Of a registered module: its place among the registered names, None entries counted."""

    @property
    def name(self) -> str:
        """`weight`, or with the steps into the container, `masks[0]`."""
        if not self.keys:
            return self.attribute
        return self.attribute + "".join(key if isinstance(key, str) else f"[#{key}]" for key in self.keys)


class _Seen(NamedTuple):
    """All that a look at one module went by."""

    module: nn.Module
    kind: type
    names: tuple[str, ...]
    """Of its own attributes, nn.Module's included."""
    kinds: tuple[type, ...]
    """Their types: while these are the same, what held nothing of interest holds nothing still."""
    registries: tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...]
    """Names and entries of `_parameters`, `_buffers` and `_modules`."""
    plain: list[Held] | None
    """What its other attributes held; None when they hold numbers, texts and such only."""


class Survey:
    """`tensors[id]` and `modules[id]`: what the module of that identity holds, in the order of the tree."""

    def __init__(self, root: nn.Module) -> None:
        self.tensors: dict[int, list[Held]] = {}
        self.modules: dict[int, list[Held]] = {}
        self.home: dict[int, int] = {}
        """Of each hidden module the identity of the module that held it first: only there it is walked into, or
        layers that know each other would multiply without end."""
        self._registered = {id(root)}
        self._seen: list[_Seen] = []
        queue: list[nn.Module] = []
        self._take(root, queue)
        for module in queue:  # grows while hidden modules turn up
            seen = _look(module)
            self._seen.append(seen)
            for held in seen.plain or ():
                if isinstance(held.item, nn.Module) and not self._knows(held.item):
                    self.home[id(held.item)] = id(module)
                    self._take(held.item, queue)
        for seen in self._seen:
            identity = id(seen.module)
            for held in seen.plain or ():
                if held.kind == "hidden":
                    if id(held.item) in self.home:
                        self.modules[identity].append(held)
                elif id(held.item) not in self._registered:
                    self.tensors[identity].append(held)

    def holds(self) -> bool:
        """Whether a survey made now would find the same objects under the same names, in the same order.

        Never true when it would not; false now and then when it would.
        """
        try:
            return all(map(_is_as_seen, self._seen))
        except RuntimeError:  # another thread of the user's changes a registry just now
            return False

    def _knows(self, module: nn.Module) -> bool:
        return id(module) in self._registered or id(module) in self.home

    def _take(self, module: nn.Module, queue: list[nn.Module]) -> None:
        """Queue `module` and all that is registered below it, each once, and note what their registries hold."""
        pending = [module]
        while pending:
            current = pending.pop()
            if id(current) in self.modules:
                continue
            queue.append(current)
            tensors, modules = _registered_tensors(current), _registered_modules(current)
            self.tensors[id(current)], self.modules[id(current)] = tensors, modules
            self._registered.update([id(held.item) for held in tensors])
            self._registered.update([id(held.item) for held in modules])
            pending.extend([held.item for held in reversed(modules) if isinstance(held.item, nn.Module)])


def _registered_tensors(module: nn.Module) -> list[Held]:
    return [
        Held(kind, name, item)
        for registry, kind in _TENSOR_REGISTRIES
        for name, item in list(entries(module, registry).items())
        if isinstance(name, str) and isinstance(item, torch.Tensor)
    ]


def _registered_modules(module: nn.Module) -> list[Held]:
    return [
        Held("module", name, item, (), position)
        for position, (name, item) in enumerate(list(entries(module, "_modules").items()))
        if isinstance(name, str) and isinstance(item, nn.Module)
    ]


_TENSOR_REGISTRIES: tuple[tuple[str, NodeKind], ...] = (("_parameters", "parameter"), ("_buffers", "buffer"))


def _look(module: nn.Module) -> _Seen:
    own = vars(module)
    names, values = tuple(own), tuple(own.values())
    kinds = tuple(map(type, values))
    registries = tuple([(tuple(entries), tuple(entries.values())) for entries in _registries(module)])
    boring = _BORING.issuperset([type(own[name]) for name in own.keys() - _INTERNAL])
    return _Seen(module, type(module), names, kinds, registries, None if boring else list(_plain(module)))


def _is_as_seen(seen: _Seen) -> bool:
    module, kind, names, kinds, registries, plain = seen
    own = vars(module)
    if type(module) is not kind or tuple(own) != names or tuple(map(type, own.values())) != kinds:
        return False
    for held, (keys, items) in zip(_registries(module), registries):  # noqa: B905 (hot; both hold three)
        if len(held) != len(keys):
            return False
        if keys and not (all(map(is_, held.values(), items)) and tuple(held) == keys):
            return False
    return plain is None or _is_same_plain(plain, list(_plain(module)))


def _is_same_plain(before: list[Held], now: list[Held]) -> bool:
    return len(before) == len(now) and all(
        one.item is other.item and one[:2] == other[:2] and one.keys == other.keys
        for one, other in zip(before, now, strict=True)
    )


def _registries(module: nn.Module) -> tuple[Mapping[object, object], ...]:
    own = vars(module)
    parameters, buffers, modules = own.get("_parameters"), own.get("_buffers"), own.get("_modules")
    if type(parameters) is dict and type(buffers) is dict and type(modules) is dict:
        return parameters, buffers, modules
    return entries(module, "_parameters"), entries(module, "_buffers"), entries(module, "_modules")


def _plain(module: nn.Module) -> Iterator[Held]:
    for name, value in list(vars(module).items()):
        if type(value) in _BORING or name in _INTERNAL:
            continue
        if isinstance(value, torch.Tensor):
            yield Held("constant", name, value)
        elif isinstance(value, nn.Module):
            yield Held("hidden", name, value)
        elif isinstance(value, (list, tuple, dict)):
            try:
                found = list(_inside(name, value)) if value and not _is_boring(value) else []
            except Exception:  # a class of the user's that cannot be gone through
                continue
            yield from found


def _is_boring(container: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> bool:
    """Whether it holds numbers, texts and such only; told quickly, for most containers do."""
    values = container.values() if isinstance(container, dict) else container
    return type(container) in (list, tuple, dict) and _BORING.issuperset(map(type, islice(values, SCAN_LIMIT)))


def _inside(name: str, container: object) -> Iterator[Held]:
    """Tensors and modules in a container, depth first in its own order; each container once."""
    seen = {id(container)}
    left = SCAN_LIMIT  # for what lies in inner containers, all together
    pending: list[tuple[Iterator[tuple[Key, object]], tuple[Key, ...]]] = [(_subscripts(container), ())]
    while pending:
        entries, keys = pending[-1]
        for key, value in entries:
            if isinstance(value, torch.Tensor):
                yield Held("constant", name, value, (*keys, key))
            elif isinstance(value, nn.Module):
                yield Held("hidden", name, value, (*keys, key))
            elif _worth_a_look(value, seen, left) and len(pending) < SCAN_DEPTH:
                left -= len(value)
                seen.add(id(value))
                pending.append((_subscripts(value), (*keys, key)))
                break
        else:
            pending.pop()


def _worth_a_look(value: object, seen: set[int], left: int) -> TypeGuard[Sized]:
    return isinstance(value, (list, tuple, dict)) and id(value) not in seen and len(value) <= left


def _subscripts(container: object) -> Iterator[tuple[Key, object]]:
    if isinstance(container, Mapping):
        for number, (key, value) in enumerate(islice(container.items(), SCAN_LIMIT)):
            if isinstance(value, _INTERESTING):
                yield (f"[{key!r}]" if _written(key) else number), value
    elif isinstance(container, (list, tuple)):
        for number, value in enumerate(islice(container, SCAN_LIMIT)):
            if isinstance(value, _INTERESTING):
                yield f"[{number}]", value


_INTERESTING = (torch.Tensor, nn.Module, list, tuple, dict)


def _written(key: object) -> bool:
    """Whether `repr(key)` in Python's source means that key again."""
    if type(key) is float:
        return isfinite(key)
    if type(key) is tuple:
        return all(_written(part) for part in key)
    return key is None or type(key) in (str, int, bool, bytes)
