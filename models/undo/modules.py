"""What modules hold beside the values of their tensors, at one moment: to compare with and to restore.

That is: class, registered parameters, buffers and modules in their order, hooks, the training flag, and attributes:
plain values, tensors, modules, functions, and lists, dicts and sets of these.  Objects of other classes may keep a
graph or anything else alive: they are left as they are.
"""

from __future__ import annotations

import enum
import types
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ..live.registered import training_of
from .record import RestoreError

ITEM_LIMIT = 10_000
"""Items of a list, dict or set in an attribute; one with more is left as it is."""
DEPTH_LIMIT = 4
"""Levels of lists, dicts and sets within each other."""

Container = dict[Any, Any] | list[Any] | set[Any]

_OWN = frozenset(vars(nn.Module()))
"""Attributes that belong to `nn.Module` itself: registries, hooks, flags."""
REGISTRIES = ("_parameters", "_buffers", "_modules")
_PLAIN = frozenset(
    (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format)
)
_KEPT = (
    nn.Module, RemovableHandle, enum.Enum, type, range, slice, types.FunctionType, types.BuiltinFunctionType,
)  # fmt: skip
_CONTAINERS = (dict, list, set, OrderedDict)


class _Left:
    """The type of `LEFT`."""


LEFT = _Left()
"""In the place of an attribute's value that is neither compared nor restored."""
_MISSING = object()


class ModuleDifference(NamedTuple):
    """One thing of a module that is not as its record says."""

    kind: str
    """`entry` (a registered or plain tensor or module), `training`, `hooks`, `class`, `attribute`."""
    name: str
    """The name of the entry or attribute."""


class ModuleRecord:
    """What `module` held when the record was made; with `whole` also what is otherwise left as it is.

    That may keep a graph alive: for what is to come back soon, or never.
    """

    __slots__ = ("empty", "filled", "kind", "module", "own", "training")

    def __init__(self, module: nn.Module, *, whole: bool = False) -> None:
        self.module = module
        self.kind = type(module)
        self.own: dict[str, object] = {}
        """Its attributes by name, `LEFT` for those that are left as they are; none of a module that keeps them
        otherwise, as a scripted one: of that the flag alone is known."""
        self.filled: list[tuple[Container, Container]] = []
        """Registries, hooks, and containers in its attributes, each with a copy."""
        self.empty: list[Container] = []
        """Those of them that held nothing."""
        self.training = training_of(module)
        held = vars(module)
        if any(type(held.get(name)) not in (dict, OrderedDict) for name in REGISTRIES):
            return
        for name, value in list(held.items()):
            if type(value) in _PLAIN:
                self.own[name] = value
                continue
            found: list[Container] = []
            if name not in _OWN:
                is_kept = _is_kept(value, found)
                self.own[name] = value if is_kept or whole else LEFT
                found = found if is_kept else []
            else:
                self.own[name] = value
                if type(value) in _CONTAINERS:
                    found = [value]
            if self.own[name] is not LEFT:
                self.filled += [(each, each.copy()) for each in found if each]
                self.empty += [each for each in found if not each]

    def changed(self) -> bool:
        """Return whether something is not as it was."""
        return next(self.differences(), None) is not None

    def differences(self) -> Iterator[ModuleDifference]:
        """Yield what is not as it was."""
        if self.training is not None and training_of(self.module) is not self.training:
            yield ModuleDifference("training", "training")
        if not self.own:
            return
        if type(self.module) is not self.kind:
            yield ModuleDifference("class", self.kind.__name__)
        now = vars(self.module)
        for name in {**self.own, **now}:
            before, value = self.own.get(name, _MISSING), now.get(name, _MISSING)
            if before is value or before is LEFT or name == "training" or _same_plain(before, value):
                continue
            if before is _MISSING and not _is_kept(value, []):
                continue  # a result that a forward left behind
            if name in REGISTRIES and isinstance(value, dict):  # another one: `del net[1]` of a Sequential makes it
                yield from _differing(value, self._copy_of(before))
                continue
            is_entry = isinstance(before, Tensor | nn.Module) or isinstance(value, Tensor | nn.Module)
            yield ModuleDifference("entry" if is_entry else "attribute", name)
        if now.keys() == self.own.keys() and list(now) != list(self.own):
            yield ModuleDifference("attribute", "order")
        left = [self.own.get(name) for name in REGISTRIES if now.get(name) is not self.own.get(name)]
        for container, before in self.filled:
            if not same_items(container, before) and not any(container is each for each in left):
                yield from self._within(container, before)
        for container in self.empty:
            if container and not any(container is each for each in left):
                yield from self._within(container, type(container)())

    def _copy_of(self, registry: object) -> dict[Any, Any]:
        """Return what a registry held when the record was made."""
        found = next((copy for container, copy in self.filled if container is registry), {})
        assert isinstance(found, dict)
        return found

    def _within(self, container: Container, before: Container) -> Iterator[ModuleDifference]:
        """Yield what differs in a registry, in hooks, or in a container of an attribute."""
        name = next((name for name, value in self.own.items() if value is container), "")
        if name in REGISTRIES and isinstance(container, dict) and isinstance(before, dict):
            yield from _differing(container, before)
        else:
            yield ModuleDifference("hooks" if name in _OWN and "hooks" in name else "attribute", name or "a container")

    def restore(self) -> None:
        """Restore all of it in the same module.

        Raises:
            RestoreError: the module does not take it.
        """
        try:
            if not self.own:
                self.module.training = bool(self.training)
                return
            if type(self.module) is not self.kind:
                self.module.__class__ = self.kind
            for container, before in self.filled:
                refill(container, before)
            for container in self.empty:
                container.clear()
            _restore_attributes(vars(self.module), self.own)
        except Exception as exc:  # a class of the user's raises what it likes
            raise RestoreError(f"a {type(self.module).__name__} does not take it back") from exc


class ModuleRecords:
    """The records of a network's modules, arranged for finding again and again which of them changed.

    Those in `before` are taken over, unless their module is in `changed` (by identity).
    """

    def __init__(
        self,
        modules: Iterable[nn.Module],
        before: Mapping[int, ModuleRecord] | None = None,
        changed: Collection[int] = (),
    ) -> None:
        before = before or {}
        self.by_id: dict[int, ModuleRecord] = {}
        """By identity of the module, which the record keeps alive."""
        for module in modules:
            identity = id(module)
            kept = identity in before and identity not in changed and before[identity].module is module
            self.by_id[identity] = before[identity] if kept else ModuleRecord(module)
        self._one_by_one: list[ModuleRecord] = []
        self._dicts: list[dict[Any, object]] = []
        self._lists: list[list[object]] = []
        self._sets: list[set[object]] = []
        self._empty: list[Container] = []
        for record in self.by_id.values():
            if not record.own or LEFT in record.own.values():
                self._one_by_one.append(record)
                continue
            self._dicts.append(vars(record.module))
            self._empty += record.empty
            registries = [record.own[name] for name in REGISTRIES]
            for container, _ in record.filled:
                if isinstance(container, dict):
                    if not any(container is each for each in registries):
                        self._dicts.append(container)
                elif isinstance(container, list):
                    self._lists.append(container)
                else:
                    self._sets.append(container)
        self._items = self._all_items()
        self._sets_before = [each.copy() for each in self._sets]

    def changed(self, *, thoroughly: bool) -> list[ModuleRecord]:
        """Return the records of the modules that are not as they were.

        Without `thoroughly`, registries are taken to be as they were: the tree knows of those.
        """
        try:
            if not thoroughly and self._is_unchanged():
                return [record for record in self._one_by_one if record.changed()]
            return [record for record in self.by_id.values() if record.changed()]
        except RuntimeError:  # another thread of the user's is changing a registry
            return []

    def _all_items(self) -> list[object]:
        values = chain.from_iterable(map(dict.values, self._dicts))
        return [*values, *chain.from_iterable(self._dicts), *chain.from_iterable(self._lists)]

    def _is_unchanged(self) -> bool:
        """Return whether no attribute, hook or container leads to another object.

        Plain values that are equal count as the same: the tree knows of their types.
        """
        try:
            return self._all_items() == self._items and not any(self._empty) and self._sets == self._sets_before
        except Exception:  # two tensors, which `==` compares element by element
            return False


def _differing(registry: dict[Any, Any], before: dict[Any, Any]) -> Iterator[ModuleDifference]:
    """Yield the entries of a registry that are others than before, or that only their order or their dict is."""
    differing = [key for key in {**before, **registry} if before.get(key, LEFT) is not registry.get(key, LEFT)]
    yield from (ModuleDifference("entry", str(key)) for key in differing)
    if not differing:
        yield ModuleDifference("attribute", "order")


def _items(container: Container) -> Iterable[object]:
    return container.values() if isinstance(container, dict) else container


def _is_kept(value: object, containers: list[Container], depth: int = 0) -> bool:
    """Return whether a value may be kept for an undo, and add the containers that it consists of."""
    if type(value) in _PLAIN or isinstance(value, _KEPT):
        return True
    if isinstance(value, Tensor):
        return value.grad_fn is None
    if type(value) is tuple or type(value) in _CONTAINERS:
        assert isinstance(value, (tuple, dict, list, set))
        if depth >= DEPTH_LIMIT or len(value) > ITEM_LIMIT or any(value is each for each in containers):
            return False
        if not isinstance(value, tuple):
            containers.append(value)
        items = value.values() if isinstance(value, dict) else value
        return all(_is_kept(item, containers, depth + 1) for item in items)
    return False


def _same_plain(one: object, other: object) -> bool:
    """Return whether two plain values are equal; NaN is equal to itself."""
    if type(one) is not type(other) or type(one) not in _PLAIN:
        return False
    return (one == other and repr(one) == repr(other)) or (one != one and other != other)


def same_items(container: Container, before: Container) -> bool:
    """Return whether the same objects are in two lists, dicts or sets, in the same order.

    Nothing is asked by `==`, which of two tensors is no truth value, and of a class of the user's may raise.
    """
    if len(container) != len(before):
        return False
    if isinstance(container, set):
        return set(map(id, container)) == set(map(id, before))
    if not all(map(is_, _items(container), _items(before))):
        return False
    return not isinstance(container, dict) or all(map(is_, container, before))


def refill(container: Container, before: Container) -> None:
    """Give a container its old content, in its old order; unchanged entries are not taken out meanwhile."""
    if same_items(container, before):
        return
    if isinstance(container, list):
        container[:] = before
    elif isinstance(container, set):
        container.clear()
        container.update(before)
    else:
        assert isinstance(before, dict)
        for key in [key for key in container if key not in before]:
            del container[key]
        container.update(before)
        _reorder(container, list(before))


def _restore_attributes(own: dict[str, object], before: dict[str, object]) -> None:
    for name in [name for name in own if name not in before]:
        del own[name]
    for name, value in before.items():
        if value is not LEFT and own.get(name, _MISSING) is not value:
            own[name] = value
    _reorder(own, [name for name in before if name in own])


def _reorder(held: dict[Any, Any], order: list[Any]) -> None:
    """Put the keys into an order, those that are not in it last."""
    now = list(held)
    same = next((at for at, key in enumerate(order) if now[at] is not key), len(order))
    for key in [*order[same:], *(key for key in now if key not in set(order))] if same < len(order) else []:
        held[key] = held.pop(key)
