"""What the table of tensors knows of one in a checkpoint; nothing is computed before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from ..messages import Brief
from ..stored.stored import Stored

if TYPE_CHECKING:
    from .model import CheckpointModel


class NodeFacts:
    """The tensor at one node."""

    __slots__ = ("_model", "node", "tensor")

    def __init__(self, model: CheckpointModel, node: int) -> None:
        tensor = model.tree.tensor(node)
        assert tensor is not None
        self._model = model
        self.node = node
        self.tensor: Stored = tensor

    @property
    def path(self) -> str:
        return self._model.tree.path(self.node)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def dtype(self) -> str:
        return self.tensor.dtype.name

    @property
    def elements(self) -> int:
        return self.tensor.elements

    @property
    def bytes(self) -> int:
        return self.tensor.nbytes

    @property
    def place(self) -> str:
        return self.tensor.place

    @property
    def kind(self) -> str:
        return self._model.tree.kind(self.node)

    def brief(self) -> Brief | None:
        """Its statistics, where they are known."""
        return self._model.known.brief(self.path) if len(self._model.known) else None


class AllFacts(Sequence[NodeFacts]):
    """Of many nodes; each is made when it is looked at."""

    def __init__(self, model: CheckpointModel, nodes: Sequence[int]) -> None:
        self._model = model
        self._nodes = nodes

    def __len__(self) -> int:
        return len(self._nodes)

    @overload
    def __getitem__(self, index: int) -> NodeFacts: ...
    @overload
    def __getitem__(self, index: slice) -> list[NodeFacts]: ...
    def __getitem__(self, index: int | slice) -> NodeFacts | list[NodeFacts]:
        if isinstance(index, slice):
            return [NodeFacts(self._model, node) for node in self._nodes[index]]
        return NodeFacts(self._model, self._nodes[index])
