"""Under which path a live module or tensor is known, when a call meets it."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from ...live.live_tree import LiveTree
from ...work.gc_paused import gc_paused
from .flow import base_of


class Places:
    """The paths of the objects of a tree, by identity; whoever has the tree keeps them alive."""

    def __init__(self, tree: LiveTree) -> None:
        self._paths: dict[int, list[tuple[str, str]]] = {}
        """Path and path of the holder, one for each name of the object."""
        nodes = tree.nodes
        for node in nodes:
            name = node.path, tree.holder(node).path
            if node.names:
                self._paths.setdefault(id(node.item), []).append(name)
            else:
                self._paths[id(node.item)] = [name]

    @classmethod
    def of(cls, tree: LiveTree) -> Places:
        """Return the paths of `tree`, made once as long as it lives."""
        known = _KNOWN.get(tree)
        if known is None:
            with gc_paused():
                known = _KNOWN[tree] = cls(tree)
        return known

    def paths(self, item: nn.Module | Tensor) -> list[str]:
        """Return all paths of an object of the tree; none of any other."""
        return [path for path, _ in self._paths.get(id(item), ())]

    def module(self, module: nn.Module, caller: nn.Module | None, within: str, nth: int) -> str | None:
        """Return the path of `module`, called for the `nth` time (from 0) by the module `caller` at `within`.

        A module with several names in its caller goes by each of them in turn, as a chain of layers calls it.  One that
        was added after the tree was taken goes by its name in its caller.  None for one that is not of the network.

        Args:
            caller: None for the network's own call.
        """
        names = self._paths.get(id(module))
        if names is not None:
            return _nearest(names, within, nth)
        for name, child in caller._modules.items() if caller is not None else ():
            if child is module:
                return f"{within}.{name}" if within else name
        return None

    def tensors(self, tensors: Iterable[Tensor], within: str) -> list[tuple[str, str]]:
        """Return path and holder's path of those among `tensors` that are the network's own, or views of one.

        Args:
            within: path of the module that uses them; of several names of a tensor the nearest to it is meant.
        """
        found = []
        for tensor in tensors:
            names = self._paths.get(id(tensor))
            if names is None:
                base = base_of(tensor)
                names = None if base is None else self._paths.get(id(base))
            if names is None:
                continue
            if len(names) == 1:
                found.append(names[0])
            else:
                path = _nearest(names, within, 0)
                found.append((path, next(holder for name, holder in names if name == path)))
        return list(dict.fromkeys(found)) if len(found) > 1 else found


def _nearest(names: list[tuple[str, str]], within: str, nth: int) -> str:
    """Return of an object's names the one held by `within`, else one below it, else the first."""
    if len(names) == 1:
        return names[0][0]
    held = [path for path, holder in names if holder == within and path != within]
    if held:
        return held[nth % len(held)]
    return next((path for path, _ in names if path.startswith(f"{within}.")), names[0][0])


_KNOWN: WeakKeyDictionary[LiveTree, Places] = WeakKeyDictionary()
