"""What the fake engine knows of the table of tensors: orders, a small filter, statistics that are taken on demand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from models.messages import (
    Brief,
    Done,
    Problem,
    Statistics,
    StatisticsOf,
    StatisticsOfAll,
    TensorPage,
    TensorRow,
    TensorRows,
)
from models.messages.errors import EngineProblem

if TYPE_CHECKING:
    from fake_tree import Node

KINDS = ("parameter", "buffer", "constant", "state")
FACTS: dict[str, Callable[[TensorRow], Any]] = {
    "name": lambda row: row.path,
    "shape": lambda row: row.shape,
    "dtype": lambda row: row.dtype,
    "elements": lambda row: row.parameters,
    "bytes": lambda row: row.bytes,
    "place": lambda row: row.place,
}


class FakeTable:
    """Part of `FakeEngine`."""

    taken: set[str]
    """Paths whose statistics are known."""
    places: dict[str, str]
    """Where a tensor lies in its file."""
    nodes: list[Node]
    node: Callable[[str], Node]
    _on_Statistics: Callable[[Statistics], StatisticsOf]

    def _tensors(self, path: str) -> list[Node]:
        node = self.node(path)
        below = self.nodes[self.nodes.index(node) : node.end]
        return [node for node in below if node.row.kind in KINDS]

    def _tensor_row(self, node: Node) -> TensorRow:
        row = node.row
        return TensorRow(
            path=row.path,
            kind=row.kind,
            shape=row.detail,
            dtype=row.dtype,
            device="cpu",
            parameters=row.parameters,
            bytes=row.bytes,
            frozen=row.frozen,
            gradient=row.gradient,
            shared_with=row.shared_with,
            changed=row.changed,
            state=row.state,
            place=self.places.get(row.path, ""),
            statistics=self._brief(row.path) if row.path in self.taken else None,
            difference=row.difference,
        )

    def _brief(self, path: str) -> Brief:
        found = self._on_Statistics(Statistics(path=path))
        return Brief(**{name: getattr(found, name) for name in Brief.__struct_fields__})

    def _on_TensorRows(self, body: TensorRows) -> TensorPage:
        rows = [self._tensor_row(node) for node in self._tensors(body.path)]
        left = [row for row in rows if _matches(row, body.query)]
        if body.order in FACTS:
            left.sort(key=FACTS[body.order], reverse=body.descending)
        elif body.order in ("severity", "how_much", "max_abs", "cosine"):
            left.sort(key=lambda row: getattr(row.difference, body.order, None) or 0, reverse=body.descending)
        elif body.order != "tree":
            known = [row for row in left if row.statistics is not None]
            known.sort(key=lambda row: getattr(row.statistics, body.order), reverse=body.descending)
            left = [*known, *(row for row in left if row.statistics is None)]
        elif body.descending:
            left.reverse()
        return TensorPage(
            path=body.path,
            total=len(left),
            start=body.start,
            rows=left[body.start : body.start + body.count],
            all=len(rows),
            known=sum(row.statistics is not None for row in rows) if "nan" in body.query else None,
        )

    def _on_StatisticsOfAll(self, body: StatisticsOfAll) -> Done:
        paths = [node.row.path for node in self._tensors(body.path)]
        self.taken.update(paths)
        return Done(text=f"statistics of {len(paths):,} tensors")


def _matches(row: TensorRow, query: str) -> bool:
    """Words in the path, `dtype:`, `size>` in bytes, and `nan>`; anything else with a sign in it is a mistake."""
    for word in query.lower().split():
        name, sign, wanted = (word.partition(":") if ":" in word else word.partition(">"))[:3]
        if not sign:
            if word not in row.path.lower():
                return False
        elif name == "dtype":
            if not row.dtype.startswith(wanted):
                return False
        elif not wanted:
            continue
        elif name in ("size", "nan") and wanted.isdigit():
            found = row.bytes if name == "size" else row.statistics.nan if row.statistics else -math.inf
            if not (found or 0) > int(wanted):
                return False
        else:
            raise EngineProblem(Problem("usage", f"{wanted!r} is no number in {word!r}", "Write it as in size>1MB."))
    return True
