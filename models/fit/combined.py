"""Weights that one side has in one and the other in several: q, k and v in one matrix, all experts in one tensor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .links import How
from .names import NUMBER, NameParts
from .units import Unit
from .words import words_of, words_of_part

FUSED = (("q", "k", "v"), ("gate", "q", "k", "v"), ("gate", "up"), ("k", "v"), ("q", "k"))
"""What is put together along the first dimension, in this order."""


@dataclass(frozen=True, slots=True)
class Combination:
    """A unit that is made of several of the other side."""

    whole: Unit
    parts: tuple[Unit, ...]
    """In the order in which they are put together."""
    how: How
    """`fuse`, `stack` or `fuse_stack`, whichever side has the whole."""
    sure: bool
    """Whether no other would do as well, by shapes and words."""
    transposed: bool = False
    """Whether the two dimensions of the one side are those of the other swapped."""


def combinations(wholes: Sequence[Unit], others: Sequence[Unit]) -> list[Combination]:
    """Return the units of one side that are made of several of the other; each unit is in one at most.

    Args:
        wholes: the units of the one side that have no partner of their own shape.
        others: all units of the other side that have none yet.
    """
    if len(wholes) * len(others) > _MOST_PAIRS:
        return []
    found = [*_fused(wholes, others), *_named(wholes, others), *_stacked(wholes, others)]
    del found[_MOST:]
    order = {unit: at / max(len(units), 1) for units in (wholes, others) for at, unit in enumerate(units)}
    scored = [(_likeness(each), -abs(order[each.whole] - order[each.parts[0]]), each) for each in found]
    scored.sort(key=lambda each: each[:2], reverse=True)
    taken: set[Unit] = set()
    chosen = []
    for score, _, each in scored:
        if each.whole in taken or any(part in taken for part in each.parts):
            continue
        taken.update((each.whole, *each.parts))
        rivals = [
            other
            for other, _, rival in scored
            if rival is not each
            and (rival.whole is each.whole) != (rival.parts[0] is each.parts[0])
            and rival.whole.shape == each.whole.shape
        ]
        chosen.append(
            Combination(each.whole, each.parts, each.how, score - max(rivals, default=-9.0) > _CLOSE, each.transposed)
        )
    return chosen


_MOST_PAIRS, _MOST = 300_000, 1_000
"""Pairs of units that are compared, and combinations that are weighed, at most."""
_CLOSE = 0.05
"""By how much the words of one must be more alike than those of another."""


def _likeness(each: Combination) -> float:
    """Return how many words the whole and its parts share, from 0 to 1, and whether they stand in as many blocks."""
    a, b = words_of(each.whole.parts), words_of(tuple(part for unit in each.parts for part in unit.parts))
    shared = 2 * len(a & b) / max(len(a) + len(b), 1)
    blocks = each.whole.folds == each.parts[0].folds[: len(each.whole.folds)]
    return shared + 0.3 * blocks + 0.05 * len(each.parts)


def _fused(wholes: Sequence[Unit], others: Sequence[Unit]) -> Iterator[Combination]:
    """Yield the wholes whose first dimension is the sum of those of parts of one module, which words name."""
    by_container: dict[tuple[NameParts, int, frozenset[str]], dict[str, Unit]] = defaultdict(dict)
    for unit in others:
        words = frozenset(words_of_part(unit.parts[-1]))
        roles = words & _ROLES
        # `q_norm` is no `q`, `shared_expert_gate` no `gate`
        if len(roles) == 1 and not words & {"norm", "shared", "experts", "a", "b", "lora"}:
            alike = (words - roles) & {"conv"}
            by_container[unit.parts[:-1], unit.count, alike].setdefault(next(iter(roles)), unit)
    by_count: dict[int, list[dict[str, Unit]]] = defaultdict(list)
    for (_, count, _), units in by_container.items():
        by_count[count].append(units)
    for whole in wholes:
        own = _role(whole) & _OF_ONE
        for units in by_count[whole.count]:
            for order in FUSED:
                if own <= set(order) and all(role in units for role in order):  # `o_proj` is no gate and up
                    parts = tuple(units[role] for role in order)
                    if _adds_up(whole, parts):
                        yield Combination(whole, parts, "fuse", sure=False)
                        break
                    if _adds_up(whole, parts, transposed=True):
                        yield Combination(whole, parts, "fuse", sure=False, transposed=True)
                        break


_OF_ONE = frozenset(("q", "k", "v", "gate", "up", "down", "out"))
_ROLES = frozenset(("q", "k", "v", "gate", "up"))


def _named(wholes: Sequence[Unit], others: Sequence[Unit]) -> Iterator[Combination]:
    """Yield the wholes that are all that bears their name with more behind: `in_proj` of `in_proj_a`, `in_proj_b`."""
    by_container: dict[tuple[NameParts, int], list[Unit]] = defaultdict(list)
    for unit in others:
        by_container[unit.parts[:-1], unit.count].append(unit)
    for whole in wholes:
        head = f"{whole.parts[-1]}_"
        for (_, count), units in by_container.items():
            parts = tuple(unit for unit in units if unit.parts[-1].startswith(head))
            if count == whole.count and len(parts) > 1 and _adds_up(whole, parts):
                yield Combination(whole, parts, "fuse", sure=False)


def _adds_up(whole: Unit, parts: Sequence[Unit], *, transposed: bool = False) -> bool:
    """Return whether the first dimensions of the parts add up to that of the whole, which may be `transposed`."""
    for leaf, own in whole.leaves.items():
        shape = own[::-1] if transposed and len(own) == 2 else own
        shapes = [part.leaves[leaf] for part in parts if leaf in part.leaves]
        if len(shapes) != len(parts):
            if leaf == "weight":
                return False
            continue
        if not shape or any(not each or each[1:] != shape[1:] for each in shapes):
            return False
        if sum(each[0] for each in shapes) != shape[0]:
            return False
    return "weight" in whole.leaves


def _stacked(wholes: Sequence[Unit], others: Sequence[Unit]) -> Iterator[Combination]:
    """Yield the wholes whose first dimension counts numbered modules: experts, each a gate, an up and a down."""
    by_container: dict[tuple[NameParts, tuple[NameParts, ...]], list[Unit]] = defaultdict(list)
    for unit in others:
        if unit.folds:
            at = max(index for index, part in enumerate(unit.parts) if part == NUMBER)
            by_container[unit.parts[: at + 1], unit.folds].append(unit)
    for whole in wholes:
        shape = whole.shape
        if len(shape) not in (2, 3):
            continue
        for (_, folds), units in by_container.items():
            experts = len(folds[-1])
            if whole.count * experts != units[0].count:
                continue
            for unit in units:
                if _in_a_row(whole, unit, experts):
                    yield Combination(whole, (unit,), "fuse", sure=False)
            if shape[0] != experts:
                continue
            fitting = [unit for unit in units if unit.shape == shape[1:]]
            for unit in fitting:
                yield Combination(whole, (unit,), "stack", sure=False)
            if len(shape) == 3:
                gate_up = {role: unit for unit in units for role in ("gate", "up") if role in _role(unit)}
                if len(gate_up) == 2:
                    gate, up = gate_up["gate"], gate_up["up"]
                    if gate.shape == up.shape == (shape[1] // 2, shape[2]) and shape[1] % 2 == 0:
                        yield Combination(whole, (gate, up), "fuse_stack", sure=False)


def _in_a_row(whole: Unit, unit: Unit, experts: int) -> bool:
    """Return whether the whole has the rows of all experts, one after the other: `w1` of `experts.#.w1`."""
    rows = len(whole.shape) == len(unit.shape) == 2 and whole.shape == (experts * unit.shape[0], unit.shape[1])
    return rows and "experts" in words_of(unit.parts) and _role(whole) & _OF_ONE <= _role(unit)


def _role(unit: Unit) -> set[str]:
    return set(words_of_part(unit.parts[-1]))
