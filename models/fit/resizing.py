"""Tensors that differ in their rows alone, and by a few: a vocabulary that grew.  Those that both have could be copied.

Never certain: nothing says that the rows that are there are in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable

from .links import Link, ProposedRule
from .name_lists import name_templates
from .names import Shapes, fold_numbers, resized
from .shown import RuleOfLinks
from .words import words_of


def resized_links(links: Iterable[Link], network: Shapes, file: Shapes) -> list[Link]:
    """Return those links whose tensors have other rows, and as many columns; a bias only with its weight."""
    found = [
        link
        for link in links
        if link.how == "copy"
        and not link.transposed
        and resized(ours := network[link.network[0]], theirs := file[link.file[0]])
        and ours[1:] == theirs[1:]
    ]
    tables = {_module(link) for link in found if len(network[link.network[0]]) > 1}
    return [link for link in found if len(network[link.network[0]]) > 1 or _module(link) in tables]


def _module(link: Link) -> str:
    return link.network[0].rpartition(".")[0]


def has_words_of(their: str, our: str) -> bool:
    """Return whether the ends of two names have a word in common that says something: `tok_embeddings` of `embed`."""
    return bool(words_of(fold_numbers(their)[0][-2:]) & words_of(fold_numbers(our)[0][-2:]) - _DULL)


_DULL = {"weight", "bias", "proj", "fc", "block"}


def with_rows(links: Iterable[Link], network: Shapes, file: Shapes) -> list[Link]:
    """Return links in which those that have other rows copy the rows that both have."""
    links = list(links)
    grown = set(resized_links(links, network, file))
    return [link._replace(how="resize", certainty="guess") if link in grown else link for link in links]


def resizing_rules(links: Iterable[Link], network: Shapes, file: Shapes) -> list[RuleOfLinks]:
    """Return what could be done with the tensors that have other rows, one rule for those of the same two shapes."""
    groups: dict[tuple[int, int], list[Link]] = {}
    for link in resized_links(links, network, file):
        groups.setdefault((file[link.file[0]][0], network[link.network[0]][0]), []).append(link)
    found = []
    for (theirs, ours), group in groups.items():
        old, new = (
            _together(names) for names in zip(*((each.file[0], each.network[0]) for each in group), strict=True)
        )
        rest = f"; the last {ours - theirs:,} stay as they are" if ours > theirs else ""
        note = f"{theirs:,} rows in the file, {ours:,} in the network: the first {min(theirs, ours):,} are copied{rest}"
        found.append(RuleOfLinks(ProposedRule(old, new, "resize", len(group), "guess", note), tuple(group)))
    return found


def _together(names: Iterable[str]) -> str:
    return ", ".join(template.text for template in name_templates(names))
