"""Links that leave their block: most of a module's tensors go to one module, and these few to another.

Both where the numbers of blocks cross (`up.2` and `up.3` go to `up_blocks.0` and `up_blocks.1`, of blocks that are
counted backwards), and where one norm of a block is linked to one of another block: shapes alone did that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from .links import Link
from .names import NUMBER, NameParts, fold_numbers, is_number

_Heads = tuple[NameParts, NameParts]
_Block = tuple[str, ...]
_MOST = 3
"""Of so many links of a block one may stray, and is doubted."""


def doubting_strays(links: Sequence[Link]) -> list[Link]:
    """Return the links, those that are likely as guesses where they stray or the numbers of their blocks cross."""
    if all(link.certainty != "likely" for link in links):
        return list(links)
    crossed = _crossed(links)
    pairs = [(_block(link.file[0]), _block(link.network[0])) for link in links if link.how == "copy"]
    theirs, ours = _homes(pairs), _homes([(our, their) for their, our in pairs])
    return [
        link._replace(certainty="guess")
        if link.certainty == "likely" and link.how == "copy" and (
            any(heads in crossed for heads, _, _ in _counted(link)) or _strays(link, theirs, ours)
        )
        else link
        for link in links
    ]  # fmt: skip


def _counted(link: Link) -> Iterator[tuple[_Heads, int, int]]:
    """Yield what stands before each number of both names, and the numbers, where some of them differ.

    The first alone where one has more.
    """
    (their, before), (our, after) = fold_numbers(link.file[0]), fold_numbers(link.network[0])
    if before == after:  # these do not cross
        return
    heads = _heads_of(their), _heads_of(our)
    if len(before) != len(after):
        heads = heads[0][:1], heads[1][:1]
    for a, b, n, m in zip(*heads, before, after, strict=False):
        yield (a, b), int(n), int(m)


@lru_cache(maxsize=1 << 14)
def _heads_of(template: NameParts) -> list[NameParts]:
    """Return what stands before each number of a template."""
    return [template[:at] for at, part in enumerate(template) if part == NUMBER]


def _crossed(links: Sequence[Link]) -> set[_Heads]:
    """Return the heads of which a larger number has only smaller ones than a smaller number has."""
    counted: dict[_Heads, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for link in links:
        if link.how == "copy":
            for heads, their, our in _counted(link):
                counted[heads][their].add(our)
    found = set()
    for heads, pairs in counted.items():
        ordered = [pairs[number] for number in sorted(pairs)]
        if any(max(later) < min(earlier) for earlier, later in pairwise(ordered)):
            found.add(heads)
    return found


@lru_cache(maxsize=1 << 15)
def _block(name: str) -> _Block:
    """Return the path of the innermost numbered module that a tensor is in."""
    parts = name.split(".")[:-1]
    at = next((at for at in range(len(parts), 0, -1) if is_number(parts[at - 1])), 0)
    return tuple(parts[:at])


def _homes(pairs: Sequence[tuple[_Block, _Block]]) -> dict[_Block, tuple[_Block, int, int]]:
    """Return of each first block the second one that most of it goes to, how many do, and of how many."""
    counts: dict[_Block, Counter[_Block]] = defaultdict(Counter)
    for own, other in pairs:
        counts[own][other] += 1
    return {
        block: (*others.most_common(1)[0], others.total()) for block, others in counts.items() if len(others) > 1
    }  # fmt: skip


def _strays(
    link: Link, theirs: dict[_Block, tuple[_Block, int, int]], ours: dict[_Block, tuple[_Block, int, int]]
) -> bool:
    blocks = _block(link.file[0]), _block(link.network[0])
    for homes, own, other in ((theirs, *blocks), (ours, *blocks[::-1])):
        home, count, total = homes.get(own, (other, 0, 0))
        if own and home != other and count * _MOST >= total * (_MOST - 1) and not _within(home, other):
            return True
    return False


def _within(a: _Block, b: _Block) -> bool:
    """Return whether one of two blocks holds the other, or what is in no block at all."""
    size = min(len(a), len(b))
    return a[:size] == b[:size]
