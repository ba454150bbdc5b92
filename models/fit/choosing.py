"""The rules of a proposal, taken or left one by one: what of a file is loaded with those that are taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import NamedTuple

from ..safe_text import as_sent
from ..tree.globs import Rename
from .links import CERTAINTIES, Certainty, Link, ProposedRule, worst
from .names import Shapes
from .proposal import Proposal, propose, renamed_names
from .rename_rules import rename_text
from .resizing import resizing_rules
from .rules import PartRule, TemplatePairs
from .shown import RuleOfLinks, rules_of_links


@dataclass(frozen=True)
class RuleChoice:
    """A rule that is taken or left."""

    key: str
    """What it is called by whoever takes or leaves it; no other of the proposal has it."""
    rule: ProposedRule
    by_default: bool
    """Whether it is taken where nobody has said otherwise: unless it is a guess."""
    rename: str = ""
    """The rule in the language of `--rename`, to be edited; empty where that cannot say it."""


class _RulesOfLinks(NamedTuple):
    """The keys of the rules that some links depend on."""

    needs: tuple[str, ...]
    """Those without which they do not hold."""
    swap: str | None
    """The one that swaps their dimensions, empty for none that is shown; None where nothing is swapped."""
    resize: str | None


class Choices:
    """What may be chosen of a proposal.

    Args:
        network: the shapes of the network's tensors.
        file: those of the file's.
        renames: rules of the user's own, which come first.

    Raises:
        NamesClash: two tensors of the file get one name by them.
    """

    def __init__(self, network: Shapes, file: Shapes, renames: Sequence[Callable[[str], str]] = ()) -> None:
        self._network, self._file = network, file
        self._before = renamed_names(file, renames)
        self.proposal = propose(network, {after: file[name] for after, name in self._before.items()})
        """That of the file after `renames`."""
        self.choices: list[RuleChoice] = []
        """The rules, the most certain first."""
        self._keys: set[str] = set()
        self._needs: dict[Link, list[str]] = defaultdict(list)
        """Of a link the rules without which it does not hold."""
        self._swaps: dict[Link, str] = {}
        self._resizes: dict[Link, str] = {}
        for found in self._rules():
            self._add(found)
        self.choices.sort(key=lambda each: CERTAINTIES.index(each.rule.certainty))
        self._groups = self._grouped()

    def _rules(self) -> Iterable[RuleOfLinks]:
        made = self.proposal
        rules = rules_of_links(made.links, made.part_rules, made.rivals)
        yield from rules
        yield from _doubtful(made.changes, rules)
        yield from resizing_rules(made.links, made.network, made.file)

    def _add(self, found: RuleOfLinks) -> None:
        shown = found.shown
        key = as_sent(f"{shown.kind} {shown.old} -> {shown.new}")
        while key in self._keys:
            key += " "
        self._keys.add(key)
        for link in found.links:
            if shown.kind == "transpose":
                self._swaps[link] = key
            elif shown.kind == "resize":
                self._resizes[link] = key
            else:
                self._needs[link].append(key)
        by_default = shown.certainty != "guess"
        if shown.kind == "transpose":  # with the first of its tensors that is taken
            by_default = any(link.certainty != "guess" for link in found.links)
        self.choices.append(RuleChoice(key, shown, by_default, _editable(found.renames)))

    def taken(self, took: Collection[str], left: Collection[str]) -> set[str]:
        """Return the keys of the rules that hold: those that are so by default, and what was said otherwise."""
        return {each.key for each in self.choices if each.key in took or (each.by_default and each.key not in left)}

    def chosen(self, keys: Collection[str]) -> Proposal:
        """Return what becomes of the file, under its own names, with the rules of these keys and no other."""
        found: list[tuple[int, Link]] = []
        for rules, links in self._groups.items():
            if rules.resize in keys:  # which names both sides by itself
                found += [(at, link._replace(how="resize")) for at, link in links]
            elif all(key in keys for key in rules.needs):
                plain = rules.swap is not None and rules.swap not in keys
                found += [(at, link._replace(transposed=False)) for at, link in links] if plain else links
        found.sort(key=itemgetter(0))
        return replace(self.proposal, network=self._network, file=self._file, links=[link for _, link in found])

    def _grouped(self) -> dict[_RulesOfLinks, list[tuple[int, Link]]]:
        """Return the links, under the file's own names and with their places, by the rules that they depend on."""
        groups: dict[_RulesOfLinks, list[tuple[int, Link]]] = defaultdict(list)
        for at, link in enumerate(self.proposal.links):
            swap = self._swaps.get(link, "") if link.transposed and link.how == "copy" else None
            rules = _RulesOfLinks(tuple(self._needs.get(link, ())), swap, self._resizes.get(link))
            groups[rules].append((at, link._replace(file=tuple(self._before[name] for name in link.file))))
        return groups


def _doubtful(changes: Iterable[TemplatePairs], rules: Iterable[RuleOfLinks]) -> Iterator[RuleOfLinks]:
    """Yield the pairs that are less certain than all rules that make them: each is to be taken by itself."""
    known: dict[Link, Certainty] = {}
    for found in rules:
        if found.renames is not None:
            for link in found.links:
                known[link] = worst(found.shown.certainty, known.get(link, "certain"))
    for change in changes:
        certainty = change.certainty
        if certainty != worst(*(known.get(link, "certain") for link in change.links)):
            whole = PartRule(change.old, change.new, front=True, end=True)
            note = "their order alone decides" if certainty == "guess" else ""
            shown = ProposedRule(*whole.texts(), "word", len(change.links), certainty, note)
            yield RuleOfLinks(shown, tuple(change.links), whole)


def _editable(rule: PartRule | None) -> str:
    if rule is None:
        return ""
    text = rename_text(rule)
    try:
        Rename(text)
    except ValueError:
        return ""
    return text
