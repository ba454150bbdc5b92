"""The facts of one node of the tree of both sides; see `NodeFacts`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from ...messages import Brief, NodeKind, RowDifference
from ...opened.node_facts import NodeFacts
from ...tensors.readable import Absent, Readable
from ..difference import TensorSide
from ..tensors import Comparable
from .outcome import shape_text, sides_text

if TYPE_CHECKING:
    from .model import ComparedModel

NOT_IN = {"a": "A has no such tensor: v shows that of B", "b": "B has no such tensor: v shows that of A"}
"""Why there are no elements on a side."""


class ComparedFacts(NodeFacts):
    """The facts of one node: those of A, and of B where A has none, both where they differ."""

    __slots__ = ("_model",)

    def __init__(self, model: ComparedModel, index: int) -> None:
        self._model = model
        self.index = index

    @property
    def sides(self) -> tuple[Comparable | None, Comparable | None]:
        """Return the tensor of A and that of B; None on a side that has none."""
        pair = self._model.tree.pair(self.index)
        return (None, None) if pair is None else self._model.tree.pairs[pair]

    @property
    def _side(self) -> TensorSide | None:
        a, b = self.sides
        either = a or b
        return None if either is None else either.side

    @property
    def path(self) -> str:
        """Return the path under which both are compared."""
        return self._model.tree.path(self.index)

    @property
    def name(self) -> str:
        """Return the last part of the path; of the root A's own name."""
        return self._model.tree.names[self.index] if self.index else self._model.source.name

    @property
    def kind(self) -> NodeKind:
        """Return what it is: a module, a parameter, a buffer, state or an item."""
        side = self._side
        if side is not None:
            return side.kind
        return "module" if self._model.tree.item(self.index) is None else "item"

    @property
    def is_tensor(self) -> bool:
        """Return whether it is a tensor."""
        return self._side is not None

    @property
    def identity(self) -> Hashable:
        """Return a key for the same tensor of A, or of B where A has none, under all its names."""
        either = next(filter(None, self.sides), None)
        return self.index if either is None else frozenset((either.side.path, *either.twins))

    @property
    def detail(self) -> str:
        """Return the class of a module, the shape of a tensor, both shapes where they differ, an item's two texts."""
        item = self._model.tree.item(self.index)
        if item is not None:
            return sides_text(item.a, item.b)
        a, b = self.sides
        if a is None and b is None:
            return self.class_name or ""
        texts = [shape_text(each.side.shape) for each in (a, b) if each is not None]
        return sides_text(texts[0], texts[1]) if len(set(texts)) > 1 else texts[0]

    @property
    def class_name(self) -> str | None:
        """Return the class of a module of A, or of B where A has none; None for a tensor or item."""
        if self._side is not None or self._model.tree.item(self.index) is not None:
            return None
        return self._model.a.class_name(self.path) or self._model.b.class_name(self.path) or None

    @property
    def inferred(self) -> bool:
        """Return whether the class of a module was inferred from the tensors below it."""
        if not self.class_name:
            return False
        named = self._model.a if self._model.a.class_name(self.path) else self._model.b
        return named.inferred(self.path)

    @property
    def elements(self) -> int | None:
        """Return the elements of a tensor, of a module those of all tensors below; None where unknown."""
        return self._model.elements.of(self.index) if self._model.tree.item(self.index) is None else None

    @property
    def bytes(self) -> int | None:
        """Return the bytes of a tensor, of a module those of all tensors below; None where unknown."""
        return self._model.bytes.of(self.index) if self._model.tree.item(self.index) is None else None

    @property
    def children(self) -> int:
        """Return how many direct children it has."""
        return self._model.tree.counts[self.index]

    @property
    def other_names(self) -> Sequence[str]:
        """Return the other names of the tensor of A, or of B where A has none."""
        either = next(filter(None, self.sides), None)
        return () if either is None else either.twins

    @property
    def python(self) -> str:
        """Return the path: there is no object of both."""
        return self.path

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Return the shape of a tensor; None for a module, and for a tensor that has none (lazy, nested)."""
        side = self._side
        return None if side is None else side.shape

    @property
    def dtype(self) -> str:
        """Return the dtype, both where they differ; of an item nothing."""
        texts = list(dict.fromkeys(each.side.dtype for each in self.sides if each is not None))
        return sides_text(*texts) if len(texts) > 1 else "".join(texts)

    @property
    def place(self) -> str:
        """Return an empty text: there are two places."""
        return ""

    @property
    def lacked(self) -> str:
        """Return an empty text: what one side cannot have is not in the tree."""
        return ""

    def readable(self) -> Readable:
        """Return the tensor of A."""
        return self.of_side("a")

    def of_side(self, side: str) -> Readable:
        """Return the tensor of `a` or of `b`, to be read; without elements where it has none."""
        found = self.sides[side == "b"]
        return Absent("unsupported", NOT_IN[side]) if found is None else found.readable

    def brief(self) -> Brief | None:
        """Return the statistics of A; None where they were not computed."""
        return self._model.statistics_cache.brief(self.path)

    def difference(self) -> RowDifference:
        """Return how both differ, as far as it is known."""
        return self._model.outcome.of_node(self.index)
