"""What every module of a network itself holds: registered tensors and modules, and what is kept past registration.

One look at each distinct module, before the tree is laid out.  It decides which plain references are worth a row:
a tensor or module that is registered somewhere is shown where it is registered, not again for every plain list that
mentions it (an LSTM keeps its parameters in such a list too); anything else is a constant or a hidden module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import TypeGuard

import torch
from torch import nn

from ..engine.messages import NodeKind

SCAN_LIMIT = 100_000
"""Entries of plain containers looked at for one attribute; a vocabulary of millions must not stop the tree."""
SCAN_DEPTH = 4
"""How deep containers within containers are looked into."""

Key = str | int
"""One step into a plain container: Python's subscript such as `['a']`, or the number of a dict's value whose key
cannot be written down."""

_INTERNAL = frozenset(vars(nn.Module()))
"""Attributes that belong to `nn.Module` itself: registries, hooks, flags."""


@dataclass(slots=True, frozen=True)
class Held:
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


class Survey:
    """`tensors[id]` and `modules[id]`: what the module of that identity holds, in the order of the tree."""

    def __init__(self, root: nn.Module) -> None:
        self.tensors: dict[int, list[Held]] = {}
        self.modules: dict[int, list[Held]] = {}
        self.home: dict[int, int] = {}
        """Of each hidden module the identity of the module that held it first: only there it is walked into, or
        layers that know each other would multiply without end."""
        self._registered = {id(root)}
        self._plain: dict[int, list[Held]] = {}
        self._queue: list[nn.Module] = []
        self._take(root)
        for module in self._queue:  # grows while hidden modules turn up
            plain = list(_plain(module))
            self._plain[id(module)] = plain
            for held in plain:
                if isinstance(held.item, nn.Module) and not self._knows(held.item):
                    self.home[id(held.item)] = id(module)
                    self._take(held.item)
        for module in self._queue:
            for held in self._plain[id(module)]:
                if held.kind == "hidden":
                    if id(held.item) in self.home:
                        self.modules[id(module)].append(held)
                elif id(held.item) not in self._registered:
                    self.tensors[id(module)].append(held)

    def _knows(self, module: nn.Module) -> bool:
        return id(module) in self._registered or id(module) in self.home

    def _take(self, module: nn.Module) -> None:
        """Look at `module` and all that is registered below it, each once."""
        pending = [module]
        while pending:
            current = pending.pop()
            if id(current) in self.modules:
                continue
            self._queue.append(current)
            tensors, modules = list(_registered_tensors(current)), list(_registered_modules(current))
            self.tensors[id(current)], self.modules[id(current)] = tensors, modules
            self._registered.update(id(held.item) for held in tensors)
            self._registered.update(id(held.item) for held in modules)
            pending.extend(held.item for held in reversed(modules) if isinstance(held.item, nn.Module))


def _entries(module: nn.Module, registry: str) -> list[tuple[object, object]]:
    """Items of a registry; none for a module whose `__init__` never called `super().__init__()`."""
    try:
        mapping = getattr(module, registry)
        return list(mapping.items())
    except Exception:  # scripted and foreign modules compute their registries
        return []


def _registered_tensors(module: nn.Module) -> Iterator[Held]:
    for registry, kind in _TENSOR_REGISTRIES:
        for name, item in _entries(module, registry):
            if isinstance(name, str) and isinstance(item, torch.Tensor):
                yield Held(kind, name, item)


def _registered_modules(module: nn.Module) -> Iterator[Held]:
    for position, (name, item) in enumerate(_entries(module, "_modules")):
        if isinstance(name, str) and isinstance(item, nn.Module):
            yield Held("module", name, item, position=position)


_TENSOR_REGISTRIES: tuple[tuple[str, NodeKind], ...] = (("_parameters", "parameter"), ("_buffers", "buffer"))


def _plain(module: nn.Module) -> Iterator[Held]:
    for name, value in list(vars(module).items()):
        if name in _INTERNAL:
            continue
        if isinstance(value, torch.Tensor):
            yield Held("constant", name, value)
        elif isinstance(value, nn.Module):
            yield Held("hidden", name, value)
        elif isinstance(value, (list, tuple, dict)) and value:
            yield from _inside(name, value)


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
