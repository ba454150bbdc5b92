"""What the table of tensors knows of one in a live network."""

from __future__ import annotations

from collections.abc import Hashable

from torch import Tensor

from ..messages import Brief
from ..tensors.statistics.cache import StatisticsCache
from ..tensors.tensors import dtype_text, elements, shape_of, size_in_bytes, stamp_of
from .outline import Node


class TensorFacts:
    """The tensor at one node."""

    __slots__ = ("_known", "node")

    place = ""

    def __init__(self, node: Node, known: StatisticsCache) -> None:
        self.node = node
        self._known = known

    @property
    def tensor(self) -> Tensor:
        assert isinstance(self.node.item, Tensor)
        return self.node.item

    @property
    def path(self) -> str:
        return self.node.path

    @property
    def shape(self) -> tuple[int, ...] | None:
        return shape_of(self.tensor)

    @property
    def dtype(self) -> str:
        return dtype_text(self.tensor)

    @property
    def elements(self) -> int | None:
        return elements(self.tensor)

    @property
    def bytes(self) -> int | None:
        return size_in_bytes(self.tensor)

    @property
    def kind(self) -> str:
        return self.node.kind

    @property
    def stamp(self) -> Hashable:
        """Of the values as they are now."""
        return stamp_of(self.tensor)

    def brief(self) -> Brief | None:
        """Its statistics, where they are known."""
        return self._known.brief(self.path, self.stamp) if len(self._known) else None
