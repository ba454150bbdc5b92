"""The renames that would bring more names of two sources together, of everything that proposes some the best."""

from __future__ import annotations

from typing import NamedTuple

from ..diff.pairing import Pairs, suggestion
from ..diff.wrappers import unwrapping


class RenameProposal(NamedTuple):
    """Renames of one side."""

    rules: tuple[str, ...]
    """As `--rename` takes them, to be applied in turn."""
    more: int
    """How many more names would be in both."""
    of_b: bool
    """Whether names of B are renamed, not those of A."""


def rename_proposal(pairs: Pairs) -> RenameProposal | None:
    """Return the renames that bring the most names together; None where none brings any."""
    found: RenameProposal | None = None
    if pairs.common < max(len(pairs.only_a), len(pairs.only_b)):
        simple = suggestion(pairs)
        found = None if simple is None else RenameProposal((simple[0],), simple[1], False)
    unwrapped = unwrapping(pairs)
    if unwrapped is not None and (found is None or unwrapped.more > found.more):
        found = RenameProposal(tuple(unwrapped.rules), unwrapped.more, unwrapped.swapped)
    fitting = _fitting(pairs)
    if fitting is not None and (found is None or fitting.more > found.more):
        found = fitting
    return found


def keeping_names(proposal: RenameProposal) -> RenameProposal:
    """Return renames of B that do the same, so that the names of A stay, where that is sure: for one new beginning."""
    old, _, new = proposal.rules[0].partition("=")
    if proposal.of_b or len(proposal.rules) > 1 or not new or any(sign in proposal.rules[0] for sign in "*{"):
        return proposal
    return RenameProposal((f"{new}={old}",), proposal.more, True)


def _fitting(pairs: Pairs) -> RenameProposal | None:
    """Return the renames that `fit` proposes for A, so that its names are those of B."""
    if not pairs.only_a or not pairs.only_b:
        return None
    from ..fit.proposal import propose  # which takes longer to import than two small files to compare
    from ..fit.rename_rules import renames_of

    a, b = ({each.path: each.side.shape for pair in pairs.both if (each := pair[side])} for side in (0, 1))
    file, network = ({path: shape for path, shape in each.items() if shape is not None} for each in (a, b))
    found = renames_of(propose(network, file))
    return None if found is None else RenameProposal(found.rules, found.more, False)
