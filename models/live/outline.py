"""The tree of a network as a flat list in preorder: the one structure that rows, search, totals and paths go by.

It walks the registries themselves, so that a shared layer keeps all its names, and adds what registries do not know:
plain tensor attributes and modules hidden in plain attributes.  Taking it reads no values and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import nn

from ..messages import NodeKind
from ..safe_text import as_sent
from ..tensors.plainly import plain, plainly
from ..tensors.tensors import requires_grad, shape_of, size_in_bytes
from ..work.gc_paused import gc_paused
from .survey import Held, Key, Survey

if TYPE_CHECKING:
    from .live_skeleton import LiveSkeleton


@dataclass(slots=True, eq=False)
class Node:
    """One row of the tree: a module or a tensor at one of its names."""

    index: int
    path: str
    """State-dict key, or dotted name with a container's subscripts; "" is the root.

    May occur twice when names hold dots."""
    name: str
    """The last part of the path; the network's own name for the root."""
    kind: NodeKind
    depth: int
    parent: int
    """Index of the module that holds it; -1 for the root."""
    end: int
    """One past its last descendant in preorder."""
    item: nn.Module | torch.Tensor
    """The live object."""
    registered: bool
    """Whether the root's own `parameters()`, `buffers()` and `modules()` lead here: false for a constant, a hidden
    module and everything below one."""
    attribute: str
    """The name under which the parent holds it (without a container's subscripts)."""
    keys: tuple[Key, ...]
    position: int
    """Of a registered module: its place among the parent's names."""
    form: object
    """What a change of which makes other rows: the class, or dtype, shape, device and whether it is trainable."""
    child_count: int = 0
    """Direct children."""
    names: tuple[str, ...] = ()
    """All paths of a shared object, this one included; empty when it has one name only."""

    @property
    def is_tensor(self) -> bool:
        """Whether `item` is a tensor."""
        return isinstance(self.item, torch.Tensor)

    @property
    def shared_with(self) -> tuple[str, ...]:
        """The other paths of the same object, in tree order."""
        return tuple(path for path in self.names if path != self.path)


class Outline:
    """All nodes of `root` in preorder: of each module its parameters, buffers, constants, modules, hidden modules."""

    def __init__(self, root: nn.Module, name: str, nodes: list[Node], survey: Survey) -> None:
        self.root = root
        self.name = name
        self.nodes = nodes
        self.registered_modules: list[nn.Module] = []
        """Those that are not hidden themselves, each once."""
        self._survey = survey
        self._tensors: list[torch.Tensor] = []
        self._forms: list[object] = []
        for node in {id(node.item): node for node in nodes if node.kind != "hidden"}.values():
            if isinstance(node.item, nn.Module):
                self.registered_modules.append(node.item)
            else:
                self._tensors.append(node.item)
                self._forms.append(node.form)
        self._by_path: dict[str, Node] = {}
        for node in nodes:
            self._by_path.setdefault(node.path, node)
        for node in nodes:
            if not node.path.isascii():
                self._by_path.setdefault(as_sent(node.path), node)  # as the interface will ask for it

    @classmethod
    @plainly
    def of(cls, root: nn.Module, name: str = "net") -> Outline:
        """Walk `root`; a shared module at each of its names, but a module within itself is a row without children."""
        with gc_paused():
            survey = Survey(root)
            nodes = _walk(survey, root, name)
            _tell_sharing(nodes)
            return cls(root, name, nodes, survey)

    @cached_property
    def skeleton(self) -> LiveSkeleton:
        """The bare structure, with repeated siblings grouped."""
        from .live_skeleton import LiveSkeleton

        return LiveSkeleton(self)

    @cached_property
    def distinct_tensors(self) -> list[torch.Tensor]:
        """All tensors, hidden ones too, each once."""
        every = {id(node.item): node.item for node in self.nodes}
        return [item for item in every.values() if isinstance(item, torch.Tensor)]

    def find(self, path: str) -> Node | None:
        """The node at `path`, the first one in tree order where a path occurs twice."""
        return self._by_path.get(path)

    def children(self, node: Node) -> list[Node]:
        """Direct children in tree order."""
        found = []
        index = node.index + 1
        while index < node.end:
            child = self.nodes[index]
            found.append(child)
            index = child.end
        return found

    def tensors(self, node: Node) -> list[Node]:
        """All tensor nodes at or below `node`, in tree order."""
        return [below for below in self.nodes[node.index : node.end] if below.is_tensor]

    def modules(self) -> list[Node]:
        """All module rows, hidden ones too, the root first."""
        return [node for node in self.nodes if not node.is_tensor]

    @plainly
    def is_current(self) -> bool:
        """Whether an outline taken now would be the same: `same_structure` without taking one, at a tenth of its cost.

        Never true when it would not be; false now and then when it would.
        """
        with gc_paused():
            return self._survey.holds() and list(map(_form, self._tensors)) == self._forms

    def same_structure(self, other: Outline) -> bool:
        """Whether both have the same rows: the same live objects under the same names, of the same form."""
        return len(self.nodes) == len(other.nodes) and all(
            mine.item is theirs.item
            and mine.path == theirs.path
            and mine.kind == theirs.kind
            and mine.depth == theirs.depth
            and mine.form == theirs.form
            for mine, theirs in zip(self.nodes, other.nodes, strict=True)
        )


def _walk(survey: Survey, root: nn.Module, name: str) -> list[Node]:
    top = Node(0, "", name, "module", 0, -1, 1, root, True, name, (), -1, _form(root))
    nodes = [top]
    above = {id(root)}
    pending: list[tuple[Node, Iterator[Held]]] = [(top, _held(survey, root))]
    while pending:  # not recursive: nesting may be deeper than Python's stack
        holder, rest = pending[-1]
        held = next(rest, None)
        if held is None:
            pending.pop()
            holder.end = len(nodes)
            above.discard(id(holder.item))
            continue
        node = _node(len(nodes), holder, held)
        nodes.append(node)
        holder.child_count += 1
        item = held.item
        if isinstance(item, torch.Tensor) or id(item) in above:
            continue
        if held.kind == "hidden" and survey.home[id(item)] != id(holder.item):
            continue
        above.add(id(item))
        pending.append((node, _held(survey, item)))
    return nodes


def _held(survey: Survey, module: nn.Module) -> Iterator[Held]:
    return chain(survey.tensors[id(module)], survey.modules[id(module)])


def _node(index: int, holder: Node, held: Held) -> Node:
    kind, attribute, item, keys, position = held
    name = held.name if keys else attribute
    return Node(
        index,
        name if holder.parent < 0 else f"{holder.path}.{name}",
        name,
        kind,
        holder.depth + 1,
        holder.index,
        index + 1,
        item,
        holder.registered and kind != "constant" and kind != "hidden",
        attribute,
        keys,
        position,
        _form(item),
    )


def _form(item: nn.Module | torch.Tensor) -> object:
    kind = type(item)
    if (kind is torch.Tensor or kind is nn.Parameter) and item.layout is torch.strided and not item.is_nested:
        return item.dtype, item.shape, item.device, item.requires_grad
    if isinstance(item, nn.Module):
        return kind
    bare = plain(item)
    # what a sparse tensor takes can change while its shape does not
    return kind, bare.layout, bare.dtype, shape_of(bare), bare.device, requires_grad(item), size_in_bytes(bare)


def _tell_sharing(nodes: list[Node]) -> None:
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
