"""What classes are told from: the tensors and the modules directly in a module, and what was told of the latter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

WIDEST = 30
"""Characters of a text."""

LONGEST = 200
"""Characters of a name that says anything."""

_WHOLE = ("int", "uint", "bool")
_SET_ASIDE = re.compile(r" \([0-9]+\)\Z")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor in a module."""

    shape: tuple[int, ...]
    dtype: str
    """The type's name, as `DType.name`."""

    @property
    def is_real(self) -> bool:
        """Whether it holds numbers as a layer computes with, quantised in blocks or not."""
        return not self.dtype.startswith(_WHOLE)


@dataclass(frozen=True, slots=True)
class Inferred:
    """What a module seems to be."""

    class_name: str
    """`Linear`; as torch has it where torch has such a class."""
    text: str
    """`Linear 4 → 8`, at most `WIDEST` characters."""
    inputs: int | None = None
    outputs: int | None = None
    """Features or channels that go in and come out, where they can be told."""
    count: int | None = None
    """Of a list of modules or of stacked weights, how many."""
    weight: Leaf | None = None
    """Of what stands for a weight, that weight."""


class Children(Mapping[str, "Inferred | str | None"]):
    """The modules in a module: what each one is gets told when it is asked for, so that a network of many modules is
    not looked through for one row on the screen.
    """

    def __init__(self, nodes: Mapping[str, int], tell: Callable[[int], Inferred | str | None]) -> None:
        self._nodes = nodes
        self._tell = tell

    def __getitem__(self, name: str) -> Inferred | str | None:
        return self._tell(self._nodes[name])

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


class Module:
    """What rules look at."""

    __slots__ = ("_children", "_known", "_renamed", "name", "own")

    def __init__(self, name: str, own: Mapping[str, Leaf], children: Mapping[str, Inferred | str | None]) -> None:
        self.name = name.lower() if len(name) <= LONGEST else ""
        self._children = children
        # A tensor and a module of one name: the tree has set one of them aside as `weight (2)`.
        self._renamed = {plain(key): key for key in children if key.endswith(")")}
        self._known = frozenset(children).union(self._renamed)
        self.own = {plain(key): leaf for key, leaf in own.items()} if any(k.endswith(")") for k in own) else own

    def leaf(self, key: str, *ranks: int) -> Leaf | None:
        """The own tensor of that name, if it has one of these ranks."""
        found = self.own.get(key)
        return found if found is not None and (not ranks or len(found.shape) in ranks) else None

    @property
    def names(self) -> Mapping[str, object]:
        """The children by name; only to look which there are."""
        return self._children

    def has(self, *names: str) -> bool:
        """Whether all these children are there."""
        return self._known.issuperset(names)

    def child(self, name: str) -> Inferred | None:
        """What a child is, None where that is not known or there is none."""
        name = self._renamed.get(name, name)
        if name not in self._children:
            return None
        told = self._children[name]
        return Inferred(told, cut(told)) if isinstance(told, str) else told

    def class_of(self, name: str) -> str:
        """The class of a child; empty where it is not known."""
        found = self.child(name)
        return found.class_name if found is not None else ""


def plain(name: str) -> str:
    """The name as it is in the file, where the tree set it aside."""
    return _SET_ASIDE.sub("", name) if name.endswith(")") else name


def cut(text: str) -> str:
    """The text, at most `WIDEST` characters of it."""
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def across(class_name: str, inputs: int, outputs: int, more: str = "") -> Inferred:
    """`Linear 4 → 8`, and what else there is to say."""
    text = f"{class_name} {inputs} → {outputs}"
    return Inferred(class_name, cut(f"{text}, {more}" if more else text), inputs, outputs)


def wide(class_name: str, width: int, more: str = "") -> Inferred:
    """`LayerNorm 768`: as many come out as go in."""
    text = f"{class_name} {width}"
    return Inferred(class_name, cut(f"{text}, {more}" if more else text), width, width)
