"""Units: the tensors of one module together, and equal modules of equal blocks as one: `layers.#.attn.q_proj` of 32.

Blocks are folded where all that is below their numbers is the same, shapes too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from .names import NUMBER, NameParts, Shape, is_number

_LEAVES = {
    "weight": "weight", "bias": "bias", "running_mean": "running_mean", "running_var": "running_var",
    "moving_mean": "running_mean", "moving_variance": "running_var", "num_batches_tracked": "num_batches_tracked",
    "weight_g": "weight_g", "weight_v": "weight_v", "weight_orig": "weight_orig", "weight_u": "weight_u",
    "weight_mask": "weight_mask", "kernel": "weight", "gamma": "weight", "beta": "bias",
    "scale": "weight", "shift": "bias", "w": "weight", "b": "bias", "W": "weight", "weights": "weight",
    "biases": "bias",
}  # fmt: skip
"""What the last parts of names say of a tensor in its module."""
_PARAMETRIZED = {"original0": "g", "original1": "v", "original": "orig"}
"""What the old weight norm and spectral norm put behind the name of a tensor, for what the new ones call it."""
_ONE_WORD = ("kernel", "gamma", "beta", "scale", "shift", "w", "b", "W")
"""Those that are also names of parameters that stand alone in a block."""
_BLOCKS = 2
"""Equal blocks of several modules that are folded, from this many on."""
_NESTED = 4
"""The same within a folded block."""
_DEEPEST = 200
"""Parts of a name, beyond which it is in no unit."""
_SINGLES = 8
"""Equal modules in a row, each with nothing below, that are folded from this many on."""


@dataclass(eq=False)
class Unit:
    """The tensors of one module, or of as many equal ones as it has numbers for."""

    parts: NameParts
    """Its path, `#` for each number that is folded; of a parameter that stands alone its whole name."""
    folds: tuple[NameParts, ...]
    """The numbers of each `#`."""
    leaves: dict[str, Shape]
    """The shape of each of its tensors, by what it is in its module."""
    names: dict[str, list[str]]
    """The names of each of its tensors, one for each combination of numbers."""
    at: int = 0
    """Its place in the order of its side."""
    turned: bool = False
    """Whether its matrix is called a `kernel`, which TensorFlow and JAX have with inputs before outputs."""
    count: int = field(init=False)
    """How many modules it stands for."""

    def __post_init__(self) -> None:
        self.count = len(next(iter(self.names.values())))

    @property
    def shape(self) -> Shape:
        """Return the shape of what matters most in it."""
        main = next((leaf for leaf in ("weight", "weight_orig", "weight_v") if leaf in self.leaves), None)
        return self.leaves[main] if main else next(iter(self.leaves.values()))

    @property
    def normalises_batches(self) -> bool:
        """Return whether it keeps running statistics."""
        return "running_mean" in self.leaves


class _Node:
    __slots__ = ("children", "leaf", "shape", "size", "structure")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.leaf = ""
        """The name of a tensor; empty for a module."""
        self.shape: Shape = ()
        self.structure = 0
        """Equal for nodes below which everything is the same; 0 where all is settled."""
        self.size = 1
        """How many modules with tensors of their own are at or below it."""


def units_of(
    named: Iterable[tuple[str, str]],
    shapes: Mapping[str, Shape],
    settled: Iterable[str] = (),
    *,
    folded: bool = True,
    classes: Iterable[frozenset[str]] = (),
) -> list[Unit]:
    """Return the units of tensors, in their order.

    Args:
        named: of each tensor the path that it is known by, and its name in `shapes`.
        settled: paths of further tensors, which show where blocks are, and are in no unit.
        folded: False for a unit of each module by itself.
        classes: numbers that the other side folds together; what holds more than those is parted.
    """
    root = _Node()
    order: dict[str, int] = {}
    for path, name in named:
        node = _placed(root, path)
        if node is not None:
            node.leaf, node.shape = name, shapes[name]
            order[name] = len(order)
    for path in settled:
        _placed(root, path)
    _number(root, {})
    units = list(_Folding(folded, list(classes)).units(root, (), (), [root]))
    for unit in units:
        unit.at = min(order[names[0]] for names in unit.names.values())
    return sorted(units, key=lambda unit: unit.at)


def _placed(root: _Node, path: str) -> _Node | None:
    """Return the node of a path, made where it is not there; None for a path that is too deep for any network."""
    parts = _split(path)
    if len(parts) > _DEEPEST:
        return None
    node = root
    for part in parts:
        following = node.children.get(part)
        if following is None:
            following = node.children[part] = _Node()
        node = following
    return node


def _split(path: str) -> list[str]:
    parts = path.split(".")
    last = parts[-1]
    if last == "weight" or last == "bias":
        return parts
    if parts[-3:-2] == ["parametrizations"] and last in _PARAMETRIZED:
        return [*parts[:-3], f"{parts[-2]}_{_PARAMETRIZED[last]}"]
    if parts[-4:-3] == ["parametrizations"] and last in ("_u", "_v"):
        return [*parts[:-4], parts[-3] + last]
    if last.startswith("in_proj_") and last[8:] in ("weight", "bias"):
        return [*parts[:-1], "in_proj", last[8:]]
    if last in ("q_bias", "k_bias", "v_bias"):
        return [*parts[:-1], last[0], "bias"]
    return parts


def _number(node: _Node, known: dict[object, int]) -> None:
    """Give each node the number of its structure."""
    modules = 0
    own = False
    structures = []
    for part, child in node.children.items():
        _number(child, known)
        if child.children:
            modules += child.size
        else:
            own = True
        if child.structure:
            structures.append((part, child.structure))
    node.size = modules + own
    if node.leaf or structures:  # 0 where all is settled
        key = (node.shape if node.leaf else None, *sorted(structures))
        node.structure = known.setdefault(key, len(known) + 1)


class _Folding:
    def __init__(self, folded: bool, classes: list[frozenset[str]]) -> None:
        self._folded, self._classes = folded, classes

    def units(
        self, node: _Node, parts: NameParts, folds: tuple[NameParts, ...], members: list[_Node]
    ) -> Iterator[Unit]:
        """Yield the units at and below a node, which stands for all `members`."""
        leaves: dict[str, str] = {}
        alone: list[str] = []
        for part, child in node.children.items():
            if child.leaf and part in _LEAVES and _LEAVES[part] not in leaves and not _stands_alone(part, node, parts):
                leaves[_LEAVES[part]] = part
            elif child.leaf:
                alone.append(part)
        if leaves:
            shapes = {leaf: node.children[part].shape for leaf, part in leaves.items()}
            names = {leaf: [each.children[part].leaf for each in members] for leaf, part in leaves.items()}
            yield Unit(parts or ("",), folds, shapes, names, turned=leaves.get("weight") == "kernel")
        groups = self._groups(node, bool(folds))
        grouped = {number for numbers in groups for number in numbers}
        for part in alone:
            if part not in grouped:
                child = node.children[part]
                names = {"weight": [each.children[part].leaf for each in members]}
                yield Unit((*parts, part), folds, {"weight": child.shape}, names)
        for numbers in groups:
            child = node.children[numbers[0]]
            every = [each.children[number] for each, number in product(members, numbers)]
            path = (*parts, NUMBER)
            if child.leaf:
                yield Unit(path, (*folds, numbers), {"weight": child.shape}, {"weight": [each.leaf for each in every]})
            else:
                yield from self.units(child, path, (*folds, numbers), every)
        for part, child in node.children.items():
            if child.children and child.structure and part not in grouped:
                yield from self.units(child, (*parts, part), folds, [each.children[part] for each in members])

    def _groups(self, node: _Node, nested: bool) -> list[NameParts]:
        """Return the numbers of children that are folded, those that are the same together."""
        alike: dict[int, list[str]] = defaultdict(list)
        for part, child in node.children.items():
            if self._folded and is_number(part) and child.structure:
                alike[child.structure].append(part)
        found = []
        for numbers in alike.values():
            child = node.children[numbers[0]]
            several = child.size >= 2
            enough = (_NESTED if nested else _BLOCKS) if several else _NESTED if child.leaf else _SINGLES
            for together in self._parted(numbers):
                if len(together) >= enough:
                    found.append(tuple(sorted(together, key=int)))
        return found

    def _parted(self, numbers: list[str]) -> list[list[str]]:
        """Return numbers as the other side has them together."""
        parted = [numbers]
        for numbers_there in self._classes:
            within = next((each for each in parted if numbers_there < set(each)), None)
            if within is not None:
                parted.remove(within)
                parted += [sorted(numbers_there), [each for each in within if each not in numbers_there]]
        return parted


def _stands_alone(part: str, node: _Node, parts: NameParts) -> bool:
    """Return whether `gamma` and the like is a parameter beside modules, rather than the weight of a norm."""
    return part in _ONE_WORD and (any(child.children for child in node.children.values()) or not parts)
