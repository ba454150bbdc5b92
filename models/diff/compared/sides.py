"""One side of a comparison: an open model, or a snapshot of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...opened.open_model import OpenModel
from ...opened.source import Source
from ..sources import every_tensor
from ..tensors import Comparable


@dataclass(frozen=True)
class ComparedSide:
    """What is compared on one side."""

    name: str
    """What it is, in a few words: its SOURCE, `rgnet as it was opened`."""
    model: OpenModel
    """The open model; of a snapshot the model that it is of, as it is now."""
    snapshot: Sequence[Comparable] | None = None
    """The tensors of a snapshot; None for those of the model as they are now."""

    @property
    def source(self) -> Source:
        """Return where it was opened from."""
        return self.model.source

    def tensors(self) -> list[Comparable]:
        """Return every tensor under each of its names."""
        return every_tensor(self.model) if self.snapshot is None else [each.copy() for each in self.snapshot]

    def class_name(self, path: str) -> str:
        """Return the class of the module at a path; empty where there is none, or it is not known."""
        node = self.model.tree.find(path)
        return (self.model.facts(node).class_name or "") if node is not None else ""

    def inferred(self, path: str) -> bool:
        """Return whether the class of the module at a path was inferred from its tensors; False where there is none."""
        node = self.model.tree.find(path)
        return node is not None and self.model.facts(node).inferred
