"""The rules of a proposal in the language of `--rename`: `old=new`, applied in turn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ..tree.globs import Rename
from .links import Certainty
from .proposal import Proposal
from .rules import PartRule


@dataclass(frozen=True)
class Renames:
    """Rules that bring more names together."""

    rules: tuple[str, ...]
    more: int
    """How many names of the file are names of the network with them, that are not without."""


def renames_of(proposal: Proposal, taken: Collection[Certainty] = ("certain", "likely")) -> Renames | None:
    """Return the rules of these certainties that rename; None where they bring nothing together, or clash."""
    found: list[str] = []
    rules: list[Callable[[str], str]] = []
    for rule, changes in proposal.part_rules:
        if any(change.certainty in taken for change in changes):
            text = rename_text(rule)
            try:
                rules.append(Rename(text))
            except ValueError:  # a name with `*` or braces of its own
                return None
            found.append(text)
    names = [_applied(rules, name) for name in proposal.file]
    if len(set(names)) < len(names):
        return None
    more = len(set(names) & proposal.network.keys()) - len(proposal.file.keys() & proposal.network.keys())
    return Renames(tuple(found), more) if more > 0 else None


def _applied(rules: Iterable[Callable[[str], str]], name: str) -> str:
    for rule in rules:
        name = rule(name)
    return name


def rename_text(rule: PartRule) -> str:
    """Return a rule as `--rename` has it, though `Rename` may not take it: a name with `*` or braces of its own."""
    old, new = rule.texts()
    if rule.front:
        return f"{old}={new}"
    if rule.end:
        return f"*{old}=*{new}"
    return f"*{old}*=*{new}*"
