"""Pairs of tensors of two sources, by name after renaming, and suggestions of renaming.  Must not import torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Literal

from ..tree.globs import Rename
from .difference import NotCompared
from .tensors import Comparable

DEPTH_LIMIT = 4
"""Parts of a name up to which a prefix is tried as a renaming."""


class NamesClash(Exception):
    """Renaming gives two tensors one name; the text names them."""


@dataclass(slots=True)
class Pairs:
    """The pairs of tensors that are compared, in the order of A and then of B."""

    both: list[tuple[Comparable | None, Comparable | None]] = field(default_factory=list)
    """Each pair; None where a source has no tensor of the name."""
    left_out: list[NotCompared] = field(default_factory=list)
    common: int = 0
    """How many names both sources have."""
    only_a: list[str] = field(default_factory=list)
    """Names that only A has."""
    only_b: list[str] = field(default_factory=list)
    """Names that only B has."""
    unused: list[str] = field(default_factory=list)
    """Rules of renaming that fit no tensor, as the user wrote them."""


def rename(tensors: Iterable[Comparable], rules: Sequence[Rename]) -> list[int]:
    """Rename the paths of tensors by every rule in turn; return the indices of the rules that fit none.

    Raises:
        NamesClash: two tensors get one name.
    """
    known: dict[str, str] = {}
    unused = dict.fromkeys(range(len(rules)))
    for tensor in tensors:
        for at, rule in enumerate(rules):
            if at in unused and rule.fits(tensor.path):
                del unused[at]
            tensor.path = rule(tensor.path)
            tensor.twins = tuple(map(rule, tensor.twins))
        before = known.setdefault(tensor.path, tensor.side.path)
        if before != tensor.side.path:
            raise NamesClash(f"renaming gives {before!r} and {tensor.side.path!r} one name: {tensor.path!r}")
    return list(unused)


def pair(a: Sequence[Comparable], b: Sequence[Comparable], alike: bool, match: Callable[[str], bool]) -> Pairs:
    """Return the pairs of tensors of one path, of those paths that `match`.

    `alike`: both sources are of one kind, so that each may have whatever the other has; otherwise tensors that one kind
    cannot have are left out.
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
    # a file may hold a tensor under one name alone, where another file or a network has two
    if (not alike and tensor.lacks) or (twin is not None and alike == tensor.stored):
        reason = "" if alike else tensor.lacks
        reason = reason or f"tied to {twin}, which the other holds once"
        pairs.left_out.append(NotCompared(tensor.path, side, reason))
        return
    pairs.both.append((tensor, None) if side == "a" else (None, tensor))
    (pairs.only_a if side == "a" else pairs.only_b).append(tensor.path)


def suggestion(pairs: Pairs) -> tuple[str, int] | None:
    """Return the `--rename` of A that pairs the most names, and how many; None where none pairs more than half.

    Of two that pair as many it is the one whose tensors come first: the network's, not its averages.
    """
    only_a, only_b = dict.fromkeys(pairs.only_a), dict.fromkeys(pairs.only_b)
    taken = Counter(head for path in only_a for head, rest in _cuts(path) if rest in only_b)
    put = Counter(head for path in only_b for head, rest in _cuts(path) if rest in only_a)
    found = [(count, f"{head}=") for head, count in taken.items()]
    found += [(count, f"={head}") for head, count in put.items()]
    if not found:
        found = _swaps(only_a, only_b)
    count, rule = max(found, key=itemgetter(0), default=(0, ""))
    return (rule, count) if 2 * count > min(len(only_a), len(only_b)) else None


def _cuts(path: str) -> Iterable[tuple[str, str]]:
    """Yield the first parts of a path and the rest: `a.` and `b.c`, then `a.b.` and `c`."""
    at = -1
    for _ in range(DEPTH_LIMIT):
        at = path.find(".", at + 1)
        if at < 0:
            return
        yield path[: at + 1], path[at + 1 :]


def _swaps(only_a: Iterable[str], only_b: Iterable[str]) -> list[tuple[int, str]]:
    """Return rules that replace the first part of names by another, and how many names each would pair."""
    heads: dict[str, dict[str, None]] = {}
    for path in only_b:
        head, dot, rest = path.partition(".")
        if dot:
            heads.setdefault(rest, {})[head] = None
    counts: Counter[tuple[str, str]] = Counter()
    for path in only_a:
        head, dot, rest = path.partition(".")
        counts.update((head, other) for other in islice(heads.get(rest, ()), DEPTH_LIMIT) if dot)
    return [(count, f"{old}.={new}.") for (old, new), count in counts.items()]
