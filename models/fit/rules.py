"""Rules that say in a few lines what hundreds of pairs of names have in common: `layers.{n}.` becomes `blocks.{n-1}.`.

A pair's names are compared part by part; each stretch that differs is a rule, with as many parts around it as are
needed that it is wrong for no other pair.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from .links import Certainty, Link, worst
from .names import NUMBER, NameParts, fold_numbers
from .votes import CONTAINERS, WRAPPERS

_TRIED = 500_000
"""Names for which rules are tried; beyond that each is a rule of its own."""
_PUT_BEFORE = frozenset((*WRAPPERS, *CONTAINERS))
_CONTEXT = 3
"""Parts around a stretch that are taken into its rule, at most, before it becomes the whole name."""
_ONE_STRETCH = 2
"""Parts between the first and the last difference up to which they are one stretch."""
_LETTERS = "nmkijabcdefgh"


@dataclass(slots=True)
class TemplatePairs:
    """The pairs of names that have one template each: what becomes of `layers.#.wq.weight`."""

    old: NameParts
    new: NameParts
    """Numbers as `#`, `#-1` or `#+1` where they are those of `old` in turn, otherwise as they are."""
    links: list[Link] = field(default_factory=list)

    @property
    def certainty(self) -> Certainty:
        """Return the least certain of its links."""
        return worst(*{link.certainty for link in self.links})


@dataclass(frozen=True)
class PartRule:
    """Parts `old` become `new`, at the front, at the end, or in the middle of a name."""

    old: NameParts
    new: NameParts
    front: bool
    end: bool

    def places(self, parts: NameParts) -> list[int]:
        """Return where in a name the rule would apply."""
        size = len(self.old)
        if self.front:
            return [0] if parts[:size] == self.old and (not self.end or len(parts) == size) else []
        last = len(parts) - size
        if self.end:
            return [last] if last > 0 and parts[last:] == self.old else []
        return [at for at in range(1, last) if parts[at : at + size] == self.old]

    def texts(self) -> tuple[str, str]:
        """Return both sides as text, numbers as `{n}`; a dot where names go on."""
        lead, tail = "" if self.front else ".", "" if self.end else "."
        empty = "" if self.front or self.end else "."
        old, new = _lettered(self.old, self.new)
        return f"{lead}{old}{tail}" if old else empty, f"{lead}{new}{tail}" if new else empty


def changes_of(links: Iterable[Link]) -> list[TemplatePairs]:
    """Return the links of one tensor with one, grouped by what becomes of the names."""
    found: dict[tuple[NameParts, NameParts], TemplatePairs] = {}
    for link in links:
        if len(link.file) == len(link.network) == 1:
            old, new = change_key(link.file[0], link.network[0])
            change = found.get((old, new))
            if change is None:
                change = found[old, new] = TemplatePairs(old, new)
            change.links.append(link)
    return _told_apart(list(found.values()))


def _told_apart(changes: list[TemplatePairs]) -> list[TemplatePairs]:
    """Return the changes, name by name where one template becomes several: its numbers do not shift by the same."""
    counts = Counter(change.old for change in changes)
    result = []
    for change in changes:
        if counts[change.old] == 1:
            result.append(change)
            continue
        for link in change.links:
            old, new = link.file[0], link.network[0]
            result.append(TemplatePairs(tuple(old.split(".")), tuple(new.split(".")), [link]))
    return result


def change_key(file: str, network: str) -> tuple[NameParts, NameParts]:
    """Return the templates of a pair of names; those of the network's numbers that shift are `#-1`, `#+2`."""
    old, before = fold_numbers(file)
    new, after = fold_numbers(network)
    if before == after:
        return old, new
    plain = all(a == b or (str(int(a)) == a and str(int(b)) == b) for a, b in zip(before, after, strict=False))
    if len(before) != len(after) or not plain:
        return tuple(file.split(".")), tuple(network.split("."))
    shifts = iter([int(b) - int(a) for a, b in zip(before, after, strict=True)])
    shifted = [f"{NUMBER}{shift:+d}" if part == NUMBER and (shift := next(shifts)) else part for part in new]
    return old, tuple(shifted)


def rules_of(changes: Sequence[TemplatePairs]) -> list[tuple[PartRule, list[TemplatePairs]]]:
    """Return the rules that make all changes, each with the changes that it takes part in; to be applied in turn.

    What a wrapper put before all names is taken away first; then the most used come first.
    """
    head = _wrapper(changes)
    if head:
        within = [TemplatePairs(change.old[len(head) :], change.new, change.links) for change in changes]
        inner = rules_of(within)
        if inner and inner[0][0].front and not inner[0][0].end and len(inner[0][1]) == len(changes):
            rule = inner.pop(0)[0]  # of all names too: one rule with the wrapper
            return [(PartRule(head + rule.old, rule.new, front=True, end=False), list(changes)), *inner]
        return [(PartRule(head, (), front=True, end=False), list(changes)), *inner]
    found: dict[PartRule, list[TemplatePairs]] = defaultdict(list)
    by_part: dict[str, list[TemplatePairs]] = defaultdict(list)
    for change in changes:
        for part in set(change.old):
            by_part[part].append(change)
    valid: dict[PartRule, bool] = {}
    left = _TRIED
    for change in changes:
        for at, end, b_at, b_end in _stretches(change.old, change.new):
            for rule in _contexts(change, at, end, b_at, b_end):
                known = valid.get(rule)
                if known is None:
                    asked = min((by_part[part] for part in rule.old), key=len, default=changes)
                    left -= len(asked)
                    known = valid[rule] = left > 0 and all(_does(rule, each) for each in asked)
                if known:
                    break
            found[rule].append(change)
    return sorted(found.items(), key=lambda each: -sum(len(change.links) for change in each[1]))


def _wrapper(changes: Sequence[TemplatePairs]) -> NameParts:
    """Return the parts before all names that a wrapper, or a program that saves, puts there; () for none."""
    if not changes:
        return ()
    first = min((change.old for change in changes), key=len)
    size = 0
    while size < len(first) - 1 and first[size] in _PUT_BEFORE and all(c.old[size] == first[size] for c in changes):
        size += 1
    return () if any(change.new[:1] == first[:1] for change in changes) else first[:size]


@lru_cache(maxsize=20_000)
def _stretches(old: NameParts, new: NameParts) -> list[tuple[int, int, int, int]]:
    front = 0
    while front < min(len(old), len(new)) and old[front] == new[front]:
        front += 1
    back = 0
    while back < min(len(old), len(new)) - front and old[-1 - back] == new[-1 - back]:
        back += 1
    if max(len(old), len(new)) - front - back <= _ONE_STRETCH:
        return [(front, len(old) - back, front, len(new) - back)] if old != new else []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found = [(a, b, c, d) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]
    gone = {part for a, b, _, _ in found for part in old[a:b]}
    moved = any(part in gone for _, _, c, d in found for part in new[c:d])
    if moved and NUMBER not in old[found[0][0] : found[-1][1]]:  # a part that changed its place: one stretch
        return [(found[0][0], found[-1][1], found[0][2], found[-1][3])]
    return found


def _contexts(change: TemplatePairs, at: int, end: int, b_at: int, b_end: int) -> Iterable[PartRule]:
    """Yield the rule of a stretch with ever more parts around it, the whole name last."""
    old, new = change.old, change.new
    size, b_size = len(old), len(new)
    for around in range(_CONTEXT + 1):
        for left in range(around, -1, -1):
            right = around - left
            if left > min(at, b_at) or right > min(size - end, b_size - b_end):
                continue
            a, b, c, d = at - left, end + right, b_at - left, b_end + right
            if old[a:at] != new[c:b_at] or old[end:b] != new[b_end:d]:
                continue
            rule = PartRule(old[a:b], new[c:d], front=a == 0 and c == 0, end=b == size and d == b_size)
            if around < _CONTEXT and rule.old and all(part == NUMBER for part in rule.old):
                continue  # a number without a word beside it says nothing of what is counted
            if (rule.old or rule.front or rule.end) and rule.old.count(NUMBER) == sum(
                part.startswith(NUMBER) for part in rule.new
            ):
                yield rule
    yield PartRule(old, new, front=True, end=True)


def _does(rule: PartRule, change: TemplatePairs) -> bool:
    """Return whether the rule is right for a change: it does not apply, or does a part of what becomes of the name."""
    places = rule.places(change.old)
    if not places:
        return True
    at, end = places[0], places[0] + len(rule.old)
    for start in range(len(change.new) - len(rule.new) + 1):
        stop = start + len(rule.new)
        if change.new[start:stop] != rule.new or (rule.front and start) or (rule.end and stop < len(change.new)):
            continue
        for a, b, c, d in _stretches(change.old, change.new):
            if at <= a and b <= end and start <= c and d <= stop:
                return True
    return False


def _lettered(old: NameParts, new: NameParts) -> tuple[str, str]:
    letters = iter(_LETTERS)
    named = [next(letters, "x") if part == NUMBER else "" for part in old]
    left = ".".join(f"{{{letter}}}" if letter else part for letter, part in zip(named, old, strict=True))
    again = iter([letter for letter in named if letter])
    right = ".".join(
        f"{{{next(again, 'x')}{part[1:]}}}" if part.startswith(NUMBER) else part for part in new
    )  # fmt: skip
    return left, right
