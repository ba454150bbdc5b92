"""Where nothing is proposed: shapes alone bring much together that has nothing to do with each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .links import Link
from .module_paths import module_paths
from .names import NUMBER, Shapes, fold_numbers, resized
from .resizing import has_words_of

_BY_NAME = 0.3
"""Share of the smaller side from which on names say that some of the two belongs together, if not all."""
_BY_NAME_ALONE = 0.5
"""Share from which on names alone say that the two belong together."""
_BY_STRUCTURE = 0.6
"""Share that structure has to bring together where names do not."""
TOO_LITTLE = "Nothing is proposed: too few tensors have the shapes of this network; probably another network."
_AT_ALL = 0.3
"""Share below which nothing is proposed."""


def why_refused(network: Shapes, file: Shapes, named: Mapping[str, str], found: Iterable[Link]) -> str:
    """Return why the links that structure found are not proposed, as a sentence; empty where they are.

    Args:
        named: names of the file that names alone bring to the network, with those that they have there.
        found: the links of structure.
    """
    links = list(found)
    smaller = max(min(len(network), len(file)), 1)
    by_name = len(named) / smaller
    if by_name >= _BY_NAME_ALONE or not links:
        return ""
    ours = {name for link in links for name in link.network}
    theirs = {name for link in links for name in link.file}
    share = by_name + min(len(ours), len(theirs)) / smaller
    if share < _BY_STRUCTURE and by_name < _BY_NAME:
        return TOO_LITTLE
    met = {name: network[name] for name in (*ours, *named.values())} | {name: file[name] for name in (*theirs, *named)}
    before, behind = _outside(network), _outside(file)
    if before and behind and not _outside(met) and not _grown(before, behind, network, file):
        return (
            "Nothing is proposed: the blocks have the same shapes, what stands before and behind them has not; "
            "probably another network."
        )
    return ""


def too_little(network: Shapes, file: Shapes, linked: int) -> bool:
    """Return whether so little comes together by any means that it is chance."""
    return linked < _AT_ALL * min(len(network), len(file))


def _outside(shapes: Shapes) -> list[str]:
    """Return the names of the matrices that are in no numbered block."""
    matrices = {name: shape for name, shape in shapes.items() if len(shape) > 1}
    return [name for name, path in module_paths(matrices).items() if NUMBER not in fold_numbers(path)[0]]


def _grown(ours: Sequence[str], theirs: Sequence[str], network: Shapes, file: Shapes) -> bool:
    """Return whether one of them is the same on both sides but for some rows, by its name too: a larger vocabulary."""
    pairs = ((their, our) for their in theirs[:_LOOKED_AT] for our in ours[:_LOOKED_AT])
    return any(resized(file[their], network[our]) and has_words_of(their, our) for their, our in pairs)


_LOOKED_AT = 100
"""Matrices of a side outside its blocks."""
