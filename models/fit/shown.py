"""The rules of a proposal as a user reads them, the most certain first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .links import CERTAINTIES, Certainty, How, Link, ProposedRule, RuleKind, worst
from .name_lists import placeholders
from .names import NUMBER, Shapes, fold_numbers
from .rules import PartRule, TemplatePairs
from .words import words_of_part

_NOTES: dict[How, str] = {
    "copy": "",
    "split": "cut along the first dimension",
    "fuse": "put together along the first dimension",
    "stack": "stacked into one tensor",
    "fuse_stack": "put together, and stacked into one tensor",
    "unstack": "one tensor taken apart",
    "unfuse_unstack": "one tensor taken apart, and each part cut in two",
    "resize": "",
}
_SWAPPED = ", the two dimensions of the whole swapped"
_RIVALS = 3
"""Other parts that would fit as well that are named."""
_SQUARES = 4
"""Square matrices that are named."""
SQUARE = (
    "Other matrices of the file are swapped; of those that are square the shapes cannot show whether they are too, and "
    "they are loaded as they stand: {}."
)
PERMUTED = (
    "Names and shapes fit; whether the rows of q and k are permuted (rotary embeddings, heads interleaved) "
    "cannot be seen from them."
)

REORDERED = (
    "From {} to {} they are, where Meta's Llama and that of transformers are the two: for q and k each with its heads "
    "`w = w.view(heads, {}, w.shape[1]).transpose(1, 2).reshape(w.shape)`."
)
"""Checked against both: Meta rotates pairs of neighbours, transformers both halves of a head."""


class RuleOfLinks(NamedTuple):
    """A rule as it is shown, and what it does."""

    shown: ProposedRule
    links: tuple[Link, ...]
    """The links that it takes part in."""
    renames: PartRule | None = None
    """What it does to names; None where it combines tensors, or swaps dimensions."""


def rules_of_links(
    links: Iterable[Link], rules: Sequence[tuple[PartRule, list[TemplatePairs]]], rivals: Sequence[tuple[str, str]] = ()
) -> list[RuleOfLinks]:
    """Return all rules of links: those that rename, those that combine, those that swap dimensions.

    Args:
        rivals: of parts that a rule took away, what fits in their place as well.
    """
    links = list(links)
    others: dict[str, list[str]] = {}
    for taken, rival in rivals:
        others.setdefault(taken, []).append(rival)
    found = [_renaming(rule, changes, others.get(".".join(rule.old), [])) for rule, changes in rules]
    found += _combining(link for link in links if link.how != "copy")
    found += _swapping(link for link in links if link.transposed and link.how == "copy")
    return sorted(found, key=lambda each: CERTAINTIES.index(each.shown.certainty))


def link_notes(links: Sequence[Link], network: Shapes) -> list[str]:
    """Return what cannot be known of links, as sentences."""
    return [*_of_squares(links, network), *_of_rows(links)]


def _of_squares(links: Sequence[Link], network: Shapes) -> list[str]:
    """Return that square matrices may be swapped, where others of their kind are."""
    swapped = {link.file[0].rpartition(".")[2] for link in links if link.transposed}
    square = [
        link.network[0]
        for link in links
        if link.how == "copy" and not link.transposed and link.file[0].rpartition(".")[2] in swapped
        and len(shape := network[link.network[0]]) == 2 and shape[0] == shape[1] > 1
    ]  # fmt: skip
    named = list(dict.fromkeys(placeholders(fold_numbers(name)[0]) for name in square))
    if not named:
        return []
    more = f" and {len(named) - _SQUARES} more" if len(named) > _SQUARES else ""
    return [SQUARE.format(", ".join(named[:_SQUARES]) + more)]


def _of_rows(links: Iterable[Link]) -> list[str]:
    permuted = [link for link in links if _may_be_permuted(link)]
    if not permuted:
        return []
    ends = {(_module(link.file[0]), _module(link.network[0])) for link in permuted}
    order = {("q_proj", "wq"): "2, -1", ("wq", "q_proj"): "-1, 2"}
    return [PERMUTED, *(REORDERED.format(theirs, ours, order[theirs, ours]) for theirs, ours in ends & order.keys())]


def _module(name: str) -> str:
    return name.rpartition(".")[0].rpartition(".")[2]


def _may_be_permuted(link: Link) -> bool:
    """Return whether it is q or k that another program calls otherwise."""
    file, network = [[name.split(".")[-2:] for name in names] for names in (link.file, link.network)]
    words = {word for ends in (*file, *network) for part in ends for word in words_of_part(part)}
    return file != network and bool({"q", "k"} & words) and "norm" not in words


def _renaming(rule: PartRule, changes: Sequence[TemplatePairs], rivals: Sequence[str]) -> RuleOfLinks:
    old, new = rule.texts()
    links = tuple(link for change in changes for link in change.links)
    # of a name that several rules change, the least certain one is the reason why it is not certain
    certainty = min((change.certainty for change in changes), key=CERTAINTIES.index)
    as_well = f"{', '.join(f'{rival}.' for rival in rivals[:_RIVALS])} fits as well" if rivals and not rule.new else ""
    return RuleOfLinks(ProposedRule(old, new, _kind(rule), len(links), certainty, as_well), links, rule)


def _kind(rule: PartRule) -> RuleKind:
    if any(part.startswith(NUMBER) and part != NUMBER for part in rule.new):
        return "number"
    if rule.front:
        return "prefix"
    if rule.end:
        return "suffix"
    return "word" if rule.old and rule.new and len(rule.old) == len(rule.new) else "infix"


def _combining(links: Iterable[Link]) -> list[RuleOfLinks]:
    groups: dict[tuple[str, str, How], list[Link]] = {}
    for link in links:
        file, network = _without_leaf(link)
        groups.setdefault((_together(file), _together(network), link.how), []).append(link)
    found = []
    for (old, new, how), group in groups.items():
        kind: RuleKind = "split" if how in ("split", "unstack", "unfuse_unstack") else "fuse"
        keys, certainty = sum(len(link.file) for link in group), worst(*{link.certainty for link in group})
        note = f"{_NOTES[how]}{_SWAPPED if any(link.transposed for link in group) else ''}"
        found.append(RuleOfLinks(ProposedRule(old, new, kind, keys, certainty, note), tuple(group)))
    return found


def _without_leaf(link: Link) -> tuple[list[str], list[str]]:
    """Return the names of both sides, of their modules where all end in the same: weights and biases are one rule."""
    ends = {name.rpartition(".")[2] for name in (*link.file, *link.network)}
    if len(ends) == 1 and all("." in name for name in (*link.file, *link.network)):
        return [name.rpartition(".")[0] for name in link.file], [name.rpartition(".")[0] for name in link.network]
    return list(link.file), list(link.network)


def _together(names: Sequence[str]) -> str:
    """Return names as one text: those of one template once, those that differ with ` + ` between their ends."""
    templates = list(dict.fromkeys(fold_numbers(name)[0] for name in names))
    first = templates[0]
    front = 0
    while len(templates) > 1 and all(len(each) > front + 1 and each[front] == first[front] for each in templates):
        front += 1
    if len(templates) == 1:
        return placeholders(first)
    ends = " + ".join(".".join(each[front:]) for each in templates)
    return f"{placeholders(first[:front])}.({ends})" if front else ends


def _swapping(links: Iterable[Link]) -> list[RuleOfLinks]:
    groups: dict[str, list[Link]] = {}
    for link in links:
        groups.setdefault(".".join(link.file[0].split(".")[-2:]), []).append(link)
    found = []
    for end, group in groups.items():
        certainty: Certainty = worst(*{link.certainty for link in group})
        note = "the two dimensions swapped"
        shown = ProposedRule(f".{end}", f".{end}", "transpose", len(group), certainty, note)
        found.append(RuleOfLinks(shown, tuple(group)))
    return found
