"""What is proposed so that the weights of a file fit a network: links of names, and the rules that make them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from .doubt import doubted
from .links import Certainty, Link, ProposedRule
from .lone import doubting_lone_ones
from .names import NUMBER, NameParts, Shapes, Template, fold_numbers, is_swapped, resized, templates_of
from .refusal import TOO_LITTLE, too_little, why_refused
from .resizing import has_words_of, resizing_rules, with_rows
from .rules import PartRule, TemplatePairs, changes_of, rules_of
from .shown import link_notes, rules_of_links
from .strays import doubting_strays
from .structure import Structure
from .votes import Vote

SET_ASIDE = ("optimizer", "lr_scheduler", "loops", "callbacks", "hyper_parameters", "grad_scaler")
"""What the first part of a name begins with that belongs to training and to no network."""


@dataclass
class Proposal:
    """What becomes of the tensors of a file, as far as names and shapes say it."""

    network: Shapes
    file: Shapes
    links: list[Link] = field(default_factory=list)
    """In the order of the file; names that neither side links are in none."""
    agreeing: int = 0
    """How many names both have, that are believed."""
    rivals: list[tuple[str, str]] = field(default_factory=list)
    """Of a rule, what was taken and what fits as well: another copy of the weights."""
    refusal: str = ""
    """Why nothing is proposed beyond names that agree; empty where something is."""

    @cached_property
    def changes(self) -> list[TemplatePairs]:
        """Return what becomes of names, template by template."""
        return changes_of(self.links)

    @cached_property
    def part_rules(self) -> list[tuple[PartRule, list[TemplatePairs]]]:
        """Return the rules that rename, each with the changes that it takes part in."""
        return rules_of(self.changes)

    @cached_property
    def rules(self) -> list[ProposedRule]:
        """Return the rules as they are shown, the most certain first."""
        found = rules_of_links(self.links, self.part_rules, self.rivals)
        return [each.shown for each in (*found, *resizing_rules(self.links, self.network, self.file))]

    @cached_property
    def notes(self) -> list[str]:
        """Return what cannot be known from names and shapes, as sentences."""
        return link_notes(self.links, self.network)

    def taken(self, certainties: Iterable[Certainty]) -> list[Link]:
        """Return the links of these certainties; with those that guess, rows of tensors that grew are copied."""
        allowed = frozenset(certainties)
        links = [link for link in self.links if link.certainty in allowed]
        return with_rows(links, self.network, self.file) if "guess" in allowed else links

    def mapping(self, taken: Iterable[Certainty] = ("certain", "likely", "guess")) -> dict[str, list[str]]:
        """Return the names in the network of each name of the file that a link of these certainties has."""
        allowed = frozenset(taken)
        return {name: list(link.network) for link in self.links if link.certainty in allowed for name in link.file}


class NamesClash(Exception):
    """Renaming gives two tensors of a file one name; the text names them."""


def renamed_names(file: Iterable[str], renames: Sequence[Callable[[str], str]]) -> dict[str, str]:
    """Return what each name of a file was before `renames` changed it, in turn.

    Raises:
        NamesClash: two tensors get one name.
    """
    before: dict[str, str] = {}
    for name in file:
        after = name
        for rename in renames:
            after = rename(after)
        if after in before:
            raise NamesClash(f"renaming gives {before[after]!r} and {name!r} one name: {after!r}")
        before[after] = name
    return before


def propose_after(network: Shapes, file: Shapes, renames: Sequence[Callable[[str], str]]) -> Proposal:
    """Return the same as `propose` for a file whose names were changed by `renames` in turn, under its own names.

    Raises:
        NamesClash: two tensors get one name.
    """
    before = renamed_names(file, renames)
    found = propose(network, {after: file[name] for after, name in before.items()})
    links = [link._replace(file=tuple(before[name] for name in link.file)) for link in found.links]
    return replace(found, file=file, links=links)


def propose(network: Shapes, file: Shapes) -> Proposal:
    """Return how the tensors of `file` fit `network`; from names and shapes alone, both in their own order."""
    network = {name: shape for name, shape in network.items() if NUMBER not in name}
    weights = {name: shape for name, shape in file.items() if NUMBER not in name and not name.startswith(SET_ASIDE)}
    ours, theirs = templates_of(network), templates_of(weights)
    agreeing = _agreeing(ours, theirs, network, weights)
    vote = Vote(
        network, weights, [name for name in network if name not in agreeing],
        [name for name in weights if name not in agreeing],
    )  # fmt: skip
    vote.run()
    pairs: dict[str, tuple[str, Certainty]] = {name: (name, "certain") for name in agreeing}
    for name, target in vote.pairs.items():
        pairs[name] = (target, "certain" if vote.wins[vote.by_rule[name]].certain else "likely")
    met = {target for target, _ in pairs.values()}
    structure = Structure(
        network,
        weights,
        [name for name in network if name not in met],
        {name: path for name, path in vote.renamed().items() if name not in pairs},
    )
    structure.run()
    proposal = Proposal(network, file, agreeing=len(agreeing))
    for name, (target, certainty) in pairs.items():
        proposal.links.append(
            Link((name,), (target,), certainty, transposed=is_swapped(weights[name], network[target]))
        )  # fmt: skip
    proposal.refusal = why_refused(
        network, weights, {name: target for name, (target, _) in pairs.items()}, structure.links
    )
    if not proposal.refusal:
        proposal.links += structure.links
    if too_little(network, weights, sum(len(link.file) for link in proposal.links)):
        proposal.links = [link for link in proposal.links if link.file[0] in agreeing]
        proposal.refusal = proposal.refusal or TOO_LITTLE
    links = doubting_lone_ones(doubting_strays(proposal.links), network, weights)
    proposal.links = [*_with_namesakes(links, network), *_grown(proposal, network, weights)]
    order = {name: at for at, name in enumerate(file)}
    proposal.links.sort(key=lambda link: order[link.file[0]])
    for win in vote.wins:
        proposal.rivals += [(".".join(win.rule.old), rival) for rival in win.rivals]
    return proposal


def _agreeing(
    ours: dict[NameParts, Template], theirs: dict[NameParts, Template], network: Shapes, file: Shapes
) -> set[str]:  # fmt: skip
    """Return the names that both have, but for those whose numbers make that doubtful."""
    doubtful = doubted(ours, theirs.items(), network, file)
    return {name for name in file if name in network and fold_numbers(name)[0] not in doubtful}


def _with_namesakes(links: list[Link], network: Shapes) -> list[Link]:
    """Return links in which square matrices are swapped where all others of their name are: GPT-2's `c_proj`.

    The name of a `kernel` is that alone: other libraries than torch have it, and all of them swapped.
    """
    seen: dict[str, set[bool]] = defaultdict(set)
    for link in links:
        shape = network[link.network[0]]
        if link.how == "copy" and len(shape) == 2 and shape[0] != shape[1]:
            seen[_end(link)].add(link.transposed)
    always = {end for end, swaps in seen.items() if swaps == {True}}
    return [
        link._replace(transposed=True)
        if link.how == "copy" and len(network[link.network[0]]) == 2 and _end(link) in always
        else link
        for link in links
    ]


def _end(link: Link) -> str:
    end = link.file[0].split(".")[-2:]
    return _KERNEL if end[-1].rpartition("/")[2] == _KERNEL else ".".join(end)


_KERNEL = "kernel"


def _grown(proposal: Proposal, network: Shapes, file: Shapes) -> list[Link]:
    """Return links of what is left and has grown or shrunk a little: a vocabulary, by its words."""
    used = {name for link in proposal.links for name in link.file}
    met = {name for link in proposal.links for name in link.network}
    if not proposal.links:
        return []
    found = []
    left = [name for name in network if name not in met]
    for their in file:
        if their in used or len(left) * len(file) > _MOST_PAIRS:
            continue
        fitting = [our for our in left if resized(file[their], network[our]) and has_words_of(their, our)]
        if len(fitting) == 1:
            found.append(Link((their,), (fitting[0],), "guess"))
            left.remove(fitting[0])
    return found


_MOST_PAIRS = 1_000_000
