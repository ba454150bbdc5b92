"""The tree of a live network: rows, search, totals and paths are taken from it.

It walks the registries themselves, so that a shared layer keeps all its names, and adds what registries do not know:
plain tensor attributes and modules hidden in plain attributes.  Building it reads no elements and changes nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import torch
from torch import nn

from ..messages import NodeKind
from ..safe_text import as_sent
from ..tensors.plainly import plain, plainly
from ..tensors.tensors import device_text, dtype_text, layout_text, requires_grad, shape_of, size_in_bytes
from ..tree.preorder_tree import PreorderTree
from ..work.gc_paused import gc_paused
from .holdings import Holding, Holdings, Key


@dataclass(slots=True, eq=False)
class Node:
    """One row of the tree: a module or a tensor at one of its names."""

    index: int
    path: str
    """State-dict key, or dotted name with a container's subscripts; "" is the root.

    May occur twice when names hold dots.
    """
    name: str
    """The last part of the path; the network's own name for the root."""
    kind: NodeKind
    item: nn.Module | torch.Tensor
    """The live object."""
    registered: bool
    """Whether the root's own `parameters()`, `buffers()` and `modules()` lead here: false for what is in a plain
    attribute, and for everything below a hidden module."""
    attribute: str
    """The name under which the parent holds it (without a container's subscripts)."""
    keys: tuple[Key, ...]
    """The subscripts from the attribute into its containers; empty for what is no item of a container."""
    position: int
    """Index of a registered module among the parent's registered names; -1 for everything else."""
    form: object
    """Compares equal while the row stays the same: the class, or dtype, shape, device and `requires_grad`."""
    plain: bool = False
    """Whether it is in a plain attribute, list or dict of its parent, and not in a registry."""
    names: tuple[str, ...] = ()
    """All paths of a shared object, this one included; empty when it has one name only."""

    @property
    def is_tensor(self) -> bool:
        """Return whether `item` is a tensor."""
        return isinstance(self.item, torch.Tensor)

    @property
    def shared_with(self) -> tuple[str, ...]:
        """Return the other paths of the same object, in tree order."""
        return tuple(self.other_names())

    def other_names(self) -> Iterator[str]:
        """Yield the other paths of the same object, in tree order."""
        return (path for path in self.names if path != self.path)


class LiveTree(PreorderTree):
    """All nodes of `root` in preorder: of each module its parameters, buffers, constants, modules, hidden modules.

    Siblings are of one structure when classes, dtypes, shapes and flags are.
    """

    def __init__(self, root: nn.Module, name: str, walk: Walk, holdings: Holdings) -> None:
        super().__init__(walk.parents, walk.ends, walk.depths, walk.counts, [node.name for node in walk.nodes])
        self.root = root
        self.name = name
        self.nodes = walk.nodes
        self.registered_modules: list[nn.Module] = []
        """Modules that are not hidden themselves, each once."""
        self._holdings = holdings
        self._tensors: list[torch.Tensor] = []
        self._forms: list[object] = []
        for node in {id(node.item): node for node in self.nodes if node.kind != "hidden"}.values():
            if isinstance(node.item, nn.Module):
                self.registered_modules.append(node.item)
            else:
                self._tensors.append(node.item)
                self._forms.append(node.form)
        self._by_path: dict[str, int] = {}
        for node in self.nodes:
            self._by_path.setdefault(node.path, node.index)
        for node in self.nodes:
            if not node.path.isascii():
                self._by_path.setdefault(as_sent(node.path), node.index)  # as the interface will ask for it

    @classmethod
    @plainly
    def of(cls, root: nn.Module, name: str = "net") -> LiveTree:
        """Build the tree of `root`, which is called `name` in it.

        A shared module appears at each of its names; a module within itself is a row without children.
        """
        with gc_paused():
            holdings = Holdings(root)
            walk = Walk(holdings, root, name)
            _note_sharing(walk.nodes)
            return cls(root, name, walk, holdings)

    def signatures(self) -> Sequence[object]:
        """Return of each node what equal siblings share: a module's class, a tensor's shape and dtype."""
        return [(node.kind, node.form) for node in self.nodes]

    @cached_property
    def distinct_tensors(self) -> list[torch.Tensor]:
        """Return all tensors, hidden ones too, each once."""
        every = {id(node.item): node.item for node in self.nodes}
        return [item for item in every.values() if isinstance(item, torch.Tensor)]

    def path(self, node: int) -> str:
        """Return the whole path of a node; "" for the root."""
        return self.nodes[node].path

    def paths(self) -> list[str]:
        """Return the paths of all nodes."""
        return [node.path for node in self.nodes]

    def find(self, path: str) -> int | None:
        """Return the node at a path, the first one in tree order where a path occurs twice; None where none is."""
        return self._by_path.get(path)

    def tensors(self, start: int, stop: int) -> list[int]:
        """Return the tensors among nodes `start` to `stop`, ascending."""
        return [node.index for node in self.nodes[start:stop] if node.is_tensor]

    def at(self, path: str) -> Node | None:
        """Return the node at `path`, the first in tree order where one occurs twice; None where there is none."""
        index = self._by_path.get(path)
        return None if index is None else self.nodes[index]

    def holder(self, node: Node) -> Node:
        """Return the node of the module that holds `node`; for the root, the root."""
        return self.nodes[max(self.parents[node.index], 0)]

    def children_of(self, node: Node) -> list[Node]:
        """Return the direct children of `node` in tree order."""
        return [self.nodes[child] for child in self.children(node.index)]

    def tensors_below(self, node: Node) -> list[Node]:
        """Return all tensor nodes at or below `node`, in tree order."""
        return [below for below in self.nodes[node.index : self.ends[node.index]] if below.is_tensor]

    def modules(self) -> list[Node]:
        """Return all module rows, hidden ones too, the root first."""
        return [node for node in self.nodes if not node.is_tensor]

    @plainly
    def is_current(self) -> bool:
        """Return whether a tree taken now would be the same: `same_structure` without taking one.

        At a tenth of its cost.  Never true when it would not be; false now and then when it would.
        """
        with gc_paused():
            return self._holdings.is_current() and list(map(_form, self._tensors)) == self._forms

    def same_structure(self, other: LiveTree) -> bool:
        """Return whether both have the same rows: the same live objects at the same paths, of the same `form`."""
        return self.depths == other.depths and all(
            mine.item is theirs.item
            and mine.path == theirs.path
            and mine.kind == theirs.kind
            and mine.form == theirs.form
            for mine, theirs in zip(self.nodes, other.nodes, strict=True)
        )


class Walk:
    """A traversal of a network: its nodes in preorder, and the arrays that `PreorderTree` takes."""

    def __init__(self, holdings: Holdings, root: nn.Module, name: str) -> None:
        self._holdings = holdings
        self.nodes = [Node(0, "", name, "module", root, True, name, (), -1, _form(root))]
        self.parents, self.ends, self.depths, self.counts = (array("i", [first]) for first in (-1, 1, 0, 0))
        above = {id(root)}
        pending: list[tuple[Node, Iterator[Holding]]] = [(self.nodes[0], self._held(root))]
        while pending:  # not recursive: nesting may be deeper than Python's stack
            holder, rest = pending[-1]
            held = next(rest, None)
            if held is None:
                pending.pop()
                self.ends[holder.index] = len(self.nodes)
                above.discard(id(holder.item))
                continue
            node = self._take(holder, held)
            item = held.item
            if isinstance(item, torch.Tensor) or id(item) in above:
                continue
            if held.kind == "hidden" and holdings.first_holder[id(item)] != id(holder.item):
                continue
            above.add(id(item))
            pending.append((node, self._held(item)))

    def _held(self, module: nn.Module) -> Iterator[Holding]:
        return chain(self._holdings.tensors[id(module)], self._holdings.modules[id(module)])

    def _take(self, holder: Node, held: Holding) -> Node:
        kind, attribute, item, keys, position, plain = held
        name = held.name if keys else attribute
        index, above = len(self.nodes), holder.index
        registered = holder.registered and not plain
        path = f"{holder.path}.{name}" if above else name
        node = Node(index, path, name, kind, item, registered, attribute, keys, position, _form(item), plain)
        self.nodes.append(node)
        self.parents.append(above)
        self.ends.append(index + 1)
        self.depths.append(self.depths[above] + 1)
        self.counts.append(0)
        self.counts[above] += 1
        return node


def _form(item: nn.Module | torch.Tensor) -> object:
    kind = type(item)
    if (kind is torch.Tensor or kind is nn.Parameter) and item.layout is torch.strided and not item.is_nested:
        return item.dtype, item.shape, item.device, item.requires_grad
    if isinstance(item, nn.Module):
        return kind
    bare = plain(item)
    # what a sparse tensor takes can change while its shape does not
    size = size_in_bytes(bare)
    return kind, layout_text(bare), dtype_text(bare), shape_of(bare), device_text(bare), requires_grad(item), size


def _note_sharing(nodes: list[Node]) -> None:
    first: dict[int, Node] = {}
    shared: dict[int, list[Node]] = {}
    for node in nodes:
        before = first.setdefault(id(node.item), node)
        if before is not node:
            shared.setdefault(id(node.item), [before]).append(node)
    for group in shared.values():
        names = tuple(dict.fromkeys(node.path for node in group))  # one tuple for all: many names stay cheap
        for node in group:
            node.names = names
