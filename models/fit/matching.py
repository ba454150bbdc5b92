"""Which unit of the file is which of the network: names and order first, then what the other units make of it.

Each pair of units that may be the same votes for its containers being the same, for the ends of its names, and for the
shift of its numbers; a few rounds of that, each more decided than the last (expectation maximisation).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import exp

from .likeness import Likeness
from .names import NUMBER, NameParts, Shape, is_number, is_swapped
from .units import Unit

_MOST_PAIRS = 40_000
"""Pairs of units of one shape that are compared."""
ROUNDS = 5
FIRST_BETA, LAST_BETA = 1.5, 6.0
"""How decided the first round is, and the last."""
SLIGHT = 0.03
"""Share below which a pair does not vote."""
CONTAINER, BLOCK, TOP, TAIL, END, TEMPLATE = 1.0, 0.8, 0.4, 1.2, 0.5, 0.8
"""What votes of each kind count for."""
CLOSE = 0.12
"""By how much a pair must be better than others, without the order, for its words to decide."""
_DIGITS = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Match:
    """A unit of the file that is one of the network."""

    their: Unit
    our: Unit
    margin: float
    """By how much it is better than what else either could be, without the order."""
    alone: bool
    """Whether no other unit has the shape, on either side."""


class _Pair:
    __slots__ = ("base", "keys", "order", "our", "score", "share", "their")

    def __init__(self, their: Unit, our: Unit, base: float, order: float) -> None:
        self.their, self.our, self.base, self.order = their, our, base, order
        self.score = base + order
        self.share = 0.0
        self.keys = _votes(their, our)


def shape_key(unit: Unit) -> Hashable:
    """Return what units must have in common to be the same: the shape, matrices either way around, and the parts of
    batch norm, spectral norm and weight norm."""
    shape: Shape = unit.shape
    computed = "weight_orig" in unit.leaves, "weight_v" in unit.leaves
    return (tuple(sorted(shape)) if len(shape) == 2 else shape, unit.normalises_batches, *computed)


def match_units(
    theirs: Sequence[Unit],
    ours: Sequence[Unit],
    *,
    ordered: bool | None,
    known: Iterable[tuple[NameParts, NameParts]] = (),
) -> list[Match]:
    """Return the matches of units, each in one at most.

    Args:
        ordered: whether both sides are in an order that means something; None leaves the order out.
        known: templates of names, of the file and of the network, that are the same for sure.
    """
    buckets: dict[Hashable, tuple[list[Unit], list[Unit]]] = defaultdict(lambda: ([], []))
    for side, units in enumerate((theirs, ours)):
        for unit in units:
            buckets[shape_key(unit)][side].append(unit)
    chosen = list(_small_ones(bucket for bucket in buckets.values() if bucket[0] and bucket[1]))
    if not chosen:
        return []
    likeness = Likeness(theirs, ours, ordered=ordered)
    pairs = [found for bucket in chosen if (found := _pairs(*bucket, likeness))]
    votes = _Votes(theirs, ours, known)
    for turn in range(ROUNDS):
        beta = FIRST_BETA + (LAST_BETA - FIRST_BETA) * turn / (ROUNDS - 1)
        for bucket in pairs:
            _share(bucket, beta)
        votes.count(pair for bucket in pairs for pair in bucket)
        for bucket in pairs:
            for pair in bucket:
                pair.score = pair.base + pair.order + votes.of(pair)
    return [match for bucket in pairs for match in _decided(bucket)]


def _small_ones(buckets: Iterable[tuple[list[Unit], list[Unit]]]) -> Iterable[tuple[list[Unit], list[Unit]]]:
    """Yield the buckets whose pairs can be compared, the smallest first, as many as time allows."""
    left = _MOST_PAIRS
    for theirs, ours in sorted(buckets, key=lambda bucket: len(bucket[0]) * len(bucket[1])):
        left -= len(theirs) * len(ours)
        if left < 0:
            return
        yield theirs, ours


def _pairs(theirs: list[Unit], ours: list[Unit], likeness: Likeness) -> list[_Pair]:
    places = [{unit: (at + 0.5) / len(units) for at, unit in enumerate(units)} for units in (theirs, ours)]
    return [
        _Pair(a, b, likeness.without_order(a, b), likeness.order((places[0][a], places[1][b])))
        for a in theirs
        for b in ours
        if a.count == b.count and may_be(a, b)
    ]


def may_be(their: Unit, our: Unit) -> bool:
    """Return whether all that both have is of the same shape, a matrix perhaps the other way around."""
    return all(
        shape == our.leaves[leaf] or is_swapped(shape, our.leaves[leaf])
        for leaf, shape in their.leaves.items()
        if leaf in our.leaves
    )


def _share(pairs: list[_Pair], beta: float) -> None:
    """Give each pair its share, so that those of one unit add up to one at most (Sinkhorn)."""
    top = max(pair.score for pair in pairs)
    for pair in pairs:
        pair.share = exp(max(beta * (pair.score - top), -30.0))
    for _ in range(4):
        for side in ("their", "our"):
            sums: dict[Unit, float] = defaultdict(float)
            for pair in pairs:
                sums[getattr(pair, side)] += pair.share
            for pair in pairs:
                pair.share /= sums[getattr(pair, side)]


def _votes(their: Unit, our: Unit) -> tuple[tuple[str, Hashable, Hashable], ...]:
    """Return what a pair votes for: of each kind what of the file's name is what of the network's."""
    a, b = their.parts, our.parts
    block_a, block_b = _block(a), _block(b)
    return (
        ("container", a[:-1], b[:-1]),
        ("block", a[:block_a], b[:block_b]),
        ("top", a[:1], b[:1]),
        ("tail", a[block_a:], b[block_b:]),
        ("end", a[-1], b[-1]),
        ("template", *_shifted(a, b)),
    )


_WEIGHTS = {"container": CONTAINER, "block": BLOCK, "top": TOP, "tail": TAIL, "end": END, "template": TEMPLATE}


def _block(parts: NameParts) -> int:
    """Return up to where a path is that of its block: behind its last number."""
    for at in range(len(parts) - 1, -1, -1):
        if parts[at] == NUMBER or is_number(parts[at]):
            return min(at + 1, len(parts) - 1)
    return 0


def _shifted(a: NameParts, b: NameParts) -> tuple[Hashable, Hashable]:
    """Return both paths with all digits as `#`, that of the network with the shift of each of its numbers."""
    left, right = ".".join(a), ".".join(b)
    before, after = _DIGITS.findall(left), _DIGITS.findall(right)
    shifts = tuple(int(y) - int(x) for x, y in zip(before, after, strict=False)) if len(before) == len(after) else ()
    return _DIGITS.sub(NUMBER, left), (_DIGITS.sub(NUMBER, right), shifts)


class _Votes:
    def __init__(
        self, theirs: Sequence[Unit], ours: Sequence[Unit], known: Iterable[tuple[NameParts, NameParts]]
    ) -> None:
        self._sums: dict[tuple[str, Hashable, Hashable], float] = {}
        self._known: Counter[tuple[str, Hashable, Hashable]] = Counter()
        self._a = self._sizes(unit.parts for unit in theirs)
        self._b = self._sizes(unit.parts for unit in ours)
        for a, b in known:
            for key in (("container", a, b), ("block", a[: _block(a)], b[: _block(b)]), ("top", a[:1], b[:1])):
                self._known[key] += 1
                self._a[key[:2]] += 1
                self._b[key[0], key[2]] += 1

    @staticmethod
    def _sizes(paths: Iterable[NameParts]) -> Counter[tuple[str, Hashable]]:
        sizes: Counter[tuple[str, Hashable]] = Counter()
        for parts in paths:
            block = _block(parts)
            sizes["container", parts[:-1]] += 1
            sizes["block", parts[:block]] += 1
            sizes["top", parts[:1]] += 1
            sizes["tail", parts[block:]] += 1
            sizes["end", parts[-1]] += 1
            sizes["template", _DIGITS.sub(NUMBER, ".".join(parts))] += 1
        return sizes

    def count(self, pairs: Iterable[_Pair]) -> None:
        sums: dict[tuple[str, Hashable, Hashable], float] = defaultdict(float, self._known)
        for pair in pairs:
            if pair.share > SLIGHT:
                for key in pair.keys:
                    sums[key] += pair.share
        self._sums = sums

    def of(self, pair: _Pair) -> float:
        """Return what the votes of all pairs add to one."""
        total = 0.0
        for key in pair.keys:
            found = self._sums.get(key, 0.0)
            if found:
                right = key[2][0] if key[0] == "template" else key[2]  # type: ignore[index]
                total += _WEIGHTS[key[0]] * found / max(self._a[key[0], key[1]], self._b[key[0], right])
        return total


def _decided(pairs: list[_Pair]) -> list[Match]:
    """Return the best pairs, each unit in one."""
    by_their: dict[Unit, list[_Pair]] = defaultdict(list)
    by_our: dict[Unit, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        by_their[pair.their].append(pair)
        by_our[pair.our].append(pair)
    found: list[Match] = []
    taken: set[Unit] = set()
    for pair in sorted(pairs, key=lambda each: -each.score):
        if pair.their in taken or pair.our in taken:
            continue
        taken.update((pair.their, pair.our))
        names_alone = pair.score - pair.order
        others = [each.score - each.order for each in (*by_their[pair.their], *by_our[pair.our]) if each is not pair]
        alone = len(by_their) == len(by_our) == 1
        found.append(Match(pair.their, pair.our, names_alone - max(others, default=-9.0), alone))
    return found
