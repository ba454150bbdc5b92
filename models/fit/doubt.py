"""Names that agree although they may mean something else: `layers.1` to `layers.8` against `layers.0` to `layers.7`.

Such names load without an error, each layer with its neighbour's weights.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from .names import NUMBER, NameParts, Shape, Shapes, Template, is_swapped

_DIGITS = re.compile(r"\d+")
_WRONG = 5
"""A numbered family of which one name in so many has another shape is not believed."""


def doubted(
    ours: dict[NameParts, Template], theirs: Iterable[tuple[NameParts, Template]], network: Shapes, file: Shapes
) -> set[NameParts]:
    """Return the templates that both sides have, but whose agreement may be chance, because of their numbers.

    A family of numbers (`layers.#`, `norm#`) is doubted where both sides have as many, but others, where a fifth of the
    names that both have are of other shapes, and where most of its templates are doubted. A template is doubted by
    itself where both sides have as many of its numbers, but others: `layers.#.downsample` of 0 to 2 against 1 to 3.
    And a family is of which one side has more, beside others that make up for it, shape by shape: `layers.0` to
    `layers.2` against `proj_in`, `layers.0` and `proj_out`.

    Args:
        ours: the templates of the network.
        theirs: the templates of the file, each with the parts that it has now.
    """
    theirs = list(theirs)
    mine, his = _families((each.parts, each) for each in ours.values()), _families(theirs)
    common: Counter[NameParts] = Counter()
    wrong: Counter[NameParts] = Counter()
    shifted: Counter[NameParts] = Counter()
    for parts, their in theirs:
        our = ours.get(parts)
        if our is None:
            continue
        names = [(name, our.members[numbers]) for numbers, name in their.members.items() if numbers in our.members]
        bad = sum(network[b] != file[a] and not is_swapped(network[b], file[a]) for a, b in names)
        differs = 2 * _shifted(our, their) - 1
        for head, _ in _heads(parts):
            common[head] += len(names)
            wrong[head] += bad
            shifted[head] += differs
    bad_heads = {
        head
        for head, count in common.items()
        if wrong[head] * _WRONG >= max(count, 1)
        or (len(mine[head]) == len(his[head]) and mine[head] != his[head])
        or shifted[head] > 0
    }  # fmt: skip
    unlike = {head for head in common if head[-1] == NUMBER and len(mine[head]) != len(his[head])}
    if unlike:
        bad_heads |= _regrouped(unlike, [[*ours.items()], theirs], (network, file))
    return {
        parts
        for parts, their in theirs
        if parts in ours and (_shifted(ours[parts], their) or any(head in bad_heads for head, _ in _heads(parts)))
    }


def _regrouped(
    heads: set[NameParts], sides: list[list[tuple[NameParts, Template]]], shapes: tuple[Shapes, Shapes]
) -> set[NameParts]:
    """Return those heads whose holder has the same shapes on both sides, under other names."""
    holders = {head[:-2] for head in heads if len(head) > 2}
    found: list[dict[NameParts, Counter[Shape]]] = [defaultdict(Counter), defaultdict(Counter)]
    names: list[dict[NameParts, set[tuple[NameParts, NameParts]]]] = [defaultdict(set), defaultdict(set)]
    for side, templates in enumerate(sides):
        for parts, template in templates:
            for holder in (parts[:end] for end in range(1, len(parts)) if parts[:end] in holders):
                found[side][holder].update(shapes[side][name] for name in template.members.values())
                names[side][holder].update((parts, numbers) for numbers in template.members)
    alike = {
        holder for holder in holders if found[0][holder] == found[1][holder] and names[0][holder] != names[1][holder]
    }  # fmt: skip
    return {head for head in heads if head[:-2] in alike}


def _shifted(our: Template, their: Template) -> bool:
    """Return whether both have as many of some number, but others."""
    if our.members.keys() == their.members.keys():
        return False
    columns = zip(zip(*our.members, strict=True), zip(*their.members, strict=True), strict=False)
    return any(len(mine) == len(his) and mine != his for mine, his in ((set(a), set(b)) for a, b in columns))


def _families(templates: Iterable[tuple[NameParts, Template]]) -> dict[NameParts, set[str]]:
    """Return the numbers that follow each head."""
    found: dict[NameParts, set[str]] = defaultdict(set)
    for parts, template in templates:
        columns = iter(list(zip(*template.members, strict=True)))
        for head, number in _heads(parts):
            if number:
                found[head].add(number)
            else:
                found[head].update(next(columns))
    return found


@lru_cache(maxsize=100_000)
def _heads(parts: NameParts) -> list[tuple[NameParts, str]]:
    """Return what stands before each number of a template, and the number, empty for `#`."""
    return list(_found_heads(parts))


def _found_heads(parts: NameParts) -> Iterator[tuple[NameParts, str]]:
    for at, part in enumerate(parts):
        if part == NUMBER:
            yield parts[: at + 1], ""
        else:
            for match in _DIGITS.finditer(part):
                yield (*parts[:at], part[: match.start()]), match.group()
