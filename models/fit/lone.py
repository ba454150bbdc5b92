"""Links of one module alone, whose neighbours on either side meet nothing: those say that it is another module.

`pooler.dense` of a BERT is no `cls.predictions.transform.dense` of another where the `LayerNorm` beside that is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from .links import Link
from .names import NameParts, Shapes, fold_numbers


def doubting_lone_ones(links: list[Link], network: Shapes, file: Shapes) -> list[Link]:
    """Return the links, those that are likely as guesses where nothing else of what holds their module is linked.

    Left as they are: what both sides hold in the same place, and what is at the top.
    """
    theirs = _Held(file, (name for link in links for name in link.file))
    ours = _Held(network, (name for link in links for name in link.network))
    return [
        link._replace(certainty="guess") if _is_lone(link) and (_alone(theirs, link.file) or _alone(ours, link.network))
        else link
        for link in links
    ]  # fmt: skip


def _is_lone(link: Link) -> bool:
    """Return whether a link is one that neighbours can cast doubt on."""
    if link.certainty != "likely" or link.how != "copy":
        return False
    their, our = _holder(link.file[0]), _holder(link.network[0])
    return bool(their and our) and their != our


def _alone(held: _Held, names: tuple[str, ...]) -> bool:
    template = fold_numbers(names[0])[0]
    return held.others_are_left(_holder(names[0]), template[:-1])


class _Held:
    """The modules with tensors at and below each module of one side, as templates: those that are linked, and all."""

    def __init__(self, names: Iterable[str], linked: Iterable[str]) -> None:
        self._all = _by_holder(names)
        self._linked = _by_holder(linked)

    def others_are_left(self, holder: NameParts, module: NameParts) -> bool:
        """Return whether `holder` has other modules with tensors than this one, of which none is linked."""
        return self._all[holder] > {module} and self._linked[holder] == {module}


def _by_holder(names: Iterable[str]) -> dict[NameParts, set[NameParts]]:
    found: dict[NameParts, set[NameParts]] = defaultdict(set)
    for template in {fold_numbers(name)[0] for name in names}:
        for holder in _above(template):
            found[holder].add(template[:-1])
    return found


def _above(template: NameParts) -> Iterator[NameParts]:
    """Yield what holds the module of a tensor, from the inside out."""
    return (template[:end] for end in range(len(template) - 2, 0, -1))


def _holder(name: str) -> NameParts:
    return fold_numbers(name)[0][:-2]
