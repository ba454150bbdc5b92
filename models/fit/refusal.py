"""Where nothing is proposed: shapes alone bring much together that has nothing to do with each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .links import Link
from .names import NUMBER, Shapes, fold

_BY_NAME = 0.3
"""Share of the smaller side from which on names alone say that the two belong together."""
_BY_STRUCTURE = 0.6
"""Share that structure has to bring together where names do not."""
TOO_LITTLE = "Nothing is proposed: too few tensors have the shapes of this network; probably another network."
_AT_ALL = 0.3
"""Share below which nothing is proposed."""


def refused(network: Shapes, file: Shapes, named: Mapping[str, str], found: Iterable[Link]) -> str:
    """Return why the links that structure found are not proposed, as a sentence; empty where they are.

    Args:
        named: names of the file that names alone bring to the network, with those that they have there.
        found: the links of structure.
    """
    links = list(found)
    smaller = max(min(len(network), len(file)), 1)
    by_name = len(named) / smaller
    if by_name >= _BY_NAME or not links:
        return ""
    ours = {name for link in links for name in link.network}
    theirs = {name for link in links for name in link.file}
    share = by_name + min(len(ours), len(theirs)) / smaller
    if share < _BY_STRUCTURE:
        return TOO_LITTLE
    met = {name: network[name] for name in (*ours, *named.values())}
    if _outside(network) and _outside(file) and not _outside(met):
        return (
            "Nothing is proposed: the blocks have the same shapes, what stands before and behind them has not; "
            "probably another network."
        )
    return ""


def too_little(network: Shapes, file: Shapes, linked: int) -> bool:
    """Return whether so little comes together by any means that it is chance."""
    return linked < _AT_ALL * min(len(network), len(file))


def _outside(shapes: Shapes) -> bool:
    """Return whether there is a matrix in no numbered block."""
    return any(len(shape) > 1 and NUMBER not in fold(name)[0] for name, shape in shapes.items())
