"""The bare structure of a live network's outline."""

from __future__ import annotations

from array import array

from ..tree.skeleton import Skeleton
from ..work.gc_paused import gc_paused
from .outline import Outline


class LiveSkeleton(Skeleton):
    """Node numbers are those of `outline.nodes`; siblings are alike when classes, dtypes, shapes and flags are."""

    def __init__(self, outline: Outline) -> None:
        nodes = outline.nodes
        with gc_paused():
            super().__init__(
                array("i", [node.parent for node in nodes]),
                array("i", [node.end for node in nodes]),
                array("i", [node.depth for node in nodes]),
                array("i", [node.child_count for node in nodes]),
                [node.name for node in nodes],
            )
            self.outline = outline
            self.fold_repeated([(node.kind, node.form) for node in nodes])

    def path(self, node: int) -> str:
        return self.outline.nodes[node].path

    def find(self, path: str) -> int | None:
        found = self.outline.find(path)
        return None if found is None else found.index
