"""An engine without torch for tests of the interface: it answers the real messages from a small description of a tree.

`FakeEngine(rgnet())` answers like the real one does for the documented network; `engine.request` is an `Ask`.
A test may look at `asked` and `cancelled`, hold answers back with `hold`, make a kind of request fail with `problems`,
answer a kind by itself with `answers`, or let the engine be `gone`.
"""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fake_table import KINDS, FakeTable

from models.messages import (
    Body,
    CallPage,
    CallRow,
    CallRows,
    Cells,
    Complete,
    Completions,
    Describe,
    Description,
    Done,
    Execute,
    Executed,
    Fact,
    FactGroup,
    Fold,
    Forms,
    Forward,
    GradientPage,
    GradientRow,
    GradientRows,
    HeatCells,
    HeatMap,
    Locate,
    NextHit,
    NodeKind,
    PathForm,
    PathForms,
    Problem,
    Progress,
    Ran,
    Search,
    SearchHit,
    SearchHits,
    SourceCode,
    SourceText,
    Statistics,
    StatisticsOf,
    TreePage,
    TreePlace,
    TreeRow,
    TreeRows,
    Window,
)
from models.messages.errors import EngineGone, EngineProblem


@dataclass(eq=False)
class Spec:
    """A module or tensor; the same object under two names is shared."""

    kind: NodeKind
    detail: str
    shape: tuple[int, ...] = ()
    below: dict[str, Spec] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    """Further fields of its `TreeRow`."""


def module(class_name: str, /, **below: Spec) -> Spec:
    return Spec("module", class_name, below=below)


def tensor(*shape: int, kind: NodeKind = "parameter", **fields: Any) -> Spec:
    if kind == "parameter" and not fields.get("frozen"):
        fields.setdefault("gradient", "none")
    return Spec(kind, str(list(shape)), shape, fields={"dtype": "float32", **fields})


def linear(inputs: int, outputs: int) -> Spec:
    return module("Linear", weight=tensor(outputs, inputs), bias=tensor(outputs))


def sequential(*items: Spec) -> Spec:
    return module("Sequential", **{str(index): item for index, item in enumerate(items)})


def rgnet() -> Spec:
    """The documented network: 23 modules, 18 parameters, 309 elements; 41 rows."""

    def block1() -> Spec:
        return sequential(linear(4, 8), module("ReLU"), linear(8, 4), module("ReLU"))

    return sequential(module("Sequential", **{f"block {index}": block1() for index in range(4)}), linear(4, 1))


def shared() -> Spec:
    """The documented network with one `Linear(8, 8)` under the names `2` and `4`."""
    twin = linear(8, 8)
    relu = module("ReLU")
    return sequential(linear(4, 8), module("ReLU"), twin, relu, twin, module("ReLU"), linear(8, 1))


def many(count: int) -> Spec:
    """`count` linear layers in one Sequential: `1 + 3 * count` rows."""
    return sequential(*(linear(4, 4) for _ in range(count)))


@dataclass
class Node:
    row: TreeRow
    spec: Spec
    end: int
    """One past its last descendant in `FakeEngine.nodes`."""
    parent: int


class FakeEngine(FakeTable):
    """Answers from `spec`; everything is unfolded at first."""

    def __init__(self, spec: Spec | None = None, name: str = "rgnet") -> None:
        self.asked: list[Body] = []
        self.cancelled: list[Body] = []
        self.gone = False
        self.problems: dict[type[Body], Problem] = {}
        self.answers: dict[type[Body], Callable[[Any], Body]] = {}
        self.numbers: dict[str, list[float]] = {}
        """Values of a tensor, when not the made-up ones."""
        self.gradients: dict[str, list[float]] = {}
        self.taken: set[str] = set()
        self.places: dict[str, str] = {}
        self.runs: dict[int, list[CallRow]] = {}
        self.complete: set[int] = set()
        self.steps: dict[type[Body], list[str]] = {}
        """What is told of the progress of a kind of request, before it is held or answered."""
        self._gates: dict[type[Body], asyncio.Event] = {}
        self.replace(spec or rgnet(), name)

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

    def hold(self, kind: type[Body]) -> asyncio.Event:
        """Answers to `kind` wait until the returned event is set."""
        return self._gates.setdefault(kind, asyncio.Event())

    @property
    def holds(self) -> bool:
        """Whether answers of some kind have to wait."""
        return any(not gate.is_set() for gate in self._gates.values())

    def count(self, kind: type[Body]) -> int:
        """How many requests of `kind` came."""
        return sum(type(body) is kind for body in self.asked)

    def die(self) -> None:
        """Be gone, and let whoever waits for an answer know it."""
        self.gone = True
        for gate in self._gates.values():
            gate.set()
        self._gates.clear()

    async def request(self, body: Body, answer: type[Any], /, progress: Any = None) -> Any:
        """An `Ask`."""
        self.asked.append(body)
        try:
            await asyncio.sleep(0)
            for text in self.steps.get(type(body), []) if progress else []:
                progress(Progress(id=0, text=text))
            if gate := self._gates.get(type(body)):
                await gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(body)
            raise
        if self.gone:
            raise EngineGone("engine ended with exit status 1")
        if problem := self.problems.get(type(body)):
            raise EngineProblem(problem)
        handler = self.answers.get(type(body)) or getattr(self, f"_on_{type(body).__name__}")
        reply = handler(body)
        assert isinstance(reply, answer), f"{type(body).__name__} was asked to answer {answer.__name__}"
        return reply

    # -- the tree

    def node(self, path: str) -> Node:
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
            msgspec.structs.replace(row, unfolded=bool(row.children) and row.path not in self.folded)
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

    # -- numbers

    def values(self, path: str, of: str = "value") -> list[float] | None:
        """The entries in row-major order; None where there is no gradient."""
        if of == "gradient":
            return self.gradients.get(path)
        if path not in self.numbers:
            seed = zlib.crc32(path.encode()) % 1000
            self.numbers[path] = [
                round(math.sin(seed + 1.7 * index), 4) for index in range(math.prod(self.node(path).spec.shape))
            ]
        return self.numbers[path]

    def _matrix(self, path: str, leading: list[int]) -> tuple[int, int, int, list[int]]:
        """Height, width and offset of the matrix at the leading indices, and the indices clamped."""
        shape = [1, 1, *self.node(path).spec.shape][-max(2, len(self.node(path).spec.shape)) :]
        height, width = shape[-2:]
        used = [min((leading[at : at + 1] or [0])[0], size - 1) for at, size in enumerate(shape[:-2])]
        offset = 0
        for index, size in zip(used, shape[:-2], strict=True):
            offset = offset * size + index
        return height, width, offset * height * width, used

    def _on_Window(self, body: Window) -> Cells:
        spec = self.node(body.path).spec
        values = self.values(body.path, body.of)
        if values is None:
            return Cells(path=body.path, of=body.of, absence="none", reason="No gradient yet.", shape=list(spec.shape))
        height, width, offset, leading = self._matrix(body.path, body.leading)
        row, column = min(body.row, height), min(body.column, width)
        rows, columns = min(body.rows, height - row), min(body.columns, width - column)
        return Cells(
            path=body.path,
            of=body.of,
            shape=list(spec.shape),
            dtype="float32",
            leading=leading,
            row=row,
            column=column,
            rows=rows,
            columns=columns,
            height=height,
            width=width,
            values=[
                values[offset + line * width + cell]
                for line in range(row, row + rows)
                for cell in range(column, column + columns)
            ],
        )

    def _on_HeatMap(self, body: HeatMap) -> HeatCells:
        spec = self.node(body.path).spec
        values = self.values(body.path, body.of)
        if values is None:
            return HeatCells(path=body.path, of=body.of, absence="none", reason="No gradient yet.")
        height, width, offset, leading = self._matrix(body.path, body.leading)
        down, across = -(-height // body.height), -(-width // body.width)
        lines, cells = -(-height // down), -(-width // across)
        picture = [
            max(
                (
                    values[offset + row * width + column]
                    for row in range(line * down, min((line + 1) * down, height))
                    for column in range(cell * across, min((cell + 1) * across, width))
                ),
                key=abs,
            )
            for line in range(lines)
            for cell in range(cells)
        ]
        return HeatCells(
            path=body.path,
            of=body.of,
            shape=list(spec.shape),
            leading=leading,
            height=lines,
            width=cells,
            block=(down, across),
            values=picture,
        )

    def _on_Statistics(self, body: Statistics) -> StatisticsOf:
        values = self.values(body.path, body.of)
        if values is None:
            return StatisticsOf(path=body.path, of=body.of, absence="none", reason="No gradient yet.")
        finite = [value for value in values if math.isfinite(value)]
        low, high = min(finite), max(finite)
        mean = sum(finite) / len(finite)
        spread = sum((value - mean) ** 2 for value in finite)
        counts = [0] * body.bins
        for value in finite:
            counts[min(int((value - low) / ((high - low) or 1) * body.bins), body.bins - 1)] += 1
        return StatisticsOf(
            path=body.path,
            of=body.of,
            count=len(values),
            minimum=low,
            maximum=high,
            mean=mean,
            std=math.sqrt(spread / (len(finite) - 1)) if len(finite) > 1 else None,
            l2=math.sqrt(sum(value * value for value in finite)),
            zeros=sum(value == 0 for value in values),
            nan=sum(math.isnan(value) for value in values),
            inf=sum(math.isinf(value) for value in values),
            edges=[low + (high - low) * index / body.bins for index in range(body.bins + 1)],
            counts=counts,
        )

    def _on_GradientRows(self, body: GradientRows) -> GradientPage:
        nodes = [node for node in self._tensors(body.path) if node.row.kind == "parameter"]
        rows = []
        for node in nodes[body.start : body.start + body.count]:
            gradient = self.gradients.get(node.row.path)
            size = math.prod(node.spec.shape)
            if node.row.frozen:
                rows.append(GradientRow(path=node.row.path, state="frozen", size=size))
            elif gradient is None:
                rows.append(GradientRow(path=node.row.path, state="none", size=size))
            else:
                norm = math.sqrt(sum(value * value for value in gradient))
                rows.append(
                    GradientRow(path=node.row.path, state="zero" if norm == 0 else "value", norm=norm, size=size)
                )
        return GradientPage(path=body.path, total=len(nodes), start=body.start, rows=rows)

    # -- everything else

    def _on_Describe(self, body: Describe) -> Description:
        row = self.node(body.path).row
        facts = [Fact(label="kind", text=row.kind), Fact(label="detail", text=row.detail)]
        facts += [Fact(label="shared with", text=path, path=path) for path in row.shared_with]
        return Description(path=body.path, groups=[FactGroup(title="What it is", facts=facts)])

    def _on_SourceCode(self, body: SourceCode) -> SourceText:
        name = self.node(body.path).row.detail
        text = f"class {name}(nn.Module):\n    def forward(self, X):\n        return X\n"
        return SourceText(path=body.path, class_name=name, text=text, file="net.py", first_line=10, forward_line=11)

    def _on_PathForms(self, body: PathForms) -> Forms:
        getter = f"net.get_parameter({body.path!r})"
        return Forms(path=body.path, forms=[PathForm(label="key", text=body.path), PathForm(label="call", text=getter)])

    def _on_CallRows(self, body: CallRows) -> CallPage:
        rows = self.runs.get(body.run, [])
        return CallPage(
            run=body.run,
            total=len(rows),
            start=body.start,
            complete=body.run in self.complete,
            rows=rows[body.start : body.start + body.count],
        )

    def _on_Execute(self, body: Execute) -> Executed:
        return Executed(value=body.text.strip() or None)

    def _on_Forward(self, body: Forward) -> Ran:
        return Ran(run=max(self.runs, default=0) or None, text="[2, 1] float32")

    def _on_Complete(self, body: Complete) -> Completions:
        return Completions(start=body.cursor, items=[])

    def _on_done(self, body: Body) -> Done:
        return Done()

    _on_ZeroGradients = _on_Undo = _on_Interrupt = _on_Backward = _on_done


def _positions(path: str, query: str) -> list[int]:
    found: set[int] = set()
    for word in query.lower().split():
        start = path.lower().index(word)
        found.update(range(start, start + len(word)))
    return sorted(found)
