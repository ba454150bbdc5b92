"""Networks for tests of the interface, as small descriptions: what `FakeEngine` shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.messages import NodeKind


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
