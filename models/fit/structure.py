"""What the rules leave open, matched by structure: units of both sides, one or several, by shapes and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from .combined import Combination, combinations
from .counting import counted_together
from .links import Certainty, Link
from .matching import CLOSE, Match, match_units, shape_key
from .module_paths import module_paths
from .names import NameParts, Shape, Shapes, fold_numbers, is_swapped
from .units import Unit, units_of


class Structure:
    """The names that are open on both sides, and the links that are found among them.

    Three turns: equal blocks of one module each folded, those blocks parted as the other side has them, and what is
    left module by module.
    """

    def __init__(
        self, network: Shapes, file: Shapes, open_network: Iterable[str], open_file: Mapping[str, str]
    ) -> None:  # fmt: skip
        """Take what is open; `open_file` gives for each name of the file the one after the rules so far."""
        self.network, self.file = network, file
        self.links: list[Link] = []
        self._paths = module_paths(network)
        paths = module_paths(open_file.values())
        self._open_network = dict.fromkeys(open_network)
        self._open_file = {name: paths[path] for name, path in open_file.items()}
        self._settled = [self._paths[name] for name in network if name not in self._open_network]
        self._known = {_container(path): (_container(path), _container(path)) for path in self._settled}
        self._guessed: set[Hashable] = set()
        """Shapes of which one was guessed: what is left of it in the next turn is a guess too."""
        self._ordered = not (_sorted(file) or _sorted(network))

    def run(self) -> None:
        """Find the links."""
        ours, theirs = self._units()
        self._turn(ours, theirs)
        self._turn(*self._units(classes=(_classes(theirs), _classes(ours))))
        self._turn(*self._units(folded=False))

    def _units(
        self, *, folded: bool = True, classes: tuple[Iterable[frozenset[str]], Iterable[frozenset[str]]] = ((), ())
    ) -> tuple[list[Unit], list[Unit]]:
        """Return the units of the network and of the file that are still open."""
        if not self._open_network or not self._open_file:
            return [], []
        settled = [*self._settled, *(self._paths[name] for link in self.links for name in link.network)]
        ours = units_of(
            ((self._paths[name], name) for name in self._open_network),
            self.network,
            settled,
            folded=folded,
            classes=classes[0],
        )
        theirs = units_of(
            ((path, name) for name, path in self._open_file.items()),
            self.file,
            settled,
            folded=folded,
            classes=classes[1],
        )
        return ours, theirs

    def _turn(self, ours: list[Unit], theirs: list[Unit]) -> None:
        if not ours or not theirs:
            return
        before, guessed = len(self.links), set[Hashable]()
        made = self._combined(theirs, ours)
        used = {unit for each in made for unit in (each.whole, *each.parts)}
        known = list(self._known.values())
        left = [unit for unit in theirs if unit not in used], [unit for unit in ours if unit not in used]
        matches = counted_together(match_units(*left, ordered=self._ordered, known=known))
        without = {
            (match.their, match.our): match.margin
            for match in counted_together(match_units(*left, ordered=None, known=known))
        }
        for match in matches:
            sure = without.get((match.their, match.our), 0.0) > CLOSE and shape_key(match.our) not in self._guessed
            sure = (sure or self._only(match)) and not self._unlike_llama(match)
            sure = sure and not _of_several(match, left[0])
            if not sure:
                guessed.add(shape_key(match.our))
            self.links += _links_of(match, self.network, self.file, "likely" if sure else "guess")
            self._known[match.their.parts] = (match.their.parts[:-1], match.our.parts[:-1])
        self._guessed |= guessed
        for link in self.links[before:]:
            for name in link.file:
                self._open_file.pop(name, None)
            for name in link.network:
                self._open_network.pop(name, None)

    def _unlike_llama(self, match: Match) -> bool:
        """Return whether it is one of a `w1` and a `w2` of one shape: Llama's gate and up are `w1` and `w3`, and which
        of these two is the gate no name says."""
        for unit, shapes in ((match.their, self.file), (match.our, self.network)):
            name = next(iter(unit.names.values()))[0]
            head, last, tail = name.rpartition(".w1") if ".w1" in name else name.rpartition(".w2")
            if last and tail in ("", ".weight") and shapes.get(f"{head}.w1{tail}") == shapes.get(f"{head}.w2{tail}"):
                return True
        return False

    def _only(self, match: Match) -> bool:
        """Return whether both are the only ones of their shape, of all that either side has."""
        mine, his = self._shapes
        return mine[match.our.shape] == his[match.their.shape] == 1

    @cached_property
    def _shapes(self) -> tuple[Counter[Shape], Counter[Shape]]:
        """Return how many templates of names there are of each shape, matrices counted either way around."""
        found = []
        for side in (self.network, self.file):
            shapes: Counter[Shape] = Counter()
            for _, shape in {(fold_numbers(name)[0], shape) for name, shape in side.items()}:
                shapes.update({shape, shape[::-1]} if len(shape) == 2 else {shape})
            found.append(shapes)
        return found[0], found[1]

    def _combined(self, theirs: Sequence[Unit], ours: Sequence[Unit]) -> list[Combination]:
        shapes = {shape_key(unit) for unit in ours}, {shape_key(unit) for unit in theirs}
        fused = combinations([unit for unit in ours if shape_key(unit) not in shapes[1]], theirs)
        for each in fused:
            self.links += _combined_links(each, to_network=True)
        used = {unit for each in fused for unit in (each.whole, *each.parts)}
        wholes = [unit for unit in theirs if shape_key(unit) not in shapes[0] and unit not in used]
        split = combinations(wholes, [unit for unit in ours if unit not in used])
        for each in split:
            self.links += _combined_links(each, to_network=False)
        return [*fused, *split]


def _of_several(match: Match, theirs: Iterable[Unit]) -> bool:
    """Return whether both have one name, which was doubted, and its neighbour is of the same shape: `layers.0`."""
    parts = match.their.parts
    return parts == match.our.parts and any(
        unit.parts[:-1] == parts[:-1] and unit is not match.their and unit.shape == match.their.shape for unit in theirs
    )


def _container(name: str) -> NameParts:
    return fold_numbers(name)[0][:-2]


def _classes(units: Iterable[Unit]) -> Iterable[frozenset[str]]:
    return dict.fromkeys(frozenset(unit.folds[0]) for unit in units if unit.folds)


def _sorted(names: Shapes) -> bool:
    """Return whether names are in alphabetical order, which then says nothing of the network's."""
    listed = list(names)
    return len(listed) > 2 and listed == sorted(listed)


def _links_of(match: Match, network: Shapes, file: Shapes, certainty: Certainty) -> Iterator[Link]:
    for leaf, theirs in match.their.names.items():
        ours = match.our.names.get(leaf)
        if ours is None and len(match.their.names) == len(match.our.names) == 1:
            ours = next(iter(match.our.names.values()))
            if {theirs[0].rpartition(".")[2], ours[0].rpartition(".")[2]} == {"weight", "bias"}:
                continue
        for their, our in zip(theirs, ours or [], strict=False):
            if file[their] == network[our] or is_swapped(file[their], network[our]):
                yield Link((their,), (our,), certainty, transposed=is_swapped(file[their], network[our]))


def _combined_links(each: Combination, *, to_network: bool) -> Iterator[Link]:
    certainty: Certainty = "likely" if each.sure else "guess"
    whole, parts = each.whole, each.parts
    for leaf, wholes in whole.names.items():
        if any(leaf not in part.names for part in parts):
            continue
        for at, name in enumerate(wholes):
            pieces: list[str] = []
            for part in parts:
                size = len(part.names[leaf]) // len(wholes)
                pieces += part.names[leaf][at * size : (at + 1) * size]
            swapped = each.transposed and len(whole.leaves[leaf]) == 2
            if to_network:
                yield Link(tuple(pieces), (name,), certainty, each.how, swapped)
            else:
                how = {"fuse": "split", "stack": "unstack", "fuse_stack": "unfuse_unstack"}[each.how]
                yield Link((name,), tuple(pieces), certainty, how, swapped)  # type: ignore[arg-type]
