"""The names of the console as they were before a statement: what each was bound to, and what that held itself.

Of a list, dict or set that is its items, of a tensor its values.  Deeper, and of objects of other classes, nothing is
compared.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from ..tensors.distributed import is_distributed
from ..tensors.tensors import size_in_bytes, stamp_of
from .held import Held, bytes_of, given_back, has_graph, held_results
from .modules import refill, same_items
from .record import RestoreError

ITEM_LIMIT = 10_000
"""Items of all lists, dicts and sets together that are compared."""
COPY_LIMIT = 64 * 2**20
"""Bytes of the copies of tensors that the console alone has."""
CONTENTS_LIMIT = 64 * 2**20
"""Bytes that the items of a list, dict or set may take which an undo takes out of it."""
APART = frozenset(("_", "__builtins__", "__name__", "__warningregistry__"))
"""Names that no statement means to bind."""

Names = dict[str, Any]
_CONTAINERS = (list, dict, set)
_MISSING = object()


class Binding:
    """What a name was bound to; None where it was not bound."""

    __slots__ = ("_held", "_leaves", "_limit", "_name", "_names", "lacks", "size")

    def __init__(self, names: Names, name: str, held: Held | None, limit: int, leaves: Container[int]) -> None:
        self._names, self._name, self._held, self._limit, self._leaves = names, name, held, limit, leaves
        self.lacks = ""
        """Of what came back, what did not."""
        self.size = 0 if held is None else held.size

    def now(self) -> Binding:
        """Return what the name is bound to now."""
        is_bound = self._name in self._names
        held = Held(self._names[self._name], self._limit, self._leaves) if is_bound else None
        return Binding(self._names, self._name, held, self._limit, self._leaves)

    def restore(self) -> None:
        """Bind the name to it again, or to nothing.

        Raises:
            RestoreError: it could not be kept.
        """
        if self._held is None:
            self._names.pop(self._name, None)
        else:
            value, self.lacks = self._held.taken()
            self._names[self._name] = value


class Contents:
    """The items of a list, dict or set.

    Args:
        container: that.
        names: the console's names.
        name: the one that it was bound to.
    """

    __slots__ = ("_container", "_items", "_name", "_names", "_reason", "lacks", "size")

    def __init__(self, container: Any, names: Names, name: str) -> None:
        self._container, self._names, self._name = container, names, name
        self._items = container.copy()
        self._reason = ""
        self.size = 0
        self.lacks = ""

    def changed(self) -> bool:
        """Return whether other items are in it, or in another order."""
        return not same_items(self._container, self._items)

    def settle(self, limit: int, leaves: Container[int]) -> Contents:
        """Hold the items for long, in at most `limit` bytes: of results with a graph their values."""
        items = held_results(self._items, limit, leaves)
        counted = bytes_of(items, limit, leaves)
        self._items, self._reason = (items, "") if isinstance(counted, int) else (None, counted)
        self.size = counted if isinstance(counted, int) else 0
        return self

    def now(self) -> Contents:
        """Return what is in it now."""
        return Contents(self._bound(), self._names, self._name).settle(max(self.size, CONTENTS_LIMIT), ())

    def restore(self) -> None:
        """Give it its items back.

        Raises:
            RestoreError: they could not be kept.
        """
        if self._reason:
            raise RestoreError(self._reason)
        before, self.lacks = given_back(self._items)
        try:
            if (bound := self._bound()) is not self._container:
                refill(bound, before)
            refill(self._container, before)  # a copy is known by having as many items
        except Exception as exc:  # a key of a class of the user's, which may raise anything
            raise RestoreError("its keys do not compare") from exc

    def _bound(self) -> Any:
        """Return the container, or the copy of it that its name is bound to: an undo gives back results in a copy."""
        mine: Any = self._container
        found: Any = self._names.get(self._name)
        if type(found) is not type(mine) or len(found) != len(mine):
            return mine
        return mine if any(value is mine for value in self._names.values()) else found


class TensorValues:
    """The values of a tensor that the console alone has, as far as autograd counts writes to it."""

    __slots__ = ("_copy", "lacks", "size", "stamp", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor, self.stamp = tensor, stamp_of(tensor)
        self._copy = tensor.detach().clone()
        self.size = size_in_bytes(tensor) or 0
        self.lacks = ""

    def changed(self) -> bool:
        """Return whether the tensor was written to."""
        return stamp_of(self.tensor) != self.stamp

    def now(self) -> TensorValues:
        """Return the values of now."""
        return TensorValues(self.tensor)

    def restore(self) -> None:
        """Write the values back.

        Raises:
            RestoreError: the tensor does not take them.
        """
        try:
            with torch.no_grad():
                self.tensor.copy_(self._copy)
        except RuntimeError as exc:
            raise RestoreError(str(exc).split("\n")[0]) from exc


NamePart = Binding | Contents | TensorValues


class NamesRecord:
    """The names as they are now, compared with what they are later.

    Args:
        names: the console's names, to be changed by a restore.
        limit: bytes that the values which a statement takes away may take.
        known: identities of the network's tensors and modules, which are watched otherwise.
        before: the record of before the last statement, from which copies are taken over.
        also: dicts whose items are compared as well, by a title for each.
        apart: names that are not compared.
    """

    def __init__(
        self,
        names: Names,
        limit: int,
        known: Container[int] = (),
        before: NamesRecord | None = None,
        also: Mapping[str, Names] = MappingProxyType({}),
        apart: Collection[str] = (),
    ) -> None:
        self._names, self._limit, self._known = names, limit, known
        self._bound: dict[str, object] = {}
        self._contents: dict[int, tuple[str, Contents]] = {}
        self._values: dict[int, tuple[str, TensorValues]] = {}
        self._copies = {} if before is None else before._values
        self._items_left, self._bytes_left = ITEM_LIMIT, COPY_LIMIT
        for name, value in list(names.items()):
            self._take(name, value)
        self._also, self._apart = also, APART | set(apart)
        self._take_also(also)

    def follow(self, names: Iterable[str]) -> None:
        """Take some of the names as they are now."""
        again = set(names)
        self._contents = {key: each for key, each in self._contents.items() if each[0] not in again}
        self._values = {key: each for key, each in self._values.items() if each[0] not in again}
        for name in again:
            self._bound.pop(name, None)
            if name in self._names:
                self._take(name, self._names[name])
        self._take_also(again & self._also.keys())

    def changed(self, apart: Collection[str] = ()) -> list[tuple[str, NamePart]]:
        """Return what the names were bound to that are bound to something else now, and what changed within them.

        Those in `apart` are left out.
        """
        found: list[tuple[str, NamePart]] = []
        remaining = self._limit
        for name in [*self._bound, *(name for name in list(self._names) if name not in self._bound)]:
            if name in self._apart or name in apart:
                continue
            before, value = self._bound.get(name, _MISSING), self._names.get(name, _MISSING)
            if before is value or (isinstance(before, Held) and before.is_of(value)):
                continue
            held = None if before is _MISSING else before if isinstance(before, Held) else None
            if held is None and before is not _MISSING:
                held = Held(before, remaining, self._known)
            binding = Binding(self._names, name, held, self._limit, self._known)
            remaining -= binding.size
            found.append((name, binding))
        for name, contents in self._contents.values():
            if name not in apart and contents.changed():
                found.append((name, contents.settle(remaining, self._known)))
                remaining -= contents.size
        found += [(name, part) for name, part in self._values.values() if name not in apart and part.changed()]
        return found

    def let_go(self) -> None:
        """Forget what was compared, but for the copies of tensors."""
        self._bound, self._contents = {}, {}

    def _take(self, name: str, value: object) -> None:
        kind = type(value)
        if kind in _CONTAINERS:
            count = len(value)  # type: ignore[arg-type]
            if id(value) not in self._contents and count <= self._items_left:
                self._items_left -= count
                self._contents[id(value)] = name, Contents(value, self._names, name)
        elif isinstance(value, Tensor):
            if has_graph(value) or (size_in_bytes(value) or 0) > self._limit:
                value = Held(value, self._limit)  # a statement that lets go of it frees it
            elif kind is Tensor or kind is nn.Parameter:
                self._take_values(name, value)
        self._bound[name] = value

    def _take_also(self, titles: Iterable[str]) -> None:
        for title in titles:
            self._contents[id(self._also[title])] = title, Contents(self._also[title], {}, title)

    def _take_values(self, name: str, tensor: Tensor) -> None:
        identity, size = id(tensor), size_in_bytes(tensor)
        if identity in self._known or identity in self._values or is_distributed(tensor):
            return
        if size is None or size > self._bytes_left or tensor.is_meta or tensor.layout is not torch.strided:
            return
        _, before = self._copies.get(identity, ("", None))
        if before is None or before.tensor is not tensor or before.changed():
            try:
                before = TensorValues(tensor)
            except Exception:  # kinds that torch cannot copy, or no memory left: the console must go on
                return
        self._bytes_left -= size
        self._values[identity] = name, before


def names_in(parts: Iterable[tuple[str, NamePart]]) -> list[str]:
    """Return the names of parts, each once."""
    return list(dict.fromkeys(name for name, _ in parts))
