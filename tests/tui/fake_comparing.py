"""What the fake engine knows of comparing: values of another side, differences that become known when they are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from models.messages import (
    Compare,
    Compared,
    Done,
    EndComparison,
    ListSnapshots,
    Place,
    ReadDifferences,
    RowDifference,
    SnapshotItem,
    Snapshots,
    TakeSnapshot,
)

if TYPE_CHECKING:
    from fake_tree import Node


class FakeComparing:
    """Part of `FakeEngine`."""

    others: dict[Place, list[float]]
    """Values of B, where they are not those of A."""
    snapshots: list[SnapshotItem]
    compared: Compare | None = None
    """What is compared; None where nothing is."""
    hint = ""
    nodes: list[Node]
    _tensors: Callable[[str], list[Node]]
    values: Callable[..., list[float] | None]

    def other_values(self, path: Place, of: str) -> list[float]:
        """The elements of B, or B - A."""
        mine = self.values(path) or []
        theirs = self.others.get(path, mine)
        return theirs if of == "other" else [b - a for a, b in zip(mine, theirs, strict=True)]

    def _set(self, node: Node, difference: RowDifference | None) -> None:
        node.row = msgspec.structs.replace(node.row, difference=difference)

    def _on_ListSnapshots(self, body: ListSnapshots) -> Snapshots:
        return Snapshots(items=self.snapshots)

    def _on_TakeSnapshot(self, body: TakeSnapshot) -> Done:
        name = body.name or str(len(self.snapshots))
        self.snapshots = [*self.snapshots, SnapshotItem(name=name, detail="taken at 12:00:00, 1.2 KB")]
        return Done(text=f"snapshot {name}, 1.2 KB")

    def _on_Compare(self, body: Compare) -> Compared:
        if body.source or body.snapshot is not None:
            self.compared = body
        what = self.compared
        assert what is not None
        for node in self.nodes:
            self._set(node, RowDifference(tensors=len(self._tensors(node.row.path))))
        for node in self._tensors(""):
            self._set(node, RowDifference())
        now = what.source or "rgnet now"
        count = len(self._tensors(""))
        hint = "" if body.renamed else self.hint
        return Compared(
            a="rgnet" if what.source else "rgnet as it was opened", b=now, tensors=count, both=count, hint=hint
        )

    def _on_ReadDifferences(self, body: ReadDifferences) -> Done:
        for node in self.nodes:
            tensors = self._tensors(node.row.path)
            every = [self._difference(each) for each in tensors]
            if node.row.kind not in ("module", "group"):
                self._set(node, self._difference(node))
                continue
            largest = max((each.max_abs or 0 for each in every), default=0.0)
            differing = sum(each.status == "changed" for each in every)
            status: Any = "changed" if differing else "equal"
            self._set(
                node,
                RowDifference(
                    status=status, tensors=len(every), compared=len(every), differing=differing, max_abs=largest
                ),
            )
        changed = sum(
            each.row.difference is not None and each.row.difference.status == "changed" for each in self._tensors("")
        )
        return Done(text=f"{len(self._tensors(''))} tensors: {changed} changed")

    def _difference(self, node: Node) -> RowDifference:
        apart = self.other_values(node.row.path, "difference")
        if not any(apart):
            return RowDifference(status="equal", max_abs=0.0, relative_l2=0.0, cosine=1.0, share=0.0)
        place = max(range(len(apart)), key=lambda at: abs(apart[at]))
        shape, index = node.spec.shape, []
        for size in reversed(shape):
            place, at = divmod(place, size)
            index.insert(0, at)
        norm = math.sqrt(sum(value * value for value in self.values(node.row.path) or []))
        relative = math.sqrt(sum(value * value for value in apart)) / norm
        return RowDifference(
            status="changed", max_abs=max(map(abs, apart)), relative_l2=relative, cosine=0.5, share=1.0, index=index
        )

    def _on_EndComparison(self, body: EndComparison) -> Done:
        self.compared = None
        for node in self.nodes:
            self._set(node, None)
        return Done()
