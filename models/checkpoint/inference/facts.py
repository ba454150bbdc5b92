"""The facts that rules infer a class from: the tensors and the modules directly in a module."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

TEXT_LIMIT = 30
"""Characters of an inferred text."""

NAME_LIMIT = 200
"""Characters up to which the name of a module is looked at."""

_WHOLE = ("int", "uint", "bool")
_SET_ASIDE = re.compile(r" \([0-9]+\)\Z")


@dataclass(frozen=True, slots=True)
class OwnTensor:
    """A tensor directly in a module."""

    shape: tuple[int, ...]
    dtype: str
    """The name of the dtype, as `DType.name`."""

    @property
    def is_real(self) -> bool:
        """Return whether it holds real numbers, quantised in blocks or not: no integers and no booleans."""
        return not self.dtype.startswith(_WHOLE)


@dataclass(frozen=True, slots=True)
class Inferred:
    """The class that a module seems to have."""

    class_name: str
    """The name of the class, torch's own where it has one: `Linear`."""
    text: str
    """`Linear 4 → 8`, at most `TEXT_LIMIT` characters."""
    inputs: int | None = None
    """Features or channels of the input; None where unknown."""
    outputs: int | None = None
    """Features or channels of the output; None where unknown."""
    count: int | None = None
    """How many modules a list holds, or weights are stacked; None for others."""
    weight: OwnTensor | None = None
    """The weight that a parametrization stands for; None for others."""


class Children(Mapping[str, "Inferred | str | None"]):
    """The modules in a module by name, each inferred on access: one row on the screen does not infer them all."""

    def __init__(self, nodes: Mapping[str, int], infer: Callable[[int], Inferred | str | None]) -> None:
        """Map names to nodes; `infer` returns what a node is, or the name of its class where the file records it."""
        self._nodes = nodes
        self._infer = infer

    def __getitem__(self, name: str) -> Inferred | str | None:
        return self._infer(self._nodes[name])

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


class Module:
    """A module as rules see it: its name, its own tensors, and its children."""

    __slots__ = ("_children", "_known", "_renamed", "name", "own")

    def __init__(self, name: str, own: Mapping[str, OwnTensor], children: Mapping[str, Inferred | str | None]) -> None:
        self.name = name.lower() if len(name) <= NAME_LIMIT else ""
        self._children = children
        # A tensor and a module of one name: the tree has set one of them aside as `weight (2)`.
        self._renamed = {original_name(key): key for key in children if key.endswith(")")}
        self._known = frozenset(children).union(self._renamed)
        self.own = (
            {original_name(key): tensor for key, tensor in own.items()} if any(k.endswith(")") for k in own) else own
        )

    def tensor(self, key: str, *ranks: int) -> OwnTensor | None:
        """Return the own tensor of that name; None where there is none, or none of these ranks (no rank: any)."""
        found = self.own.get(key)
        return found if found is not None and (not ranks or len(found.shape) in ranks) else None

    @property
    def names(self) -> Mapping[str, object]:
        """Return the children by name; a value must not be accessed."""
        return self._children

    def has(self, *names: str) -> bool:
        """Return whether all these children are there."""
        return self._known.issuperset(names)

    def child(self, name: str) -> Inferred | None:
        """Return what a child is; None where that is unknown or there is no such child."""
        name = self._renamed.get(name, name)
        if name not in self._children:
            return None
        child = self._children[name]
        return Inferred(child, bounded_text(child)) if isinstance(child, str) else child

    def class_of(self, name: str) -> str:
        """Return the name of a child's class; empty where it is unknown."""
        found = self.child(name)
        return found.class_name if found is not None else ""


def original_name(name: str) -> str:
    """Return the name as the file has it, where the tree changed it to `weight (2)`."""
    return _SET_ASIDE.sub("", name) if name.endswith(")") else name


def bounded_text(text: str) -> str:
    """Return a text cut to `TEXT_LIMIT` characters; a cut ends in `…`."""
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def of_sizes(class_name: str, inputs: int, outputs: int, more: str = "") -> Inferred:
    """Return a class with input and output sizes: `Linear 4 → 8`, then `more` after a comma."""
    text = f"{class_name} {inputs} → {outputs}"
    return Inferred(class_name, bounded_text(f"{text}, {more}" if more else text), inputs, outputs)


def of_width(class_name: str, width: int, more: str = "") -> Inferred:
    """Return a class whose input and output have one size: `LayerNorm 768`, then `more` after a comma."""
    text = f"{class_name} {width}"
    return Inferred(class_name, bounded_text(f"{text}, {more}" if more else text), width, width)
