"""Rules of renaming that many names vote for: take away or put in some parts, or put others in their place.

Each name of the file is compared with the names of the network that are the same outside a hole of up to four parts;
what stands in the two holes is a rule, and the names that it brings together are its votes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .doubt import doubted
from .holes import Holes, RenameRule
from .names import NameParts, Shapes, Template, is_swapped, resized, templates_of, unfold

TRIED = 60
"""Rules that are tried in each turn, those with the most votes."""
SAMPLE = 4
"""Names of a template whose shapes are looked at while a rule is tried."""
_HALVES = {"weight_g", "weight_v", "original0", "original1", "weight_orig", "weight_mask", "original"}
"""What weight norm, spectral norm and pruning store instead of one tensor, which is computed of it."""
TURNS = 40
WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "base_layer")
"""What wrappers put into names, wherever they stand."""
CONTAINERS = ("state_dict", "model_state_dict", "model_state", "net", "network")
"""Names under which programs put the weights of a network into a file."""
COPIES = ("ema", "teacher", "momentum", "encoder_k", "average", "averaged", "shadow", "target")
"""Words of names of which another copy of the weights is the one that is meant."""


@dataclass(frozen=True)
class Win:
    """A rule that was taken, and what it brought."""

    rule: RenameRule
    names: int
    """How many names of the file it brought to names of the network, with the same shape."""
    against: int
    """How many it brought to a name of another shape."""
    rivals: tuple[str, ...]
    """What fits in the same places as well: `ema` where `model` was taken away."""

    @property
    def certain(self) -> bool:
        """Return whether nothing speaks against it: three names or more, no other shapes, no rival but a copy."""
        free = all(is_copy_name(rival) for rival in self.rivals) or self.rule.place == "everywhere"
        wrapper = not self.rule.new and all(part in (*WRAPPERS, *CONTAINERS) for part in self.rule.old)
        return (self.names >= 3 or wrapper) and self.against * 20 <= self.names and free


@lru_cache(maxsize=1 << 14)
def is_copy_name(text: str) -> bool:
    """Return whether a part of a name says that what is below is another copy of the weights: `ema`, `teacher`."""
    return any(word in text.lower() for word in COPIES)


class Vote:
    """The names of both sides while rules are found; `pairs` grows with each rule that is taken."""

    def __init__(self, network: Shapes, file: Shapes, open_network: Iterable[str], open_file: Iterable[str]) -> None:
        self.network, self.file = network, file
        self.pairs: dict[str, str] = {}
        """The name in the network of each name of the file that a rule brought there."""
        self.by_rule: dict[str, int] = {}
        """The index of the last rule for each of those names."""
        self.wins: list[Win] = []
        self.ours = templates_of(open_network)
        self.theirs: list[tuple[NameParts, Template]] = [
            (each.parts, each) for each in templates_of(open_file).values()
        ]
        """The templates of the file, each with the parts that it has after the rules so far."""
        self._all_ours = templates_of(network)
        self._all_theirs = {parts: (parts, each) for parts, each in templates_of(file).items()}
        """The same with the names that are paired already."""
        self._refused: set[RenameRule] = set()

    def run(self) -> None:
        """Take the best rule, again and again, until none is left that brings more than it breaks."""
        for _ in range(TURNS):
            if not self.theirs or not self.ours:
                return
            best = self._best()
            if best is None:
                return
            if not self._take(best):
                self._refused.add(best.rule)

    def _best(self) -> Win | None:
        holes = Holes(self.ours.values(), self.theirs, self.network, self.file)
        ranked = [rule for rule, _ in holes.votes.most_common(TRIED)]
        present = {part for parts, _ in self.theirs for part in parts}
        ranked += [RenameRule((word,), (), "everywhere") for word in WRAPPERS if word in present]
        found: list[tuple[float, bool, int, bool, int, Win]] = []
        for at, rule in enumerate(ranked):
            hits, against = self._try(rule, SAMPLE)
            if hits <= against or rule in self._refused or _forbidden(rule):
                continue
            rivals, places = holes.rivals(rule)
            if rule.old and rule.new and 2 * sum(rivals.values()) > places:
                continue
            often = tuple(rival for rival, count in rivals.items() if 5 * count >= places)
            win = Win(rule, hits, against, often)
            size = len(rule.old) + len(rule.new)
            copy = any(map(is_copy_name, rule.old))
            found.append((hits - 2 * against, not copy, -size, rule.place == "front", -at, win))
        return max(found)[-1] if found else None

    def _try(self, rule: RenameRule, sample: int) -> tuple[int, int]:
        """Return how many names the rule brings to one of the same shape, and of another; judged by a sample."""
        hits = against = 0
        seen: set[NameParts] = {parts for parts, _ in self.theirs}
        for parts, theirs in self.theirs:
            after = rule(parts)
            if after == parts:
                continue
            ours = self.ours.get(after)
            if ours is None or after in seen:
                continue
            seen.add(after)
            shared = [numbers for numbers in theirs.members if numbers in ours.members]
            agreeing = shared if len(shared) <= sample else shared[:: max(1, len(shared) // sample)]
            good = bad = 0
            for numbers in agreeing:
                a, b = self.file[theirs.members[numbers]], self.network[ours.members[numbers]]
                good += a == b
                bad += a != b and not is_swapped(a, b) and not resized(a, b)
            if agreeing:
                hits += good * len(shared) // len(agreeing)
                against += bad * len(shared) // len(agreeing)
        return hits, against

    def _fits(self, theirs: str, ours: str) -> bool:
        a, b = self.file[theirs], self.network[ours]
        return a == b or is_swapped(a, b)

    def _take(self, win: Win) -> bool:
        """Apply a rule; return False, with nothing changed, where all names that it brings together are doubted."""
        rule, index = win.rule, len(self.wins)
        after_rule = {template.parts: (rule(parts), template) for parts, template in self.theirs}
        everything = [
            (after_rule[parts][0] if parts in after_rule else now, template)
            for parts, (now, template) in self._all_theirs.items()
        ]
        doubtful = doubted(self._all_ours, everything, self.network, self.file)
        met = {parts for parts, _ in after_rule.values() if parts in self.ours}
        if met <= doubtful:
            return False
        hits = against = 0
        left: list[tuple[NameParts, Template]] = []
        changed = sum(after != parts for parts, (after, _) in after_rule.items())
        # what the ends of a few names become is not said of all others that end so
        everywhere = rule.place != "end" or 2 * len(met) >= changed
        for parts, theirs in self.theirs:
            after = rule(parts)
            ours = self.ours.get(after) if after != parts and after not in doubtful else None
            if ours is None and not everywhere:
                after = parts
            self._all_theirs[theirs.parts] = (after, self._all_theirs[theirs.parts][1])
            if ours is None:
                left.append((after, theirs))
                continue
            for numbers in [each for each in theirs.members if each in ours.members]:
                name = theirs.members.pop(numbers)
                target = ours.members.pop(numbers)
                fits = self._fits(name, target)
                hits += fits
                against += not fits and not resized(self.file[name], self.network[target])
                self.pairs[name], self.by_rule[name] = target, index
            if not ours.members:
                del self.ours[after]
            if theirs.members:
                left.append((after, theirs))
        self.theirs = left
        self.wins.append(Win(rule, hits, against, win.rivals))
        return True

    def renamed(self) -> dict[str, str]:
        """Return what is left of the file: the name after the rules of each name before them."""
        return {
            name: unfold(parts, numbers)
            for parts, template in self.theirs
            for numbers, name in template.members.items()
        }  # fmt: skip


def _forbidden(rule: RenameRule) -> bool:
    """Return whether a rule makes a weight of a bias, or takes half of a weight that is stored as two."""
    old, new = rule.old[-1:], rule.new[-1:]
    if {old, new} == {("weight",), ("bias",)}:
        return True
    return rule.place == "end" and ("weight",) in (old, new) and bool({*old, *new} & _HALVES)
