"""What differs in each module: its tensors taken together.  Must not import torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..checkpoint.nesting import DEPTH_LIMIT, split_name
from .difference import ALIKE, Difference, ElementComparison
from .pairing import Pairs
from .sums import Squares, Sum
from .tensors import Comparable

_NO_CHANGE = (*ALIKE, "unreadable")
MeasureSquares = Callable[[Comparable], Sum | None]
"""Returns the sum of the squares of a tensor's finite elements; None where it cannot be read."""


@dataclass(slots=True, eq=False)
class ModuleChange:
    """The differences of all tensors in a module, at any depth."""

    path: str
    """The path in the names that were compared; empty for the root."""
    above: ModuleChange | None
    """The module that it is in; None for the root."""
    tensors: int = 0
    """How many tensors are in it, on either side, each under each of its names."""
    changed: int = 0
    """How many of them differ: neither equal nor close."""
    nonfinite: int = 0
    """How many elements differ of which one is NaN or infinite."""
    max_abs: float | None = None
    """The largest `|a - b|` of the elements that are finite in both; None without any."""
    of_state: bool = True
    """Whether all belong to an optimizer or the like."""
    squares: Squares = field(default_factory=lambda: Squares(Sum(), Sum()))
    """Sums over its tensors that have one shape on both sides; one with several names counts once."""
    unread: bool = False
    """Whether a tensor could not be read again, so that the sum of A lacks it."""

    @property
    def relative_l2(self) -> float | None:
        """Return `‖a - b‖₂ / ‖a‖₂` of its tensors as one vector; None where it is not known, or `a` is all zeros."""
        if self.max_abs is None or (self.unread and self.squares.apart.value):
            return None
        return self.squares.relative_l2()

    def add(self, other: ModuleChange) -> None:
        """Add what some of its tensors amount to."""
        self.tensors += other.tensors
        self.changed += other.changed
        self.of_state = self.of_state and other.of_state
        self.unread = self.unread or other.unread
        self._add_sums(other.nonfinite, other.max_abs, other.squares)

    def add_numbers(self, numbers: ElementComparison) -> None:
        """Add the numbers of one of its tensors."""
        self._add_sums(numbers.nonfinite, numbers.max_abs, numbers.squares)

    def _add_sums(self, nonfinite: int, max_abs: float | None, squares: Squares | None) -> None:
        self.nonfinite += nonfinite
        if max_abs is not None and (self.max_abs is None or max_abs > self.max_abs):
            self.max_abs = max_abs
        if squares is not None:
            self.squares.a.add(squares.a.value, squares.a.exponent)
            if squares.apart.value:
                self.squares.apart.add(squares.apart.value, squares.apart.exponent)

    @property
    def size(self) -> tuple[bool, bool, float, float, int]:
        """Return a key that sorts the most changed first, an optimizer's state last."""
        relative = self.squares.relative_l2()
        relative = math.inf if relative is None else relative
        return (self.of_state, not self.nonfinite, -relative, -(self.max_abs or 0.0), -self.changed)


class ModuleChanges:
    """The modules that tensors are in: the root, and what the names of tensors have before their last dot."""

    def __init__(self, pairs: Pairs) -> None:
        """Prepare for the differences of these pairs."""
        self._compared = {a.path: (a, b) for a, b in pairs.both if a is not None and b is not None}
        self._modules = {"": ModuleChange("", None)}
        self._chains: dict[str, list[ModuleChange]] = {}
        """Of the paths of modules the module and those that it is in, the root last."""
        self._added: set[str] = set()
        """Of the tensors with several names those names that were added."""
        self._unmeasured: list[tuple[Comparable, list[ModuleChange]]] = []

    @property
    def modules(self) -> list[ModuleChange]:
        """Return every module, each before those in it, otherwise in the order of the tensors."""
        return list(self._modules.values())

    def find(self, path: str) -> ModuleChange | None:
        """Return what is known of a module; None while nothing in it is."""
        return self._modules.get(path)

    def add(self, difference: Difference) -> None:
        """Count a difference in every module that its tensor is in."""
        self.add_all((difference,))

    def add_all(self, differences: Iterable[Difference]) -> None:
        """Count differences in every module that their tensors are in."""
        fresh: dict[str, tuple[ModuleChange, list[ModuleChange]]] = {}
        for difference in differences:
            own = _own_module(difference.path)
            found = fresh.get(own)
            if found is None:
                found = fresh[own] = ModuleChange(own, None), self._around(own)
            sums, around = found
            sums.tensors += 1
            if difference.status not in _NO_CHANGE:
                sums.changed += 1
            if not difference.of_state:
                sums.of_state = False
            if difference.comparison is not None:
                self._add_numbers(difference.path, difference.comparison, sums, around)
        _spread(fresh.values())

    def _add_numbers(
        self, path: str, numbers: ElementComparison, sums: ModuleChange, around: list[ModuleChange]
    ) -> None:
        a, b = self._compared[path]
        if a.twins and b.twins:  # in some modules it may be counted under another of its names
            known = self._counted(path, a.twins, b.twins)
            around = [each for each in around if each not in known]
            for module in around:
                module.add_numbers(numbers)
        else:
            sums.add_numbers(numbers)
        if numbers.squares is None and numbers.values == "equal" and not a.readable.absence[1]:
            self._unmeasured.append((a, around))  # what is stored in parts may be equal and have no numbers

    def measure_rest(self, measure: MeasureSquares) -> None:
        """Add the sums of tensors whose bytes were found equal before anything differed; they are read again.

        Nothing is read where no number differs: every relative difference is 0 then.
        """
        if not self._modules[""].squares.apart.value:
            return
        for tensor, modules in self._unmeasured:
            found = measure(tensor)
            for module in modules:
                if found is None:
                    module.unread = True
                else:
                    module.squares.a.add(found.value, found.exponent)
        self._unmeasured.clear()

    def _around(self, own: str) -> list[ModuleChange]:
        """Return a module and those that it is in, the root last."""
        found = self._chains.get(own)
        if found is None:
            module: ModuleChange | None = self._module(own)
            found = self._chains[own] = []
            while module is not None:
                found.append(module)
                module = module.above
        return found

    def _module(self, path: str) -> ModuleChange:
        found = self._modules.get(path)
        if found is None:
            above = self._module(path.rpartition(".")[0])
            found = self._modules[path] = ModuleChange(path, above)
        return found

    def _counted(self, path: str, twins: Sequence[str], of_b: Sequence[str]) -> set[ModuleChange]:
        """Return the modules in which the numbers of this tensor were counted under another of its names."""
        self._added.add(path)
        others = [twin for twin in twins if twin != path and twin in of_b and twin in self._added]
        return {module for other in others for module in self._around(_own_module(other))}


def _spread(fresh: Iterable[tuple[ModuleChange, list[ModuleChange]]]) -> None:
    """Add sums to modules and to those that they are in, the innermost first: to each module but once."""
    levels: dict[int, dict[ModuleChange, ModuleChange]] = {}
    for sums, around in fresh:
        levels.setdefault(len(around), {})[around[0]] = sums
    for depth in range(max(levels, default=0), 0, -1):
        outer = levels.setdefault(depth - 1, {})
        for module, sums in levels.get(depth, {}).items():
            module.add(sums)
            if module.above is None:
                continue
            if (known := outer.get(module.above)) is None:
                outer[module.above] = sums  # which nothing else reads any more
            else:
                known.add(sums)


def _own_module(path: str) -> str:
    """Return the path of the module that a tensor is in itself."""
    if path.count(".") < DEPTH_LIMIT:
        return path.rpartition(".")[0]
    return path[: -len(split_name(path)[-1]) - 1]


def most_changed(modules: Sequence[ModuleChange], count: int) -> list[ModuleChange]:
    """Return modules apart from each other that tell where a model changed, the most changed first.

    Beginning with the root, the most changed module gives way to the changed modules in it, until there are `count` or
    more, or none has any.
    """
    inner: dict[str, list[ModuleChange]] = {}
    for module in modules:
        if module.changed and module.above is not None:
            inner.setdefault(module.above.path, []).append(module)
    found = [module for module in modules[:1] if module.changed]
    while len(found) < count:
        outer = min((module for module in found if module.path in inner), key=lambda each: each.size, default=None)
        if outer is None:
            break
        found.remove(outer)
        found += inner[outer.path]
    return sorted(found, key=lambda each: each.size)
