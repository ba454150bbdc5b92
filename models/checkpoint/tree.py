"""The tree of a checkpoint, inferred from the names of its tensors: `layers.0.weight` lies in `0` of `layers`.

Names from files may be anything: see `nesting`.
"""

from __future__ import annotations

from typing import Literal

from ..stored.checkpoint import Checkpoint, Item
from ..stored.stored import Stored, StoredKind
from ..tree.skeleton import Skeleton
from ..work.gc_paused import gc_paused
from .build_tree import MODULE, build_tree
from .nesting import split

WIDE = 32
"""Children from which on looking one up by its name is prepared for."""
BUFFERS = frozenset(
    (
        "running_mean",
        "running_var",
        "num_batches_tracked",
        "inv_freq",
        "position_ids",
        "g_idx",
        "relative_position_index",
    )
)
"""Names under which torch's own layers, and widespread ones, keep buffers."""

Leaf = Stored | Item


class CheckpointTree(Skeleton):
    """Node 0 is the checkpoint itself; every other is a module (a part of names) or a leaf (a tensor or an item)."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.stored = checkpoint.columns
        self.items = checkpoint.items
        self._count = len(self.stored)
        self._tables: dict[int, dict[str, int]] = {}
        with gc_paused():
            paths = [*self.stored.paths, *(item.path for item in self.items)]
            laid = build_tree(paths, checkpoint.ordered)
            self.numbers = laid.numbers
            """Of each node its number among the tensors, then the items, or `MODULE`."""
            super().__init__(laid.parents, laid.ends, laid.depths, laid.counts, laid.names)
            forms: list[object] = [*self.stored.shapes, *[None] * len(self.items), False]  # the last one for modules
            self.fold_repeated([forms[number] for number in self.numbers])

    def leaf(self, node: int) -> Leaf | None:
        """The tensor or item at a node; None at a module."""
        number = self.numbers[node]
        if number == MODULE:
            return None
        return self.stored[number] if number < self._count else self.items[number - self._count]

    def tensor(self, node: int) -> Stored | None:
        """The tensor at a node; None at a module or an item."""
        number = self.numbers[node]
        return self.stored[number] if 0 <= number < self._count else None

    def tensors(self, start: int, stop: int) -> list[int]:
        """The tensor nodes from `start` to `stop`."""
        count = self._count
        return [node for node, number in enumerate(self.numbers[start:stop], start) if 0 <= number < count]

    def others(self) -> list[int]:
        """The tensor nodes that are no parameters: buffers, and an optimizer's state."""
        nodes = range(len(self)) if self.stored.told else [i for i, name in enumerate(self.names) if name in BUFFERS]
        return [node for node in nodes if self.numbers[node] != MODULE and self.kind(node) in ("buffer", "state")]

    def path(self, node: int) -> str:
        parts = []
        while node > 0:
            parts.append(self.names[node])
            node = self.parents[node]
        return ".".join(reversed(parts))

    def paths(self) -> list[str]:
        """The paths of all nodes."""
        found = [""]
        for node in range(1, len(self)):
            above = found[self.parents[node]]
            found.append(f"{above}.{self.names[node]}" if self.parents[node] else self.names[node])
        return found

    def find(self, path: str) -> int | None:
        if not path:
            return 0
        node = 0
        for part in split(path):
            found = self._child(node, part)
            if found is None:
                return None
            node = found
        return node

    def kind(self, node: int) -> Literal["module", "item"] | StoredKind:
        """What a node is; a tensor's role is inferred where its file does not tell."""
        leaf = self.leaf(node)
        if leaf is None:
            return "module"
        if isinstance(leaf, Item):
            return "item"
        return leaf.kind or ("buffer" if self.names[node] in BUFFERS else "parameter")

    def _child(self, node: int, name: str) -> int | None:
        if self.counts[node] >= WIDE:
            table = self._tables.get(node)
            if table is None:
                table = {}
                for child in self.children(node):
                    table.setdefault(self.names[child], child)
                self._tables[node] = table
            return table.get(name)
        return next((child for child in self.children(node) if self.names[child] == name), None)
