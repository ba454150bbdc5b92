"""Names of tensors, and the templates that many of them have in common: `layers.#.attn.wq` of `layers.3.attn.wq`.

A name's parts stand between its dots; a part that is a number becomes `NUMBER` in its template, here written `#`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]
"""The shape of each tensor, by its name, in the order of the network or of the file."""
NameParts = tuple[str, ...]
"""A template: the parts of names, numbers as `#`."""
NUMBER = "\0"
"""What stands in a template for each number; no name of a network has it."""
_DIGITS = 15
"""Digits of a part up to which it is a number."""


@dataclass(slots=True)
class Template:
    """The names that differ in their numbers alone."""

    parts: NameParts
    members: dict[NameParts, str] = field(default_factory=dict)
    """Each name by its numbers: `layers.3.mlp.experts.0.w1` by `("3", "0")`."""


@lru_cache(maxsize=1 << 16)
def fold_numbers(name: str) -> tuple[NameParts, NameParts]:
    """Return the parts of `name` with `#` for each number, and the numbers."""
    if NUMBER in name:  # of no network: as it is
        return (name if name != NUMBER else 2 * NUMBER,), ()
    parts = name.split(".")
    if "parametrizations" in parts:  # the number there says which of the functions on a tensor: a word
        kept = {at + 2 for at, part in enumerate(parts) if part == "parametrizations"}
        folded = [NUMBER if is_number(part) and at not in kept else part for at, part in enumerate(parts)]
        return tuple(folded), tuple([part for at, part in enumerate(parts) if folded[at] == NUMBER])
    numbers = tuple([part for part in parts if is_number(part)])
    if not numbers:
        return tuple(parts), ()
    return tuple([NUMBER if is_number(part) else part for part in parts]), numbers


def is_number(part: str) -> bool:
    """Return whether a part of a name is a number: few digits, and nothing else."""
    return part.isdecimal() and len(part) <= _DIGITS and part.isascii()


def unfold(parts: NameParts, numbers: NameParts) -> str:
    """Return the name of these parts in which each `#` is the next of `numbers`; the two must be as many."""
    rest = iter(numbers)
    return ".".join([next(rest) if part == NUMBER else part for part in parts])


def templates_of(names: Iterable[str]) -> dict[NameParts, Template]:
    """Return the templates of `names`, each with its names, in the order of the first."""
    found: dict[NameParts, Template] = {}
    for name in names:
        parts, numbers = fold_numbers(name)
        template = found.get(parts)
        if template is None:
            template = found[parts] = Template(parts)
        template.members[numbers] = name
    return found


def is_swapped(a: Shape, b: Shape) -> bool:
    """Return whether `a` is `b` with its two dimensions swapped, and is another shape."""
    return len(a) == 2 and len(b) == 2 and a != b and a[0] == b[1] and a[1] == b[0]


def resized(a: Shape, b: Shape) -> bool:
    """Return whether the two differ in one dimension alone, and by less than a tenth: a vocabulary that grew."""
    if len(a) != len(b) or a == b:
        return False
    other = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return len(other) == 1 and abs(other[0][0] - other[0][1]) * 10 <= max(other[0])
