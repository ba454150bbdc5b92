"""Names that agree although they may mean something else: `layers.1` to `layers.8` against `layers.0` to `layers.7`.

Such names load without an error, each layer with its neighbour's weights.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from .names import NUMBER, NameParts, Shapes, Template, is_swapped

_DIGITS = re.compile(r"\d+")
_WRONG = 5
"""A numbered family of which one name in so many has another shape is not believed."""


def doubted(
    ours: dict[NameParts, Template], theirs: Iterable[tuple[NameParts, Template]], network: Shapes, file: Shapes
) -> set[NameParts]:
    """Return the templates that both sides have, but whose agreement may be chance, because of their numbers.

    A family of numbers (`layers.#`, `norm#`) is doubted where both sides have as many, but others, and where a fifth
    of the names that both have are of other shapes.

    Args:
        ours: the templates of the network.
        theirs: the templates of the file, each with the parts that it has now.
    """
    theirs = list(theirs)
    mine, his = _families((each.parts, each) for each in ours.values()), _families(theirs)
    common: Counter[NameParts] = Counter()
    wrong: Counter[NameParts] = Counter()
    for parts, their in theirs:
        our = ours.get(parts)
        if our is None:
            continue
        names = [(name, our.members[numbers]) for numbers, name in their.members.items() if numbers in our.members]
        bad = sum(network[b] != file[a] and not is_swapped(network[b], file[a]) for a, b in names)
        for head, _ in _heads(parts):
            common[head] += len(names)
            wrong[head] += bad
    bad_heads = {
        head
        for head, count in common.items()
        if wrong[head] * _WRONG >= max(count, 1)
        or (len(mine[head]) == len(his[head]) and mine[head] != his[head])
    }  # fmt: skip
    return {parts for parts, _ in theirs if parts in ours and any(head in bad_heads for head, _ in _heads(parts))}


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
