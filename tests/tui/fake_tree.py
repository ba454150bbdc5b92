"""The tree of a `FakeEngine`: its nodes from a description, folds, places, search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import msgspec
from fake_networks import Spec
from fake_table import KINDS

from models.messages import (
    CallRow,
    CallTensor,
    Fold,
    InitialState,
    Locate,
    NextHit,
    Place,
    Problem,
    Search,
    SearchHit,
    SearchHits,
    SortTree,
    TreePage,
    TreePlace,
    TreeRow,
    TreeRows,
)
from models.messages.errors import EngineProblem
from tui.widgets.table.call_table import outputs_of


@dataclass
class Node:
    row: TreeRow
    spec: Spec
    end: int
    """One past its last descendant in `FakeEngine.nodes`."""
    parent: int


class FakeTree:
    """Answers about the tree; everything is unfolded at first."""

    runs: dict[int, list[CallRow]]
    initial: dict[str, InitialState]

    def replace(self, spec: Spec, name: str = "rgnet") -> None:
        """Another tree in place of this one; what was folded stays so by path."""
        folded = {node.row.path for node in getattr(self, "nodes", []) if node.row.path in self.folded}
        self.folded: set[str] = folded
        self.nodes: list[Node] = []
        self._walk(spec, "", name, 0, -1)
        names: dict[int, list[str]] = {}
        for node in self.nodes:
            names.setdefault(id(node.spec), []).append(node.row.path)
        for node in self.nodes:
            others = [path for path in names[id(node.spec)] if path != node.row.path]
            if others:
                node.row = msgspec.structs.replace(node.row, shared_with=others)

    def change(self, path: str, **fields: Any) -> None:
        """Other facts in the row at `path`, such as `changed=True`."""
        node = self.node(path)
        node.row = msgspec.structs.replace(node.row, **fields)

    def called(self, place: CallTensor) -> CallRow:
        """The call at a place; it may be asked for as its run goes away."""
        rows = self.runs.get(place.run, [])
        if place.call >= len(rows):
            raise EngineProblem(Problem("usage", f"run {place.run} has no call {place.call}"))
        return rows[place.call]

    def node(self, path: Place) -> Node:
        """What is at a path; of a call a tensor of the shape that its row says."""
        if isinstance(path, CallTensor):
            row = self.called(path)
            every = outputs_of(row) if path.side == "output" else row.inputs
            text = every[path.number]
            sizes = text.strip("[]").split(",")  # a hostile engine says anything
            spec = Spec("constant", text, tuple(int(size) for size in sizes if size.strip().isdecimal()))
            return Node(TreeRow(path=row.module, name=row.op, kind="constant", depth=0, detail=text), spec, 0, -1)
        for node in self.nodes:
            if node.row.path == path:
                return node
        raise EngineProblem(Problem("usage", f"no row at {path!r}", path=path))

    def visible(self) -> list[int]:
        """Indices of the visible nodes."""
        found, index = [], 0
        while index < len(self.nodes):
            found.append(index)
            node = self.nodes[index]
            index = node.end if node.row.path in self.folded else index + 1
        return found

    def _walk(self, spec: Spec, path: str, name: str, depth: int, parent: int) -> dict[int, Spec]:
        """Append the nodes of `spec`; returns its distinct tensors, so that a shared one counts once."""
        index = len(self.nodes)
        row = TreeRow(path=path, name=name, kind=spec.kind, depth=depth, detail=spec.detail, children=len(spec.below))
        self.nodes.append(Node(row, spec, 0, parent))
        tensors = {id(spec): spec} if spec.kind in KINDS else {}
        above = path.rpartition(".")[0] if spec.kind == "group" else path  # a group is no part of its siblings' names
        for key, below in spec.below.items():
            start = len(self.nodes)
            tensors |= self._walk(below, f"{above}.{key}" if above else key, key, depth + 1, index)
            if spec.kind == "group":
                self.nodes[start].row = msgspec.structs.replace(self.nodes[start].row, group=path)
        counted = [math.prod(one.shape) for one in tensors.values() if one.kind == "parameter" or one is spec]
        elements = sum(math.prod(one.shape) for one in tensors.values())
        facts = {"parameters": sum(counted), "bytes": 4 * elements, **spec.fields}
        self.nodes[index].row = msgspec.structs.replace(row, **facts)
        self.nodes[index].end = len(self.nodes)
        return tensors

    def _place(self, path: str) -> TreePlace:
        index = next(index for index, node in enumerate(self.nodes) if node.row.path == path)
        visible = self.visible()
        while index not in visible:
            index = self.nodes[index].parent
        return TreePlace(row=visible.index(index), path=self.nodes[index].row.path, total=len(visible))

    def _on_TreeRows(self, body: TreeRows) -> TreePage:
        visible = self.visible()
        rows = [
            msgspec.structs.replace(
                row,
                unfolded=bool(row.children) and row.path not in self.folded,
                initial=self.initial.get(row.path) if body.initial else None,
            )
            for row in (self.nodes[index].row for index in visible[body.start : body.start + body.count])
        ]
        return TreePage(total=len(visible), start=body.start, rows=rows)

    def _on_Fold(self, body: Fold) -> TreePlace:
        node = self.node(body.path)
        start = self.nodes.index(node)
        below = {other.row.path for other in self.nodes[start : node.end] if other.row.children}
        if body.how == "toggle":
            self.folded ^= {body.path}
        elif body.how == "open":
            self.folded.discard(body.path)
        elif body.how == "close":
            self.folded.add(body.path)
        elif body.how == "none":
            self.folded |= below
        else:
            self.folded -= below
        return self._place(body.path)

    def _on_Locate(self, body: Locate) -> TreePlace:
        path = body.path
        known = {node.row.path for node in self.nodes}
        while path not in known:
            path = path.rpartition(".")[0]
        index = next(index for index, node in enumerate(self.nodes) if node.row.path == path)
        while (index := self.nodes[index].parent) >= 0:
            self.folded.discard(self.nodes[index].row.path)
        return self._place(path)

    def _on_SortTree(self, body: SortTree) -> TreePlace:
        return self._on_Locate(Locate(path=body.path))

    def _hits(self, query: str) -> list[Node]:
        words = query.lower().split()
        return [node for node in self.nodes if all(word in node.row.path.lower() for word in words)]

    def _on_Search(self, body: Search) -> SearchHits:
        hits = self._hits(body.query)
        return SearchHits(
            query=body.query,
            total=len(hits),
            hits=[
                SearchHit(
                    path=node.row.path,
                    kind=node.row.kind,
                    detail=node.row.detail,
                    positions=_positions(node.row.path, body.query),
                )
                for node in hits[: body.limit]
            ],
        )

    def _on_NextHit(self, body: NextHit) -> TreePlace:
        hits = [node.row.path for node in self._hits(body.query)]
        if not hits:
            raise EngineProblem(Problem("usage", f"nothing matches {body.query!r}"))
        order = [node.row.path for node in self.nodes]
        here = order.index(body.path)
        places = [order.index(path) for path in hits]
        if body.step > 0:
            place = next((place for place in places if place > here), places[0])
        else:
            place = next((place for place in reversed(places) if place < here), places[-1])
        return self._on_Locate(Locate(path=order[place]))


def _positions(path: str, query: str) -> list[int]:
    found: set[int] = set()
    for word in query.lower().split():
        start = path.lower().index(word)
        found.update(range(start, start + len(word)))
    return sorted(found)
