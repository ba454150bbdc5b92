"""The renames that would bring more names of two sources together, of everything that proposes some the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..diff.pairing import Pairs, suggestion
from ..diff.wrappers import unwrapping

if TYPE_CHECKING:
    from ..fit.proposal import Proposal


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
    from ..fit.rename_rules import renames_of

    found = renames_of(_proposal(pairs))
    return None if found is None else RenameProposal(found.rules, found.more, False)


def reshaped(pairs: Pairs) -> int:
    """Return how many tensors of A `fit` makes those of B of, that no rename brings there.

    Those that are cut, put together or stacked, and matrices that are swapped.
    """
    swapped = (a is not None and b is not None and _is_swapped(a.side.shape, b.side.shape) for a, b in pairs.both)
    if not (pairs.only_a and pairs.only_b) and not any(swapped):
        return 0
    links = _proposal(pairs).taken(("certain", "likely"))
    return sum(len(link.file) for link in links if link.how != "copy" or link.transposed)


def _is_swapped(a: Sequence[int] | None, b: Sequence[int] | None) -> bool:
    return a is not None and b is not None and len(a) == 2 and a != b and tuple(a) == tuple(b)[::-1]


def _proposal(pairs: Pairs) -> Proposal:
    """Return what `fit` proposes for a file with the names of A, and a network with those of B."""
    from ..fit.proposal import propose  # which takes longer to import than two small files to compare

    a, b = ({each.path: each.side.shape for pair in pairs.both if (each := pair[side])} for side in (0, 1))
    file, network = ({path: shape for path, shape in each.items() if shape is not None} for each in (a, b))
    return propose(network, file)
