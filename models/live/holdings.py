"""What every module of a network itself holds: registered tensors and modules, and what is kept past registration.

Each distinct module is inspected once, before the tree is built.  That decides which plain references get a row:
a tensor or module that is registered somewhere is shown where it is registered, not again for every plain list that
holds it (an LSTM keeps its parameters in such a list too); anything else is a constant, a parameter that is not
registered, or a hidden module.

`Holdings.is_current` returns whether a new inspection would find the same, in a tenth of the time: that is asked after
every statement.
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
from .packed_weights import is_packed, unpacking_calls
from .registered import registry_of

SCAN_LIMIT = 100_000
"""Items of plain containers scanned for one attribute; a vocabulary of millions must not stop the tree."""
SCAN_DEPTH = 4
"""Depth to which containers within containers are scanned."""

Key = str | int
"""A subscript of a plain container, as Python writes it (`['a']`), or the position of a dict's value whose key has no
literal."""

_INTERNAL = frozenset(vars(nn.Module()))
"""Attributes that belong to `nn.Module` itself: registries, hooks, flags."""


_SCRIPTED = "_actual_script_module"
"""Where a traced module, and one of a subclass of `ScriptModule`, keeps a twin of itself with the same tensors."""
_PLAIN_TYPES = frozenset((bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device))
"""Types of plain values that hold neither tensors nor modules."""


class Holding(NamedTuple):
    """A tensor or module that a module holds."""

    kind: NodeKind
    attribute: str
    """Its name in the module, or the name of the attribute whose container it is in."""
    item: nn.Module | torch.Tensor
    keys: tuple[Key, ...] = ()
    """The subscripts from the attribute into its containers."""
    position: int = -1
    """Index of a registered module among the registered names, None entries counted; -1 for everything else."""
    plain: bool = False
    """Whether it is in a plain attribute, list or dict, and not registered."""

    @property
    def name(self) -> str:
        """Return the name in the module, `weight`, with the subscripts into containers: `masks[0]`."""
        if not self.keys:
            return self.attribute
        return self.attribute + "".join(key if isinstance(key, str) else f"[#{key}]" for key in self.keys)


class _ModuleSnapshot(NamedTuple):
    """All that the inspection of one module depended on."""

    module: nn.Module
    kind: type
    names: tuple[str, ...]
    """Names of its own attributes, nn.Module's included."""
    kinds: tuple[type, ...]
    """Their types: while these stay the same, attributes that held no tensor or module hold none still."""
    registries: tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...]
    """Names and entries of `_parameters`, `_buffers` and `_modules`."""
    plain: list[Holding] | None
    """What its other attributes held; None when they hold plain values only."""


class Holdings:
    """What every module below `root` holds: `tensors[id(module)]`, `modules[id(module)]`, in the order of the tree."""

    def __init__(self, root: nn.Module) -> None:
        self.tensors: dict[int, list[Holding]] = {}
        self.modules: dict[int, list[Holding]] = {}
        self.first_holder: dict[int, int] = {}
        """By identity of a hidden module, that of the module that held it first: only there its children are shown, or
        modules that refer to each other would recur without end."""
        self._registered = {id(root)}
        self._snapshots: list[_ModuleSnapshot] = []
        queue: list[nn.Module] = []
        self._take(root, queue)
        for module in queue:  # grows while hidden modules turn up
            snapshot = _snapshot_of(module)
            self._snapshots.append(snapshot)
            for held in snapshot.plain or ():
                if isinstance(held.item, nn.Module) and not self._is_known(held.item):
                    self.first_holder[id(held.item)] = id(module)
                    self._take(held.item, queue)
        for snapshot in self._snapshots:
            identity = id(snapshot.module)
            for held in snapshot.plain or ():
                if held.kind == "hidden":
                    if id(held.item) in self.first_holder:
                        self.modules[identity].append(held)
                elif id(held.item) not in self._registered:
                    self.tensors[identity].append(held)

    def is_current(self) -> bool:
        """Return whether an inspection now would find the same objects under the same names, in the same order.

        Never True when it would not; at times False though it would.
        """
        try:
            return all(map(_is_unchanged, self._snapshots))
        except RuntimeError:  # another thread of the user's is changing a registry
            return False

    def _is_known(self, module: nn.Module) -> bool:
        return id(module) in self._registered or id(module) in self.first_holder

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


def _registered_tensors(module: nn.Module) -> list[Holding]:
    return [
        Holding(kind, name, item)
        for registry, kind in _TENSOR_REGISTRIES
        for name, item in list(registry_of(module, registry).items())
        if isinstance(name, str) and isinstance(item, torch.Tensor)
    ]


def _registered_modules(module: nn.Module) -> list[Holding]:
    return [
        Holding("module", name, item, (), position)
        for position, (name, item) in enumerate(list(registry_of(module, "_modules").items()))
        if isinstance(name, str) and isinstance(item, nn.Module)
    ]


_TENSOR_REGISTRIES: tuple[tuple[str, NodeKind], ...] = (("_parameters", "parameter"), ("_buffers", "buffer"))


def _snapshot_of(module: nn.Module) -> _ModuleSnapshot:
    own = vars(module)
    names, values = tuple(own), tuple(own.values())
    kinds = tuple(map(type, values))
    registries = tuple([(tuple(entries), tuple(entries.values())) for entries in _registries(module)])
    all_plain = _PLAIN_TYPES.issuperset([type(own[name]) for name in own.keys() - _INTERNAL])
    nothing = all_plain and not is_packed(type(module))
    return _ModuleSnapshot(module, type(module), names, kinds, registries, None if nothing else list(_plain(module)))


def _is_unchanged(snapshot: _ModuleSnapshot) -> bool:
    module, kind, names, kinds, registries, plain = snapshot
    own = vars(module)
    if type(module) is not kind or tuple(own) != names or tuple(map(type, own.values())) != kinds:
        return False
    for held, (keys, items) in zip(_registries(module), registries):  # noqa: B905 (hot; both hold three)
        if len(held) != len(keys):
            return False
        if keys and not (all(map(is_, held.values(), items)) and tuple(held) == keys):
            return False
    return plain is None or _same_held(plain, list(_plain(module)))


def _same_held(before: list[Holding], now: list[Holding]) -> bool:
    return len(before) == len(now) and all(
        one.item is other.item and one[:2] == other[:2] and one.keys == other.keys
        for one, other in zip(before, now, strict=True)
    )


def _registries(module: nn.Module) -> tuple[Mapping[object, object], ...]:
    own = vars(module)
    parameters, buffers, modules = own.get("_parameters"), own.get("_buffers"), own.get("_modules")
    if type(parameters) is dict and type(buffers) is dict and type(modules) is dict:
        return parameters, buffers, modules
    return registry_of(module, "_parameters"), registry_of(module, "_buffers"), registry_of(module, "_modules")


def _plain(module: nn.Module) -> Iterator[Holding]:
    if is_packed(type(module)):
        yield from (
            Holding("constant", name, tensor, (call,), plain=True) for name, call, tensor in unpacking_calls(module)
        )
    for name, value in list(vars(module).items()):
        if type(value) in _PLAIN_TYPES or name in _INTERNAL:
            continue
        if name == _SCRIPTED and isinstance(module, torch.jit.ScriptModule):
            continue
        if isinstance(value, torch.Tensor):
            yield Holding(_plain_kind(value), name, value, plain=True)
        elif isinstance(value, nn.Module):
            yield Holding("hidden", name, value, plain=True)
        elif isinstance(value, (list, tuple, dict)):
            try:
                found = list(_inside(name, value)) if value and not _is_all_plain(value) else []
            except Exception:  # a class of the user's that cannot be iterated over
                continue
            yield from found


def _plain_kind(tensor: torch.Tensor) -> NodeKind:
    """Return what a tensor is that is not registered: an nn.Parameter stays one, though the network does not know."""
    # not `isinstance`, which asks the tensor: its class may hang
    return "parameter" if issubclass(type(tensor), nn.Parameter) else "constant"


def _is_all_plain(container: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> bool:
    """Return whether it holds plain values only; a quick test, as most containers do."""
    values = container.values() if isinstance(container, dict) else container
    return type(container) in (list, tuple, dict) and _PLAIN_TYPES.issuperset(map(type, islice(values, SCAN_LIMIT)))


def _inside(name: str, container: object) -> Iterator[Holding]:
    """Yield the tensors and modules in a container, depth first in its own order; each container once."""
    visited = {id(container)}
    remaining = SCAN_LIMIT  # for what lies in inner containers, all together
    pending: list[tuple[Iterator[tuple[Key, object]], tuple[Key, ...]]] = [(_subscripts(container), ())]
    while pending:
        entries, keys = pending[-1]
        for key, value in entries:
            if isinstance(value, torch.Tensor):
                yield Holding(_plain_kind(value), name, value, (*keys, key), plain=True)
            elif isinstance(value, nn.Module):
                yield Holding("hidden", name, value, (*keys, key), plain=True)
            elif _is_scanned(value, visited, remaining) and len(pending) < SCAN_DEPTH:
                remaining -= len(value)
                visited.add(id(value))
                pending.append((_subscripts(value), (*keys, key)))
                break
        else:
            pending.pop()


def _is_scanned(value: object, visited: set[int], remaining: int) -> TypeGuard[Sized]:
    return isinstance(value, (list, tuple, dict)) and id(value) not in visited and len(value) <= remaining


def _subscripts(container: object) -> Iterator[tuple[Key, object]]:
    if isinstance(container, Mapping):
        for index, (key, value) in enumerate(islice(container.items(), SCAN_LIMIT)):
            if isinstance(value, _SCANNED_TYPES):
                yield (f"[{key!r}]" if _has_literal(key) else index), value
    elif isinstance(container, (list, tuple)):
        for index, value in enumerate(islice(container, SCAN_LIMIT)):
            if isinstance(value, _SCANNED_TYPES):
                yield f"[{index}]", value


_SCANNED_TYPES = (torch.Tensor, nn.Module, list, tuple, dict)


def _has_literal(key: object) -> bool:
    """Return whether `repr(key)` as Python source evaluates to that key."""
    if type(key) is float:
        return isfinite(key)
    if type(key) is tuple:
        return all(_has_literal(part) for part in key)
    return key is None or type(key) in (str, int, bool, bytes)
