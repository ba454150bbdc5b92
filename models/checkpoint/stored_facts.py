"""The facts of one module, tensor or item of a checkpoint; see `NodeFacts`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from ..messages import Brief, NodeKind
from ..opened.node_facts import NO_MEMORY, NodeFacts, SharedMemory, StoredPart
from ..stored.checkpoint import Item
from ..stored.composed import Composed
from ..stored.stored import Stored

if TYPE_CHECKING:
    from .model import CheckpointModel
    from .tree import Leaf


class StoredFacts(NodeFacts):
    """The facts of one node of a checkpoint's tree."""

    __slots__ = ("_model", "leaf")

    leaf: Leaf | None
    """The tensor or item; None for a module."""

    def __init__(self, model: CheckpointModel, index: int) -> None:
        self._model = model
        self.index = index
        self.leaf = model.tree.leaf(index)

    @property
    def path(self) -> str:
        """Return the path; "" for the root."""
        return self._model.tree.path(self.index)

    @property
    def key(self) -> str:
        """Return the name in the file."""
        return self.path if self.leaf is None else self.leaf.path

    @property
    def name(self) -> str:
        """Return the last part of the path; the checkpoint's own name for the root."""
        return self._model.tree.names[self.index] if self.index else self._model.source.name

    @property
    def kind(self) -> NodeKind:
        """Return whether it is a module, parameter, buffer, state or item."""
        return self._model.tree.kind_of(self.index, self.leaf)

    @property
    def is_tensor(self) -> bool:
        """Return whether it is a tensor."""
        return isinstance(self.leaf, Stored)

    @property
    def identity(self) -> Hashable:
        """Return a key, equal for tensors that are the same elements of a file."""
        entry = self.leaf.entry if isinstance(self.leaf, Stored) else None
        return self.index if entry is None else entry

    @property
    def detail(self) -> str:
        """Return what stands beside the name: a class, a shape such as `[8, 4]`, the text of an item."""
        leaf = self.leaf
        if isinstance(leaf, Stored):
            return str(list(leaf.shape))
        return leaf.text if leaf is not None else self._model.classes.text(self.index)[0]

    @property
    def class_name(self) -> str | None:
        """Return the name of a module's class; None where it is unknown."""
        return self._model.classes.name(self.index)[0] if self.leaf is None else None

    @property
    def inferred(self) -> bool:
        """Return whether the class was inferred from the tensors below."""
        return self.leaf is None and self._model.classes.text(self.index)[1]

    @property
    def elements(self) -> int | None:
        """Return the elements of a tensor, of a module those of all parameters below; None for an item."""
        leaf = self.leaf
        if isinstance(leaf, Stored):
            return leaf.elements
        return self._model.totals.parameters(self.index) if leaf is None else None

    @property
    def bytes(self) -> int | None:
        """Return the bytes in the file; of a module those of its parameters, each shared one once; else None."""
        leaf = self.leaf
        if isinstance(leaf, Stored):
            return leaf.nbytes
        return self._model.totals.bytes(self.index) if leaf is None else None

    @property
    def stored_bytes(self) -> int | None:
        """Return the bytes of the storage that a tensor views, where some of them belong to no tensor; else None."""
        return self._model.checkpoint.stored_bytes.get(self.leaf.path) if self.leaf is not None else None

    @property
    def children(self) -> int:
        """Return how many direct children it has."""
        return self._model.tree.counts[self.index]

    @property
    def other_names(self) -> Sequence[str]:
        """Return the other paths of the same tensor."""
        return self._model.sharing.same(self.index) if self.is_tensor else ()

    @property
    def alias_of(self) -> Sequence[str]:
        """Return the paths of other tensors that view the same storage."""
        return self._model.sharing.overlapping(self.index) if self.is_tensor else ()

    @property
    def overlaps(self) -> Sequence[str]:
        """Return those of `alias_of` that view bytes of the tensor, not only others of its storage."""
        return self._model.sharing.apart(self.index)[0] if self.is_tensor else ()

    def shared_memory(self, limit: int) -> SharedMemory:
        """Return the first `limit` of `alias_of` that hold the same elements, or those in the same storage."""
        return self._model.sharing.shared(self.index, limit) if self.is_tensor else NO_MEMORY

    @property
    def python(self) -> str:
        """Return the expression in the console: `state['0.bias']`."""
        return f"state[{self.key!r}]"

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Return the shape of a tensor; None for others."""
        return self.leaf.shape if isinstance(self.leaf, Stored) else None

    @property
    def dtype(self) -> str:
        """Return the stored dtype of a tensor, the type of an item; empty for a module."""
        leaf = self.leaf
        if isinstance(leaf, Stored):
            return leaf.dtype.name
        return leaf.type if isinstance(leaf, Item) else ""

    @property
    def place(self) -> str:
        """Return the file that holds a tensor and the offset; empty for others."""
        return self.leaf.place if isinstance(self.leaf, Stored) else ""

    @property
    def lacked(self) -> str:
        """Return why a network need not have this tensor: it is an optimizer's state; else an empty text."""
        return lacked(self.kind)

    @property
    def parts(self) -> Sequence[StoredPart]:
        """Return the tensors that it is stored as, where they are several."""
        if not isinstance(self.leaf, Composed):
            return ()
        held = self.leaf.parts.items()
        return [StoredPart(name, each.shape, each.dtype.name, each.nbytes, each.place) for name, each in held]

    def readable(self) -> Stored:
        """Return the tensor, to be read; the node must be one."""
        assert isinstance(self.leaf, Stored)
        return self.leaf

    def brief(self) -> Brief | None:
        """Return the statistics in short; None where they were not computed."""
        known = self._model.statistics_cache
        return known.brief(self.path) if len(known) else None


def lacked(kind: NodeKind) -> str:
    """Return why a network need not have a tensor of this kind; empty for what it should have."""
    return "state of an optimizer or the like, which a network has not" if kind == "state" else ""
