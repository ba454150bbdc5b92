"""Which tensor of one source is compared with which of the other: by name, after renaming.  Free of torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..tree.globs import Rename
from .difference import LeftOut
from .tensors import Comparable

DEEPEST = 4
"""Dots up to which the beginning of a name may be what keeps two sources apart."""


class NamesClash(Exception):
    """Renaming gives two tensors one name; the text says which."""


@dataclass(slots=True)
class Pairs:
    """What is compared with what, in the order of A and then of B."""

    both: list[tuple[Comparable | None, Comparable | None]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    common: int = 0
    """Names that both have."""
    only_a: list[str] = field(default_factory=list)
    only_b: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    """Rules of renaming that fit no tensor, as they were written."""


def rename(tensors: Iterable[Comparable], rules: Sequence[Rename]) -> list[int]:
    """Apply every rule in turn to every path.  Returns which of them fitted none; raises NamesClash."""
    known: dict[str, str] = {}
    idle = dict.fromkeys(range(len(rules)))
    for tensor in tensors:
        for at, rule in enumerate(rules):
            if at in idle and rule.fits(tensor.path):
                del idle[at]
            tensor.path = rule(tensor.path)
            tensor.twins = tuple(map(rule, tensor.twins))
        before = known.setdefault(tensor.path, tensor.side.path)
        if before != tensor.side.path:
            raise NamesClash(f"renaming gives {before!r} and {tensor.side.path!r} one name: {tensor.path!r}")
    return list(idle)


def pair(a: Sequence[Comparable], b: Sequence[Comparable], alike: bool, match: Callable[[str], bool]) -> Pairs:
    """Bring tensors of one path together.

    `alike` says that both sources are of one kind, so that either may have whatever the other has: otherwise what
    one kind cannot have is left out.
    """
    pairs = Pairs()
    in_a, in_b = {each.path: each for each in a}, {each.path: each for each in b}
    for tensor in a:
        other = in_b.get(tensor.path)
        if match(tensor.path):
            _sort_in(pairs, tensor, other, "a", alike, in_b)
    for tensor in b:
        if tensor.path not in in_a and match(tensor.path):
            _sort_in(pairs, tensor, None, "b", alike, in_a)
    return pairs


def _sort_in(
    pairs: Pairs,
    tensor: Comparable,
    other: Comparable | None,
    side: Literal["a", "b"],
    alike: bool,
    others: dict[str, Comparable],
) -> None:
    if other is not None:
        pairs.both.append((tensor, other))
        pairs.common += 1
        return
    twin = next((path for path in tensor.twins if path in others), None)
    if not alike and (tensor.lacks or twin is not None):
        reason = tensor.lacks or f"the same tensor as {twin}, which the checkpoint holds once"
        pairs.left_out.append(LeftOut(tensor.path, side, reason))
        return
    pairs.both.append((tensor, None) if side == "a" else (None, tensor))
    (pairs.only_a if side == "a" else pairs.only_b).append(tensor.path)


def suggestion(pairs: Pairs) -> tuple[str, int] | None:
    """A `--rename` of A that would bring most names together, and how many of them; None without one."""
    only_a, only_b = set(pairs.only_a), set(pairs.only_b)
    taken = Counter(head for path in only_a for head, rest in _cuts(path) if rest in only_b)
    put = Counter(head for path in only_b for head, rest in _cuts(path) if rest in only_a)
    found = [(count, f"{head}=") for head, count in taken.items()]
    found += [(count, f"={head}") for head, count in put.items()]
    if not found:
        found = _swaps(only_a, only_b)
    count, rule = max(found, default=(0, ""))
    return (rule, count) if 2 * count > min(len(only_a), len(only_b)) else None


def _cuts(path: str) -> Iterable[tuple[str, str]]:
    """The first parts of a path and the rest: `a.` and `b.c`, then `a.b.` and `c`."""
    at = -1
    for _ in range(DEEPEST):
        at = path.find(".", at + 1)
        if at < 0:
            return
        yield path[: at + 1], path[at + 1 :]


def _swaps(only_a: set[str], only_b: set[str]) -> list[tuple[int, str]]:
    """Rules that put one first part in place of another."""
    heads: dict[str, set[str]] = {}
    for path in only_b:
        head, dot, rest = path.partition(".")
        if dot:
            heads.setdefault(rest, set()).add(head)
    counts: Counter[tuple[str, str]] = Counter()
    for path in only_a:
        head, dot, rest = path.partition(".")
        counts.update((head, other) for other in sorted(heads.get(rest, ()))[:DEEPEST] if dot)
    return [(count, f"{old}.={new}.") for (old, new), count in counts.items()]
